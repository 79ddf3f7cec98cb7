"""Which part of a text is the answer, where a model goes on with a dialogue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.label_match.turns import first_turn


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a ship. human: and this? assistant: a dog", "a ship."),
        ("a ship\n### human: and this?", "a ship\n"),
        ("a ship <|im_start|>user and this?", "a ship "),
        ("a ship<start_of_turn>model a dog", "a ship"),
        ("a ship [inst] and this? [/inst] a dog", "a ship "),
        ("assistant: a ship", " a ship"),
        ("human: what? assistant: a ship. human: and", " a ship."),
        ("human: what?", "human: what?"),
        ("this is a human: a man", "this is a human: a man"),
        ("is it in question: a ship", "is it in question: a ship"),
        ("a ship\nquestion: what colour?", "a ship"),
        ("12:30 on a clock", "12:30 on a clock"),
        ("", ""),
    ],
)
def test_only_what_precedes_the_next_turn_is_the_answer(text: str, answer: str) -> None:
    assert first_turn(text) == answer


@given(st.text(st.sampled_from("ab .:\n"), min_size=1))
def test_a_text_without_speakers_is_the_answer(text: str) -> None:
    assert first_turn(text) == text


@given(st.lists(st.sampled_from(["human:", "assistant:", ". ", "\n", "a ship", "[inst]"])).map("".join))
def test_an_answer_is_a_part_of_its_text(text: str) -> None:
    assert first_turn(text) in text
