import json
import shutil

import pytest
from toy_adapters import lora
from toy_llava_repository import V0_TOKENS, repository_llava, save_projector, train_lora, write_delta

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapters import check_adapter
from model_wrappers.checkpoints.inspection import inspected


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return repository_llava(tmp_path_factory.mktemp("toy") / "llava-toy")


def test_a_lora_folder_of_the_llava_repository(toy, tmp_path):
    found = inspected(train_lora(toy, tmp_path / "lora"))
    assert (found.layout, found.method, found.projector) == ("llava-repository", "lora", "mlp2x_gelu")
    assert (found.rank, found.alpha, found.hidden_size, found.vision_size) == (4, 8, 32, 16)
    assert found.targets == ("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj")
    assert found.tensors == 2 * 7 * 2 + 4
    assert set(found.files) == {"adapter_model.safetensors", "non_lora_trainables.bin"}
    assert "on a LLaVA with hidden size 32, a vision encoder of hidden size 16, a projector of type mlp2x" in found.fits


@pytest.mark.parametrize(
    ("gone", "problem"),
    [
        ("non_lora_trainables.bin", "no non_lora_trainables.bin"),
        ("adapter_config.json", "no adapter_config.json"),
        ("adapter_model.safetensors", "no adapter_model.safetensors or"),
    ],
)
def test_a_folder_that_was_copied_in_part_says_so(toy, gone, problem, tmp_path):
    folder = train_lora(toy, tmp_path / "lora")
    (folder / gone).unlink()
    assert [text for text in inspected(folder).problems if problem in text]


def test_a_peft_folder_needs_no_base(llava_folder, tmp_path):
    found = inspected(lora(llava_folder, tmp_path / "lora"))
    assert (found.layout, found.method, found.projector, found.base) == ("peft", "lora", None, str(llava_folder))


def test_a_projector_alone_is_linear_tuning(toy, tmp_path):
    found = inspected(save_projector(toy, tmp_path / "mm_projector.bin"))
    assert (found.layout, found.method, found.projector) == ("llava-repository", "linear", "mlp2x_gelu")
    assert (found.hidden_size, found.vision_size, found.tensors) == (32, 16, 4)
    assert inspected(tmp_path).projector == "mlp2x_gelu"


def test_whole_models_are_told_apart(toy, llava_folder, tmp_path):
    found = inspected(toy.folder)
    assert (found.layout, found.method, found.projector) == ("llava-repository", "full", "mlp2x_gelu")
    found = inspected(llava_folder)
    assert (found.layout, found.method, found.projector) == ("transformers", "full", "two layers")
    whole = repository_llava(tmp_path / "whole", "linear", extra=tuple(V0_TOKENS))
    write_delta(whole, tmp_path / "delta", tmp_path / "llama")
    found = inspected(tmp_path / "delta")
    assert (found.method, found.projector) == ("delta", "linear")
    assert "emt checkpoint convert" in found.fits


def test_a_model_without_weights_says_so(toy, tmp_path):
    bare = shutil.copytree(toy.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("*.bin"))
    assert "no weights" in inspected(bare).problems[0]


def test_what_is_no_checkpoint_is_an_error(tmp_path):
    with pytest.raises(EmtError, match="there is no such file or folder"):
        inspected(tmp_path / "nowhere")
    with pytest.raises(EmtError, match="is no checkpoint"):
        inspected(tmp_path)


def edited(folder, **change):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: [(folder / name).unlink() for name in ("config.json", "non_lora_trainables.bin")],
        lambda folder: edited(folder, r=0),
        lambda folder: edited(folder, r=16),
        lambda folder: edited(folder, peft_type="ADALORAX"),
        lambda folder: edited(folder, bias="all"),
        lambda folder: edited(folder, init_lora_weights="pissa"),
    ],
)
def test_what_loading_refuses_inspect_does_not_call_usable(toy, damage, tmp_path):
    folder = train_lora(toy, tmp_path / "lora")
    damage(folder)
    with pytest.raises(EmtError):
        check_adapter(str(toy.folder), str(folder), None)
    assert inspected(folder).problems


def test_a_lora_folder_without_its_config_is_usable_and_both_say_what_can_t_be_compared(toy, tmp_path, caplog):
    folder = train_lora(toy, tmp_path / "lora")
    assert not inspected(folder).notes
    (folder / "config.json").unlink()
    found = inspected(folder)
    assert (found.layout, found.problems) == ("llava-repository", ())
    assert "lacks the config.json" in found.notes[0]
    check_adapter(str(toy.folder), str(folder), None)
    assert "lacks the config.json of the LLaVA repository's training" in caplog.text
