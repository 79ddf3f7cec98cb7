"""The page's words: a data file for each language, all with the same keys."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from emt_tasks.quick_yaml import read_quickly

LANGUAGES = ("en", "zh")
Words = Mapping[str, Any]


@cache
def words(language: str) -> Words:
    """The words of a language of `LANGUAGES`, by section and name."""
    text = (files("leaderboard.page") / "words" / f"{language}.yaml").read_text(encoding="utf8")
    told: Words = read_quickly(text)
    return told


def filled(text: str, **values: object) -> str:
    """A text of the words with `values` in the places of their names.

    >>> filled("{n} rows of {set}", n=3, set="{n}")
    '3 rows of {n}'
    """
    return text.format(**values)
