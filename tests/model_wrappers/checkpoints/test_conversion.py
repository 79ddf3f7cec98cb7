import json
from copy import deepcopy

import pytest
import torch
from peft import PeftModel
from toy_llava_repository import (
    V0_TOKENS,
    logits,
    repository_llava,
    save_projector,
    train_lora,
    with_lora,
    write_delta,
)
from toy_requests import ask, generate, pictures
from transformers import AutoModelForImageTextToText, AutoProcessor

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapters import check_adapter
from model_wrappers.checkpoints.conversion import convert
from model_wrappers.llava import EmtLlava


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["mlp2x_gelu", "linear"])
def toy(request, tmp_path_factory):
    extra = tuple(V0_TOKENS) if request.param == "linear" else ()
    return repository_llava(tmp_path_factory.mktemp("toy") / "llava-toy", request.param, extra=extra)


@pytest.fixture(scope="module")
def converted(toy, tmp_path_factory):
    out = tmp_path_factory.mktemp("converted") / "llava-hf"
    convert(toy.folder, out)
    return out


@torch.inference_mode()
def difference(toy, model, processor):
    picture = pictures(1, seed=5)[0]["image"]
    before, after = "USER: ", "\nWhat is it? ASSISTANT:"
    inputs = processor(images=[picture], text=[before + processor.image_token + after], return_tensors="pt")
    theirs = logits(toy, before, inputs["pixel_values"][0], after)
    return float((model(**inputs).logits[0][:, : theirs.shape[1]] - theirs).abs().max() / theirs.abs().max())


def answers(rows, **given):
    asked = [generate("What? " * (1 + row % 2), row) for row in range(len(rows))]
    return ask(EmtLlava(batch_size=3, device="cpu", **given), asked, rows)


def test_a_converted_checkpoint_says_the_same_to_transformers_alone(toy, converted):
    model = AutoModelForImageTextToText.from_pretrained(converted).eval()
    assert difference(toy, model, AutoProcessor.from_pretrained(converted)) <= 1e-5


def test_a_lora_folder_and_its_peft_equivalent_give_the_same_answers(toy, converted, tmp_path):
    folder, rows = train_lora(toy, tmp_path / "lora"), pictures(6)
    written = convert(folder, tmp_path / "peft", base=str(converted))
    assert (written.layout, written.base, written.problems) == ("peft", str(converted), ())
    given = [
        {"pretrained": str(toy.folder), "peft": str(folder)},
        {"pretrained": str(converted), "peft": str(folder)},
        {"pretrained": str(converted), "peft": str(tmp_path / "peft")},
    ]
    found = [answers(rows, **each) for each in given]
    assert found[0] == found[1] == found[2] != answers(rows, pretrained=str(converted))


def test_merged_or_not_a_converted_adapter_says_in_peft_what_the_lora_folder_says(toy, converted, tmp_path):
    folder = train_lora(toy, tmp_path / "lora")
    convert(folder, tmp_path / "peft")
    processor, tuned = AutoProcessor.from_pretrained(converted), with_lora(toy, folder)
    model = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(converted), tmp_path / "peft").eval()
    assert difference(tuned, model, processor) <= 1e-5
    assert difference(tuned, model.merge_and_unload(), processor) <= 1e-5


def test_a_projector_file_becomes_one_in_transformers_names(toy, converted, tmp_path):
    file = save_projector(toy, tmp_path / "mm_projector.bin")
    convert(file, tmp_path / "out")
    check_adapter(str(converted), None, str(tmp_path / "out"))
    lm = EmtLlava(pretrained=str(converted), projector=str(tmp_path / "out"), device="cpu")
    assert difference(toy, lm.model, lm.processor) <= 1e-5


def test_a_delta_and_its_llama_make_the_model(tmp_path):
    toy = repository_llava(tmp_path / "whole", "linear", extra=tuple(V0_TOKENS))
    llama = write_delta(toy, tmp_path / "LLaVA-toy-delta-v0", tmp_path / "llama")
    with pytest.raises(EmtError, match=r"emt checkpoint convert .*delta-v0 --base"):
        EmtLlava(pretrained=str(tmp_path / "LLaVA-toy-delta-v0"), device="cpu")
    with pytest.raises(EmtError, match="Name that LLaMA with --base"):
        convert(tmp_path / "LLaVA-toy-delta-v0", tmp_path / "out")
    with pytest.raises(EmtError, match="is no delta to this base"):
        convert(tmp_path / "LLaVA-toy-delta-v0", tmp_path / "out", base=str(toy.folder))
    assert not (tmp_path / "out").exists()
    convert(tmp_path / "LLaVA-toy-delta-v0", tmp_path / "out", base=str(llama))
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "out").eval()
    assert difference(toy, model, AutoProcessor.from_pretrained(tmp_path / "out")) <= 1e-5
    lm = EmtLlava(pretrained=str(tmp_path / "out"), device="cpu")
    assert lm._preparation._prompts.text("Who?", 1).endswith("<im_start><im_patch><im_end>\nWho?###Assistant:")
    assert lm.stop_strings == ("###",)


def test_a_lora_folder_trained_on_a_language_model_alone_becomes_a_llava(toy, tmp_path):
    folder, vicuna = train_lora(toy, tmp_path / "lora"), tmp_path / "vicuna"
    language_model = deepcopy(toy.model)
    del language_model.model.mm_projector
    language_model.save_pretrained(vicuna)
    toy.tokenizer.save_pretrained(vicuna)
    written = convert(folder, tmp_path / "out", base=str(vicuna))
    assert (written.layout, written.method) == ("transformers", "full")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "out").eval()
    assert difference(with_lora(toy, folder), model, AutoProcessor.from_pretrained(tmp_path / "out")) <= 1e-5


def test_an_adapter_for_another_base_is_not_written(converted, llava_folder, tmp_path):
    toy = repository_llava(tmp_path / "other" / "llava")
    folder = train_lora(toy, tmp_path / "lora")
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | {"mm_projector_type": "mlp2x_gelu"}))
    rest = torch.load(folder / "non_lora_trainables.bin", weights_only=True)
    rest = {name: t[:, :8] if t.shape == (32, 16) else t for name, t in rest.items()}
    torch.save(rest, folder / "non_lora_trainables.bin")
    with pytest.raises(EmtError, match="does not fit"):
        convert(folder, tmp_path / "out", base=str(llava_folder))
    assert not (tmp_path / "out").exists()


def test_what_a_peft_folder_can_t_hold_is_named(toy, tmp_path):
    folder = train_lora(toy, tmp_path / "lora")
    rest = torch.load(folder / "non_lora_trainables.bin", weights_only=True)
    rest["base_model.model.model.norm.weight"] = torch.ones(32)
    torch.save(rest, folder / "non_lora_trainables.bin")
    with pytest.raises(EmtError, match=r"retrained model.language_model.norm.weight beside LoRA"):
        convert(folder, tmp_path / "out")


def test_nothing_is_overwritten_and_nothing_converted_twice(converted, toy, tmp_path):
    with pytest.raises(EmtError, match="has the form of transformers already"):
        convert(converted, tmp_path / "out")
    with pytest.raises(EmtError, match="is there already"):
        convert(toy.folder, converted)
