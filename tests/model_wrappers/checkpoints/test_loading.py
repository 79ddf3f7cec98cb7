import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from toy_llava_repository import repository_llava, train_lora

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.loading import bare_model, load_config, load_model, load_processor

CPU = torch.device("cpu")


@pytest.fixture
def base(llava_folder, tmp_path):
    return Path(shutil.copytree(llava_folder, tmp_path / "base"))


def load(folder, **said):
    return load_model(Arguments(str(folder), **said), load_config(str(folder), None, False), CPU)


def test_a_model_comes_ready_to_answer(base):
    model = load(base)
    assert not model.training
    assert not any(weights.requires_grad for weights in model.parameters())


def test_auto_is_float32_on_a_cpu_and_what_was_said_is_done(base):
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"dtype": "float16"}))
    assert load(base).dtype == torch.float32
    assert load(base, dtype="bfloat16").dtype == torch.bfloat16


def test_attention_is_passed_on_and_an_unknown_kind_is_an_error(base):
    assert load(base, attn_implementation="eager").config._attn_implementation == "eager"
    with pytest.raises(EmtError, match=r"can't be loaded.*eeger"):
        load(base, attn_implementation="eeger")


def test_a_folder_that_is_no_model_is_called_that(tmp_path):
    with pytest.raises(EmtError, match=r"has no config.json: it is no model of transformers. For an adapter use peft="):
        load_config(str(tmp_path), None, False)


def test_a_config_that_can_t_be_read_is_an_error(base):
    (base / "config.json").write_text('{"model_type": "no_such_model"}')
    with pytest.raises(EmtError, match="its config can't be used"):
        load_config(str(base), None, False)


def test_code_of_the_checkpoint_is_not_run_unless_asked_for(base):
    config = {"model_type": "own", "auto_map": {"AutoConfig": "code.OwnConfig"}}
    (base / "config.json").write_text(json.dumps(config))
    (base / "code.py").write_text(f"open({str(base / 'was-run')!r}, 'w')")
    with pytest.raises(EmtError, match="trust_remote_code=true: trust its author first"):
        load_config(str(base), None, False)
    assert not (base / "was-run").exists()


def test_half_a_file_of_weights_is_an_error(base):
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EmtError, match="can't be loaded"):
        load(base)


def test_a_base_of_pickled_objects_is_refused_and_not_run(base, tmp_path):
    (base / "model.safetensors").unlink()
    torch.save({"lm_head.weight": (tmp_path / "any").touch}, base / "pytorch_model.bin")
    with pytest.raises(EmtError, match="can run any code, so it was not done"):
        load_model(Arguments(str(base)), load_config(str(base), None, False), torch.device("cpu"))
    assert not (tmp_path / "any").exists()


def test_a_weight_that_is_missing_is_named_and_not_made_up(base):
    tensors = load_file(base / "model.safetensors")
    gone = next(name for name in tensors if "linear_1.weight" in name)
    save_file({name: t for name, t in tensors.items() if name != gone}, base / "model.safetensors", {"format": "pt"})
    with pytest.raises(EmtError, match=r"lacks weights that its config names.*multi_modal_projector.linear_1.weight"):
        load(base)


def test_a_shard_that_is_missing_is_named(base):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (base / "model.safetensors.index.json").write_text(json.dumps(index))
    (base / "model.safetensors").rename(base / "model-00001-of-00002.safetensors")
    with pytest.raises(EmtError, match=r"lacks model-00002-of-00002.safetensors of 2 weight files"):
        load(base)


def test_without_a_processor_it_is_said_which_files_are_missing(base):
    for name in ("processor_config.json", "tokenizer.json", "tokenizer_config.json"):
        (base / name).unlink()
    with pytest.raises(EmtError, match="processor"):
        load_processor(Arguments(str(base)))


def test_a_processor_pads_on_the_left_even_if_its_tokenizer_has_no_padding_token(base):
    config = json.loads((base / "tokenizer_config.json").read_text())
    config.pop("pad_token")
    (base / "tokenizer_config.json").write_text(json.dumps(config | {"padding_side": "right"}))
    processor = load_processor(Arguments(str(base)))
    assert processor.tokenizer.padding_side == "left"
    assert processor.tokenizer.pad_token_id == processor.tokenizer.eos_token_id


def test_a_bare_model_has_shapes_and_no_memory(base):
    (base / "model.safetensors").unlink()
    assert all(weights.is_meta for weights in bare_model(str(base)).parameters())


def test_an_adapter_in_its_base_s_place_is_told_so_with_its_base(tmp_path):
    toy = repository_llava(tmp_path / "llava-v1.5")
    folder = train_lora(toy, tmp_path / "lora")
    said = json.loads((folder / "adapter_config.json").read_text()) | {"base_model_name_or_path": "lmsys/vicuna"}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    wanted = rf"lora is an adapter, no model. Write peft={folder}, and pretrained= the base .*\(lmsys/vicuna, says"
    with pytest.raises(EmtError, match=wanted):
        load_config(str(folder), None, trust_remote_code=False)
    (folder / "config.json").unlink()
    with pytest.raises(EmtError, match=wanted):
        load_config(str(folder), None, trust_remote_code=False)
