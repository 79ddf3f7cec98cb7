import pytest
import torch
from safetensors.torch import save_file
from toy_llava_repository import repository_llava, save_projector, train_lora
from transformers import AutoModelForImageTextToText

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapters import Tuning, check_adapter
from model_wrappers.llava import EmtLlava

NAME = "multi_modal_projector"
LLAVA_REPOSITORY = {"linear_1": "mm_projector.0", "linear_2": "mm_projector.2"}


@pytest.fixture
def model(llava_folder):
    return AutoModelForImageTextToText.from_pretrained(llava_folder).eval()


def projector(model, rename=lambda name: name):
    noise = torch.Generator().manual_seed(3)
    return {
        rename(name): torch.randn(tensor.shape, generator=noise)
        for name, tensor in model.state_dict().items()
        if NAME in name
    }


def in_llava_s_names(name):
    _, _, linear, kind = name.split(".")
    return f"model.{LLAVA_REPOSITORY[linear]}.{kind}"


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name,
        lambda name: name.removeprefix("model."),
        lambda name: f"base_model.model.{name}",
        in_llava_s_names,
    ],
)
@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_it_replaces_the_base_s_and_nothing_else_and_goes_again(kind, rename, model, llava_folder, tmp_path):
    weights, file = projector(model, rename), tmp_path / f"projector.{kind}"
    save_file(weights, file) if kind == "safetensors" else torch.save(weights, file)
    check_adapter(str(llava_folder), None, str(file))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tuning = Tuning(model, "base")
    tuning.use(None, str(file))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[rename(name)] if NAME in name else before[name])
    tuning.use(None, None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_in_a_folder_the_file_that_is_called_a_projector_is_taken(model, llava_folder, tmp_path):
    save_file({"other": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EmtError, match="does not fit"):
        check_adapter(str(llava_folder), None, str(tmp_path))
    torch.save(projector(model), tmp_path / "mm_projector.bin")
    check_adapter(str(llava_folder), None, str(tmp_path))
    (tmp_path / "mm_projector.bin").rename(tmp_path / "something.bin")
    with pytest.raises(EmtError, match="which of its files is meant"):
        check_adapter(str(llava_folder), None, str(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: {**weights, "stray": torch.ones(1)}, "no place for stray"),
        (lambda weights: dict(list(weights.items())[1:]), "missing model.multi_modal_projector"),
        (
            lambda weights: {
                name: torch.ones(48, 48) if "linear_2.weight" in name else t for name, t in weights.items()
            },
            r"made for a hidden size of 48, the base has 32.*linear_2.weight 48x48 where 32x32 is needed",
        ),
    ],
)
def test_every_key_and_shape_is_accounted_for(change, message, model, llava_folder, tmp_path):
    save_file(change(projector(model)), tmp_path / "projector.safetensors")
    with pytest.raises(EmtError, match=message):
        check_adapter(str(llava_folder), None, str(tmp_path / "projector.safetensors"))


def test_a_projector_that_is_not_there_is_named(llava_folder, tmp_path):
    with pytest.raises(EmtError, match="no such file or folder"):
        check_adapter(str(llava_folder), None, str(tmp_path / "nowhere.safetensors"))


def test_a_projector_or_an_adapter_with_nan_is_refused_and_leaves_the_base_alone(tmp_path):
    toy = repository_llava(tmp_path / "llava")
    lm = EmtLlava(pretrained=str(toy.folder), device="cpu")
    before = {name: weights.clone() for name, weights in lm.model.state_dict().items()}
    projector = save_projector(toy, tmp_path / "mm_projector.bin")
    spoil(projector, "model.mm_projector.2.bias")
    with pytest.raises(EmtError, match=r"NaN or infinity in model\.mm_projector\.2\.bias"):
        lm.use_adapter(None, str(projector))
    for file in ("non_lora_trainables.bin", "adapter_model.bin"):
        folder = train_lora(toy, tmp_path / f"lora {file}", as_bin=True)
        spoil(folder / file)
        with pytest.raises(EmtError, match="NaN or infinity in base_model"):
            lm.use_adapter(str(folder))
    assert all(torch.equal(before[name], weights) for name, weights in lm.model.state_dict().items())


def spoil(file, name=None):
    tensors = torch.load(file, weights_only=True)
    tensors[name or next(iter(tensors))].data.view(-1)[0] = float("nan")
    torch.save(tensors, file)
