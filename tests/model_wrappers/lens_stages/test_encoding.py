"""Rows that are encoded alone, against the padded batch and against each by itself."""

import pytest
import torch
import toy_lens
from transformers import AutoModelForCausalLM, AutoTokenizer, T5ForConditionalGeneration

from model_wrappers.lens_stages import encoding
from model_wrappers.lens_stages.encoding import encoded

PROMPTS = ["a red bird on the grey sky " * 4, "a ship", "two wings and wet fur, a black cat " * 3]


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    folder = toy_lens.language_model(tmp_path_factory.mktemp("t5") / "t5", "t5")
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return T5ForConditionalGeneration.from_pretrained(folder).eval(), tokenizer


@torch.inference_mode()
def test_long_rows_have_the_states_of_each_alone_and_the_logits_of_the_padded_batch(t5, monkeypatch):
    monkeypatch.setattr(encoding, "LONG", 8)
    model, tokenizer = t5
    inputs = dict(tokenizer(PROMPTS, padding=True, return_tensors="pt"))
    states = encoded(model, inputs)["encoder_outputs"].last_hidden_state
    for row, prompt in enumerate(PROMPTS):
        alone = model.get_encoder()(**tokenizer(prompt, return_tensors="pt")).last_hidden_state[0]
        torch.testing.assert_close(states[row, -len(alone) :], alone, atol=1e-5, rtol=0)
    start = torch.zeros(3, 1, dtype=torch.int64)
    ours, padded = (model(**given, decoder_input_ids=start).logits for given in (encoded(model, inputs), inputs))
    torch.testing.assert_close(ours, padded, atol=1e-4, rtol=0)


def test_the_encoder_is_as_it_was_afterwards_whatever_happens(t5, monkeypatch):
    monkeypatch.setattr(encoding, "LONG", 8)
    model, tokenizer = t5
    wrong = {**tokenizer(PROMPTS, padding=True, return_tensors="pt")}
    wrong["input_ids"][0, -1] = 10**6
    with pytest.raises(IndexError):
        encoded(model, wrong)
    assert not [module for module in model.modules() if "compute_bias" in vars(module)]


def test_short_rows_rows_of_one_length_and_decoders_alone_stay_as_they_are(t5, tmp_path, monkeypatch):
    model, tokenizer = t5
    inputs = dict(tokenizer(PROMPTS, padding=True, return_tensors="pt"))
    assert encoded(model, inputs) == inputs
    monkeypatch.setattr(encoding, "LONG", 8)
    alone = dict(tokenizer(PROMPTS[:1], return_tensors="pt"))
    assert encoded(model, alone) == alone
    llama = AutoModelForCausalLM.from_pretrained(toy_lens.language_model(tmp_path, "llama"))
    assert encoded(llama, inputs) == inputs
