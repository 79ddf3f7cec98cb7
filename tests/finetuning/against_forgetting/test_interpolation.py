"""WiSE-FT: 0 is the base, 1 what was tuned, and between them the merged weights lie on the straight line."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import LlavaForConditionalGeneration

from emt_tasks.errors import EmtError
from finetuning.against_forgetting.interpolation import interpolate, interpolated
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase
from finetuning.training.checkpoint import checkpoints_in, read_checkpoint
from finetuning.tuning.tune import tune
from model_wrappers.llava import EmtLlava


def weights(base_folder: Path, model_args: dict[str, str]) -> dict[str, torch.Tensor]:
    """Every weight of the model as transformers and PEFT load it, adapters merged."""
    if "pretrained" in model_args:
        return LlavaForConditionalGeneration.from_pretrained(model_args["pretrained"]).state_dict()
    model = LlavaForConditionalGeneration.from_pretrained(base_folder)
    if "peft" in model_args:
        return PeftModel.from_pretrained(model, model_args["peft"]).merge_and_unload().state_dict()
    if "projector" in model_args:
        model.load_state_dict(load_file(Path(model_args["projector"]) / "projector.safetensors"), strict=False)
    return model.state_dict()


@pytest.mark.parametrize("method", ["linear", "lora", "full"])
def test_merged_weights_lie_on_the_line_between_base_and_checkpoint(
    method: str, loaded: LoadedBase, make_job, base_folder: Path
) -> None:
    tuned = tune(make_job(method, {"against_forgetting.interpolation": [0.0, 0.3]}), loaded, shown=False)
    at = {
        each.told.get("alpha", 1.0): weights(base_folder, dict(each.model_args))
        for each in checkpoints_in(tuned.folder)
    }
    base = weights(base_folder, {})
    assert sorted(at) == [0.0, 0.3, 1.0]
    assert any(not torch.equal(at[1.0][name], base[name]) for name in base)
    for name, start in base.items():
        assert torch.equal(at[0.0][name], start), name
        torch.testing.assert_close(at[0.3][name], 0.7 * start + 0.3 * at[1.0][name], rtol=1e-5, atol=1e-6)


def test_the_ends_are_exact() -> None:
    torch.manual_seed(0)
    start, tuned = (
        {"w": torch.randn(50)},
        {"w": torch.randn(50), "lora_A.w": torch.randn(3), "lora_B.w": torch.randn(3)},
    )
    assert torch.equal(interpolated(tuned, start, 0)["w"], start["w"])
    assert not interpolated(tuned, start, 0)["lora_B.w"].any()
    assert all(torch.equal(interpolated(tuned, start, 1)[name], tuned[name]) for name in tuned)


@pytest.mark.parametrize("method", ["linear", "lora", "full"])
def test_from_disk_it_is_what_the_training_wrote_and_the_training_is_not_touched(
    method: str, loaded: LoadedBase, make_job, base_folder: Path, tmp_path: Path
) -> None:
    said = {"epochs": 2, "against_forgetting.interpolation": [0.5]}
    asked = Additions(on_checkpoint=lambda _checkpoint, _prepared: False)
    tuned = tune(make_job(method, said, out=tmp_path / "with"), loaded, asked, shown=False)
    plain = tune(make_job(method, {"epochs": 2}, out=tmp_path / "without"), loaded, shown=False)
    assert [c.told["weights"] for c in tuned.checkpoints] == [c.told["weights"] for c in plain.checkpoints]
    made = interpolate(str(base_folder), plain.checkpoints[-1].folder, 0.5, tmp_path / "half")
    beside = read_checkpoint(tuned.folder / "epoch-2.0-alpha-0.5")
    tensors = [name for name in beside.told["weights"] if name.endswith(".safetensors")]
    assert tensors
    assert all(made.told["weights"][name] == beside.told["weights"][name] for name in tensors)
    assert (made.recipe, made.epoch, made.data) == (f"toy-{method}-alpha-0.5", 2.0, "cifar10")


def test_who_is_told_of_it_sees_its_weights_in_memory(loaded: LoadedBase, make_job, base_folder: Path) -> None:
    seen = {}

    def look(checkpoint, prepared) -> bool:
        seen[checkpoint.told.get("alpha", 1.0)] = {k: v.clone() for k, v in prepared.tensors().items()}
        with prepared.loaded.answering(checkpoint.model_args) as lm:
            again = EmtLlava(pretrained=str(base_folder), device="cpu", **checkpoint.model_args)
            assert lm.weights_fingerprint() == again.weights_fingerprint()
            own = dict(again.model.named_parameters())
            assert all(torch.equal(own[name], value) for name, value in prepared.tensors().items())
        return False

    job = make_job("linear", {"against_forgetting.interpolation": [0.25]})
    tune(job, loaded, Additions(on_checkpoint=look), shown=False)
    assert sorted(seen) == [0.25, 1.0]


def test_what_can_not_be_interpolated_is_refused_by_name(
    loaded: LoadedBase, make_job, base_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(EmtError, match="interpolation: the base has no learnt tokens"):
        make_job("prompt", {"against_forgetting.interpolation": [0.5]})
    prompt = tune(make_job("prompt"), loaded, shown=False).checkpoints[-1].folder
    with pytest.raises(EmtError, match="learnt prompt tokens"):
        interpolate(str(base_folder), prompt, 0.5, tmp_path / "a")
    linear = tune(make_job("linear"), loaded, shown=False).checkpoints[-1].folder
    with pytest.raises(EmtError, match="is there already"):
        interpolate(str(base_folder), linear, 0.5, tmp_path)
    half = interpolate(str(base_folder), linear, 0.5, tmp_path / "half").folder
    with pytest.raises(EmtError, match="is itself such a point"):
        interpolate(str(base_folder), half, 0.5, tmp_path / "b")
