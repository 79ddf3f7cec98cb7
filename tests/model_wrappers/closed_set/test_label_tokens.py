import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from toy_closed_set import tokenizer
from transformers import PreTrainedTokenizerFast

from model_wrappers.closed_set.label_tokens import label_seam

ANIMALS = ("cat", "cattle", "caterpillar", "sea", "seal", "polar bear", "aquarium fish", "ASSISTANT:", "assistant")


@pytest.mark.parametrize("space", [" ", "▁"])
@pytest.mark.parametrize("prompt", ["<image>\nassistant ASSISTANT:", "ASSISTANT: ", "assistant\n", "polar"])
@given(labels=st.lists(st.sampled_from(ANIMALS), min_size=1, unique=True))
def test_prompt_and_label_tokens_are_those_of_the_whole_text(space, prompt, labels):
    reader = tokenizer(ANIMALS, space=space)
    seam = label_seam(reader, prompt, labels)
    kept = reader(prompt)["input_ids"]
    kept = kept[: len(kept) - seam.cut]
    between = "" if prompt[-1].isspace() else " "
    for label, tokens in zip(labels, seam.labels, strict=True):
        assert kept + list(tokens) == reader(prompt + between + label)["input_ids"]


def test_a_prompt_whose_end_merges_with_a_label_is_cut_for_all_labels():
    letters = {letter: number for number, letter in enumerate(["a", ":", "b", "c", ":b"])}
    merging = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE(vocab=letters, merges=[(":", "b")])))
    seam = label_seam(merging, "a:", ["b", "c"], delimiter="")
    assert seam.cut == 1
    assert seam.labels == ((4,), (1, 3))


def test_nothing_is_cut_where_nothing_merges():
    assert label_seam(tokenizer(ANIMALS), "ASSISTANT:", ["cat", "sea"]).cut == 0


def test_a_label_without_tokens_is_named():
    with pytest.raises(ValueError, match="label '' adds no token"):
        label_seam(tokenizer(ANIMALS), "ASSISTANT:", ["cat", ""], delimiter="")
