from types import SimpleNamespace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForImageTextToText, AutoTokenizer

from model_wrappers.generating.stopping import StopStrings, cut, end_tokens


@given(st.text("ab. "), st.lists(st.text("ab. ", min_size=1), max_size=3))
def test_what_is_left_is_the_beginning_that_holds_no_stop_string(answer, strings):
    left = cut(answer, strings)
    assert answer.startswith(left)
    assert all(string not in left for string in strings)
    if left != answer:
        assert any(answer[len(left) :].startswith(string) for string in strings)


@pytest.fixture
def tokenizer(llava_folder):
    return AutoTokenizer.from_pretrained(llava_folder)


def test_a_row_ends_where_its_answer_holds_a_string_and_not_for_one_in_its_prompt(tokenizer):
    def ids(prompt, answer):
        return [*tokenizer(prompt)["input_ids"], *tokenizer(answer, add_special_tokens=False)["input_ids"]]

    rows = [ids("ship. What?", " a ship. And"), ids("ship. What?", " a ship, bird")]
    length = min(map(len, rows))
    start = len(tokenizer("ship. What?")["input_ids"])
    stop = StopStrings(tokenizer, ["ship."], start)
    ended = [stop(torch.tensor([row[:end] for row in rows]), None).tolist() for end in range(start + 1, length + 1)]
    assert not any(second for _, second in ended)
    assert [first for first, _ in ended].count(True) >= 1
    assert ended[0] == [False, False]


def test_a_stop_string_of_many_tokens_is_seen_in_a_long_answer(tokenizer):
    words = "cat dog " * 30 + "The object is a(n)"
    ids = torch.tensor([tokenizer(words, add_special_tokens=False)["input_ids"]])
    assert StopStrings(tokenizer, ["The object is a(n)"], 0)(ids, None).tolist() == [True]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(8, 419), min_size=1, max_size=25),
    st.lists(st.sampled_from([". ", "a", " ", "\n", "ship", "é", "ob"]), min_size=1, max_size=2),
)
def test_step_by_step_a_row_ends_where_its_whole_text_first_holds_a_string(tokenizer, tokens, strings):
    stop = StopStrings(tokenizer, strings, 0)
    step = next((end for end in range(1, len(tokens) + 1) if bool(stop(torch.tensor([tokens[:end]]), None))), None)
    texts = [tokenizer.decode(tokens[:end], skip_special_tokens=True) for end in range(1, len(tokens) + 1)]
    assert step == next((end for end, text in enumerate(texts, 1) if any(one in text for one in strings)), None)


def test_a_stop_string_that_is_a_special_token_ends_an_answer_as_a_token(llava_folder, tokenizer):
    model = AutoModelForImageTextToText.from_pretrained(llava_folder)
    assert end_tokens(model, tokenizer, ["\n\n"]) == [2]
    assert end_tokens(model, tokenizer, ["<|vision_end|>"]) == [2, 5]


@pytest.mark.parametrize(("said", "ends"), [(7, [7]), ([7, 8], [7, 8]), (None, [2])])
def test_the_checkpoint_s_ends_are_its_generation_config_s_or_else_its_config_s(said, ends, tokenizer):
    text = SimpleNamespace(eos_token_id=2)
    model = SimpleNamespace(
        generation_config=SimpleNamespace(eos_token_id=said), config=SimpleNamespace(get_text_config=lambda: text)
    )
    assert end_tokens(model, tokenizer, []) == ends
