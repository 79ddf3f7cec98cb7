"""Words, marks and what stands between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.label_match.spelling import folded
from emt_tasks.label_match.tokens import DASH, EDGE, HYPHEN, LINE, SPACE, words_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a pick-up_truck", ["a", "pick", "up", "truck"]),
        ("aquarium\\_fish **bold**", ["aquarium", "fish", "bold"]),
        ("can't o'clock", ["can't", "o'clock"]),
        ("a cat's tail, dogs' tails", ["a", "cat", "tail", ",", "dogs", "'", "tails"]),
        ("it's that's", ["it", "is", "that", "is"]),
        ("a(n) ship", ["a", "ship"]),
        ("0.95 1,000 5:30 28x28 8th", ["0.95", "1,000", "5:30", "28x28", "8th"]),
        ("1,2,3. 8.", ["1", ",", "2", ",", "3", ".", "8", "."]),
        ("7.it v1.5", ["7", ".", "it", "v1.5"]),
        ("数字是8。", ["数字是", "8", "。"]),
        ("", []),
    ],
)
def test_an_answer_falls_into_words_and_marks(text: str, tokens: list[str]) -> None:
    assert words_of(text).tokens == tokens


def test_what_stands_between_words_is_kept() -> None:
    words = words_of("a b-c_d - e\u2014f\ng, h")
    assert words.tokens == ["a", "b", "c", "d", "e", "f", "g", ",", "h"]
    assert words.gaps == [LINE, SPACE, HYPHEN, HYPHEN, DASH, DASH, LINE, SPACE, SPACE]


def test_neighbours_end_with_the_clause() -> None:
    words = words_of("a cat, a dog\nbird")
    assert (words.before(1), words.after(2), words.mark(2)) == ("a", EDGE, ",")
    assert (words.before(3), words.after(5), words.before(5)) == (EDGE, EDGE, EDGE)
    assert (words.before(0), words.after(6), words.mark(6), words.mark(-1)) == (EDGE, EDGE, "", "")


@given(st.text("ab 1.,'-_\n\\*(n)é猫", max_size=40))
def test_both_ways_through_the_text_agree(text: str) -> None:
    plain = folded(text).translate({ord(char): " " for char in "\n\\*_-'\u2014"}).replace("(n)", "")
    careful = words_of(plain + "\n")
    assert words_of(plain).tokens == careful.tokens
    assert words_of(plain).gaps == careful.gaps
