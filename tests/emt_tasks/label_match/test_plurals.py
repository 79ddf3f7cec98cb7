"""Plurals, against an independent library."""

import inflect
import pytest

from emt_tasks.label_match.plurals import plurals, written_plurals
from emt_tasks.labels import ALL_SETS, label_set

WORDS = sorted(
    {
        name.replace("|", "").replace("-", " ").lower().split()[-1]
        for key in ALL_SETS
        for names in label_set(key).names
        for name in names
    }
)
WE_DIFFER = {
    "two": "inflect says twoes; dictionaries say twos",
    "cattle": "a plural already; inflect says cattles",
    "bars": "a plural already (parallel bars); inflect says barss",
    "triceratops": "dictionaries say triceratops or triceratopses; inflect says triceratopss",
}


@pytest.mark.parametrize("word", [word for word in WORDS if not word.isdigit() and word not in WE_DIFFER])
def test_the_plural_is_the_one_inflect_forms(word: str) -> None:
    assert inflect.engine().plural_noun(word) == plurals(word)[0]


def test_every_difference_is_one_still() -> None:
    engine = inflect.engine()
    assert all(word in WORDS and engine.plural_noun(word) != plurals(word)[0] for word in WE_DIFFER)


def test_a_naive_plural_is_understood_beside_the_true_one() -> None:
    assert written_plurals("mouse") == ("mice", "mouses")
    assert written_plurals("bus") == ("buses", "busses", "buss")
    assert written_plurals("can") == ("cans",)
