"""Folding and what is no part of an answer."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.label_match.spelling import APOSTROPHES, WITHOUT_WIDTH, answer_alone, folded, has_emoji


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\u017fHIP Ship", "ship ship"),
        ("Consommé CONSOMME\u0301", "consomme consomme"),
        ("\ufb01le \u2461 \uff18 \u0667 x\u00b2", "file 2 8 7 x2"),
        ("s\u200bh\u00adi\u202ep\ufeff", "ship"),
        ("a\u2010b\u2011c\u2012d\u2013e\u2212f", "a-b-c-d-e-f"),
        ("a\u2014b", "a\u2014b"),
        ("it\u2019s 8\ufe0f\u20e3", "it's 8"),
        ("a\u00a0b\tc\x00d\u3000e", "a b c d e"),
        ("a\r\nb\u2028c", "a\n\nb\nc"),
        ("Straße İ", "strasse i"),
        ("\u2581sh\ufffdip", " sh ip"),
    ],
)
def test_folding_leaves_one_plain_spelling(text: str, plain: str) -> None:
    assert folded(text) == plain


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(st.characters(categories=["L"], exclude_characters=APOSTROPHES)))
def test_folding_letters_is_compatibility_decomposition_and_case_folding_without_accents(text: str) -> None:
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    assert folded(text) == "".join(char for char in spelled if unicodedata.category(char) not in WITHOUT_WIDTH)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ship</s>", "ship"),
        ("<s> ship <|im_end|>", "ship"),
        ("<|im_start|>assistant\nship", "ship"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nship", "ship"),
        ("[inst] ship [/inst]", "ship"),
        ("<image>\nship<0x0a>", "ship"),
        ("<b>ship</b>", "ship"),
        ("<ship>", "<ship>"),
        ("<think>dog</think>cat", "cat"),
        ("cat<think>dog</think>", "cat"),
        ("<think>a<think>b</think>cat", "cat"),
        ("dog</think>cat", "cat"),
        ("<thinking>dog", ""),
        ("2 < 3 and 3 > 2", "2 < 3 and 3 > 2"),
    ],
)
def test_markup_and_thoughts_are_no_answer(text: str, answer: str) -> None:
    assert answer_alone(text).strip() == answer


def test_an_emoji_is_told_from_other_symbols() -> None:
    assert has_emoji("🐱")
    assert has_emoji("✈")
    assert not has_emoji("→ ± © ▲")
