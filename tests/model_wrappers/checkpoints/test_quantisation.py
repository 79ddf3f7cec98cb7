"""Weights in 8 and 4 bits, really: bitsandbytes computes on a CPU too."""

from pathlib import Path

import pytest
import torch
import toy_adapters
import toy_models
import toy_requests
from bitsandbytes.nn import Linear4bit, Linear8bitLt
from peft import PeftModel
from PIL import Image
from transformers import BitsAndBytesConfig, LlavaForConditionalGeneration

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.arguments import read_arguments
from model_wrappers.checkpoints.quantisation import quantisation
from model_wrappers.llava import EmtLlava

QUESTION = "What is the object in the image?"
BITS = {"load_in_8bit": Linear8bitLt, "load_in_4bit": Linear4bit}
ROWS = [{"image": Image.new("RGB", (16, 16), colour)} for colour in ("red", "blue")]
either = pytest.mark.parametrize("argument", BITS)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It knows red from blue, and its layers have whole blocks of 64 numbers, as published models' have."""
    return toy_models.coloured(tmp_path_factory.mktemp("quantised") / "llava", hidden=128)


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_adapters.lora(base, tmp_path_factory.mktemp("quantised") / "lora")


@either
def test_the_language_model_is_quantised_and_what_sees_is_not(base: Path, argument: str) -> None:
    lm = EmtLlava(pretrained=str(base), device="cpu", **{argument: True})
    kinds = {name: type(module) for name, module in lm.model.named_modules()}
    assert kinds["model.language_model.layers.0.self_attn.q_proj"] is BITS[argument]
    assert kinds["model.language_model.layers.1.mlp.down_proj"] is BITS[argument]
    whole = ("lm_head", "model.multi_modal_projector.linear_1", "model.vision_tower.encoder.layers.0.self_attn.q_proj")
    assert {kinds[name] for name in whole} == {torch.nn.Linear}


def test_in_8_bits_a_trained_model_says_what_it_said(base: Path) -> None:
    quantised = EmtLlava(pretrained=str(base), device="cpu", batch_size=2, load_in_8bit="true")
    asked = [toy_requests.generate(QUESTION, row, max_new_tokens=16) for row in range(2)]
    assert toy_requests.ask(quantised, asked, ROWS) == [" The object is a(n) ship.", " The object is a(n) cat."]


@either
def test_logits_are_those_of_transformers_and_peft_on_the_same_bits(base: Path, adapter: Path, argument: str) -> None:
    lm = EmtLlava(pretrained=str(base), peft=str(adapter), device="cpu", **{argument: True})
    theirs = LlavaForConditionalGeneration.from_pretrained(
        base,
        dtype=torch.float32,
        quantization_config=BitsAndBytesConfig(
            **{argument: True},
            bnb_4bit_compute_dtype=torch.float32,
            llm_int8_skip_modules=["lm_head", "model.vision_tower", "model.multi_modal_projector"],
        ),
    )
    theirs = PeftModel.from_pretrained(theirs, adapter).eval()
    text = toy_models.question_in_vicuna(QUESTION)
    inputs = lm.processor(text=text, images=ROWS[0]["image"], return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(lm.model(**inputs).logits, theirs(**inputs).logits)


def test_the_details_of_4_bits_reach_bitsandbytes() -> None:
    given = {"pretrained": "x", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": "true"}
    config = quantisation(read_arguments({**given, "bnb_4bit_compute_dtype": "bf16"}, "emt_llava"), None, torch.float32)
    assert config is not None
    told = (config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant, config.bnb_4bit_compute_dtype)
    assert told == ("nf4", True, torch.bfloat16)
    plain = quantisation(read_arguments(given, "emt_llava"), None, torch.float16)
    assert plain is not None
    assert plain.bnb_4bit_compute_dtype == torch.float16, "what the model is loaded in"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"load_in_4bit": True, "load_in_8bit": True}, "exclude each other"),
        ({"bnb_4bit_quant_type": "nf4"}, "add load_in_4bit=true"),
        ({"load_in_4bit": "yes"}, "neither true nor false"),
    ],
)
def test_contradictions_are_refused(given: dict, said: str) -> None:
    with pytest.raises(EmtError, match=said):
        quantisation(read_arguments({"pretrained": "x", **given}, "emt_llava"), None, torch.float32)


def test_an_unknown_kind_of_4_bits_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'nf4'"):
        read_arguments({"pretrained": "x", "load_in_4bit": True, "bnb_4bit_quant_type": "nf"}, "emt_llava")
