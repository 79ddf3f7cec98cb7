import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForImageTextToText

from model_wrappers.generating.drafts import LONGEST, Drafts, may_draft
from model_wrappers.generating.settings import Settings, read_settings

TOKENS = st.lists(st.integers(0, 2), max_size=LONGEST + 5)


@given(st.lists(TOKENS, min_size=1, max_size=6), st.integers(1, 20))
def test_a_draft_begins_every_answer_so_far_and_is_shorter_than_each_and_than_the_limit(answers, limit):
    drafts = Drafts()
    for answer in answers:
        drafts.learn(["p"], [answer])
    draft = list(drafts.for_prompts(["p", "p"], limit))
    for answer in answers:
        assert answer[: len(draft)] == draft
        assert not draft or len(draft) < len(answer)
    assert len(draft) < limit


def test_the_longest_shared_beginning_is_drafted():
    drafts = Drafts()
    drafts.learn(["p", "p"], [[1, 2, 3, 4, 9], [1, 2, 3, 5, 9]])
    assert drafts.for_prompts(["p"] * 3, 50) == (1, 2, 3)


def test_prompts_that_differ_share_no_draft_and_what_was_forgotten_is_gone():
    drafts = Drafts()
    drafts.learn(["p", "q"], [[1, 2, 3, 4], [1, 2, 3, 4]])
    assert drafts.for_prompts(["p", "q"], 50) == ()
    assert drafts.for_prompts(["r"], 50) == ()
    drafts.forget()
    assert drafts.for_prompts(["p"], 50) == ()


@pytest.fixture
def model(llava_folder):
    return AutoModelForImageTextToText.from_pretrained(llava_folder)


def test_only_plain_greedy_generation_in_float32_is_drafted(model):
    assert may_draft(model, Settings())
    for given_settings in ({"temperature": 1}, {"num_beams": 2}, {"repetition_penalty": 1.2}):
        assert not may_draft(model, read_settings(given_settings))
    assert not may_draft(model.to(torch.bfloat16), Settings())


def test_a_checkpoint_with_habits_of_its_own_is_not_drafted(model):
    model.generation_config.no_repeat_ngram_size = 3
    assert not may_draft(model, Settings())
