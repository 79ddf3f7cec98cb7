"""Labels that a decoder writes, after one encoding, against one full forward pass for each."""

import pytest
import torch
import toy_instructblip
import toy_lens
from toy_requests import pictures
from transformers import AutoTokenizer, T5ForConditionalGeneration

from emt_tasks.tasks import choices_of
from model_wrappers.closed_set.encoder_decoder import LABELS_AT_ONCE, decoded_scores
from model_wrappers.closed_set.full_passes import full_pass_scores
from model_wrappers.closed_set.label_tokens import label_seam
from model_wrappers.closed_set.label_trie import build_trie
from model_wrappers.closed_set.scoring import score_labels
from model_wrappers.instructblip import EmtInstructBlip

PROMPTS = ["What is the object in the image?", "What is it? Please only answer a single object in cat, ship."]
LABELS = ["airplane", "ship", "a red bird", "cat", "0"]


def trie_of(tokenizer, labels):
    return build_trie(label_seam(tokenizer, PROMPTS[0], labels).labels)


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    folder = toy_lens.language_model(tmp_path_factory.mktemp("t5") / "t5", "t5")
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = T5ForConditionalGeneration.from_pretrained(folder).eval()
    return model, tokenizer, tokenizer(PROMPTS, padding=True, return_tensors="pt")


@pytest.fixture(scope="module")
def instructblip(tmp_path_factory):
    lm = EmtInstructBlip(pretrained=str(toy_instructblip.saved(tmp_path_factory.mktemp("ib"), "t5")), device="cpu")
    inputs = lm.processor([f"<image>{prompt}" for prompt in PROMPTS], [row["image"] for row in pictures(2)])
    return lm.model, lm.tokenizer, inputs


@pytest.fixture(params=["t5", "instructblip"])
def given(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("ends", [(), (2,), (2, 5)])
def test_each_label_is_worth_what_a_full_pass_says(given, ends):
    model, tokenizer, inputs = given
    labels = [*LABELS, *(f"{label} {n}" for n in range(8) for label in LABELS)]
    assert len(labels) > LABELS_AT_ONCE
    trie = trie_of(tokenizer, labels)
    with torch.inference_mode():
        fast, slow = (score(model, inputs, trie, ends) for score in (score_labels, full_pass_scores))
    torch.testing.assert_close(fast.total, slow.total, atol=1e-4, rtol=0)
    assert torch.equal(fast.greedy, slow.greedy)
    if ends:
        torch.testing.assert_close(fast.with_end, slow.with_end, atol=1e-4, rtol=0)


@pytest.mark.parametrize("ends", [(), (2,)])
def test_labels_in_sentences_are_worth_what_full_passes_say_and_their_beginning_is_read_once(given, ends):
    model, tokenizer, inputs = given
    trie, fed = trie_of(tokenizer, choices_of("emt_cifar10_choice_sentence")), []
    writer = getattr(model, "language_model", model)
    with torch.inference_mode():
        slow = full_pass_scores(model, inputs, trie, ends)
        hook = writer.get_decoder().register_forward_pre_hook(
            lambda _module, _args, kwargs: fed.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
        )
        fast = score_labels(model, inputs, trie, ends)
        hook.remove()
    torch.testing.assert_close(fast.total, slow.total, atol=1e-4, rtol=0)
    assert torch.equal(fast.greedy, slow.greedy)
    if ends:
        torch.testing.assert_close(fast.with_end, slow.with_end, atol=1e-4, rtol=0)
    stem, longest = len(trie.stem), max(map(len, trie.sequences))
    assert stem >= 3
    assert fed == [(2, 1 + stem), *[(10, longest - stem - (not ends))] * 2]


def test_labels_of_one_token_need_no_second_pass(t5):
    model, _, inputs = t5
    trie = build_trie([(20,), (21,)])
    with torch.inference_mode():
        fast, slow = decoded_scores(model, inputs, trie), full_pass_scores(model, inputs, trie)
    torch.testing.assert_close(fast.total, slow.total, atol=1e-4, rtol=0)


def test_the_prompt_is_encoded_once(given):
    model, tokenizer, inputs = given
    passes = []
    hook = getattr(model, "language_model", model).get_encoder().register_forward_hook(lambda *_: passes.append(1))
    score_labels(model, inputs, trie_of(tokenizer, [f"{n} birds" for n in range(40)]))
    hook.remove()
    assert len(passes) == 1
