"""Classes of English words, by name, for the rules that look at a label's neighbours."""

import json
from functools import cache
from importlib.resources import files


@cache
def _classes() -> dict[str, list[str]]:
    stored = files("emt_tasks.labels").joinpath("english.json").read_text(encoding="utf-8")
    classes: dict[str, list[str]] = json.loads(stored)["classes"]
    return classes


def words_for(*names: str) -> frozenset[str]:
    """The lower-case words of the named classes together.

    Raises:
        KeyError: there is no such class in `labels/english.json`.
    """
    return frozenset(word for name in names for word in _classes()[name])


ARTICLES = words_for("articles")
DETERMINERS = words_for("articles", "owners", "pointers", "numbers")
PREPOSITIONS = words_for("prepositions")
CONJUNCTIONS = words_for("conjunctions")
PRONOUNS = words_for("pronouns")
MODALS = words_for("modals")
COPULAS = words_for("copulas")
VERBS = words_for("copulas", "auxiliaries", "verbs", "participles", "modals")
"""Words that may follow a noun as its verb, with the adverbs that stand there."""

FUNCTION_WORDS = DETERMINERS | PREPOSITIONS | CONJUNCTIONS | PRONOUNS | VERBS | words_for("relatives")


def has_content(word: str) -> bool:
    """Whether a neighbour is a word with a meaning of its own: a noun or an adjective, no EDGE and no function word."""
    return bool(word) and word[0].isalpha() and word not in FUNCTION_WORDS
