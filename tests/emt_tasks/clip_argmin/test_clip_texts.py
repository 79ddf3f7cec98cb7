"""What of an answer reaches an encoder."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.clip_argmin.texts import text_of

ANYTHING = st.text(st.characters(exclude_categories=()) | st.sampled_from("<>/[]| \x1b\n\u202e\ud800"), max_size=60)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (" The object is a(n) ship.\n", "The object is a(n) ship."),
        ("<think>a cat, surely</think>A ship</s>", "A ship"),
        ("a\x00b\x07c\u2028d", "a b c d"),
        ("\x1b[31mred\x1b[0m ship", "red ship"),
        ("\u2581The\u2581ship", "The ship"),
        ("\ud83d ship", "? ship"),
        (
            "\u202eship \U0001f6a2 \u0633\u0641\u064a\u0646\u0629",
            "\u202eship \U0001f6a2 \u0633\u0641\u064a\u0646\u0629",
        ),
        ("Consomm\u00e9 SHIP", "Consomm\u00e9 SHIP"),
    ],
)
def test_words_stay_and_what_is_no_word_goes(said: str, kept: str) -> None:
    assert text_of(said, 100) == (kept, False)


@given(ANYTHING, st.integers(1, 40))
def test_every_answer_becomes_a_text_that_can_be_encoded_and_is_no_longer_than_asked(said: str, longest: int) -> None:
    text = text_of(said, longest)
    text.words.encode()
    assert len(text.words) <= longest
    assert not any(char < " " for char in text.words)
    assert text.cut == (len(text_of(said, 10**6).words) > longest)


@pytest.mark.parametrize("part", ["ship ", "x", "<think>", "<", "\x1b[", "\u0301", " "])
def test_a_megabyte_takes_no_more_than_a_moment(part: str) -> None:
    start = time.perf_counter()
    text_of(part * (10**6 // len(part)), 1000)
    assert time.perf_counter() - start < 5
