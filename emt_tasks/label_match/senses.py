"""Which sense a label's word has where it stands: the can on the table or the verb, an ear of corn or a dog's.

A word names its label unless something beside it says otherwise. `labels/neighbours.json` lists what gives a word
another sense right before or right after it; the few words that need grammar have a rule of their own. Every rule looks
at a bounded number of words.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from emt_tasks.label_match.adjectives import adjective_mention
from emt_tasks.label_match.english import (
    ARTICLES,
    CONJUNCTIONS,
    COPULAS,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    PRONOUNS,
    VERBS,
    words_for,
)
from emt_tasks.label_match.mention import Mention
from emt_tasks.label_match.tokens import DASH, EDGE, HYPHEN, Words

LIKENESS = words_for("likeness")
LIKENESS_OF_A_THING = words_for("likeness_of_a_thing")
UNLIKE = words_for("unlike")
CREATURES = words_for("creatures")
CONTAINERS = words_for("containers")
OWNED = words_for("articles", "owners")
AFTER_THE_VERB_CAN = words_for("after_the_verb_can")
IDIOMS_WITH_CAN = words_for("idioms_with_can")
BODY = words_for("body")
GRAIN = words_for("grain")
HAVING = words_for("having")
ITS_PLACES = PREPOSITIONS - {"of", "like", "as"}
NUMBERS = words_for("numbers")
SUBJECTS = PRONOUNS - {"one", "this", "that"}
"""Pronouns that a verb must follow; "this can" may be either."""
VESSEL_PREPOSITIONS = words_for("vessel_prepositions")
VESSEL_LOOKS = words_for("vessel_looks")
TANK_CONTENTS = words_for("tank_contents")
FILLED = words_for("filled")


def mention_of(words: Words, start: int, end: int, word: str) -> Mention:
    """How much tokens `start` to `end` (exclusive) mean a label.

    Args:
        words: The whole answer.
        start: Place of the name's first token.
        end: Place behind its last token.
        word: The name if it is a single word, in the singular; "" if it has several, which have one sense only.
    """
    if _is_likeness(words, start, end):
        return Mention.NO
    if not word:
        return Mention.SURE
    if _has_other_neighbours(words, start, end, word):
        return Mention.NO
    rule = _RULES.get(word)
    return rule(words, start, end) if rule else Mention.SURE


def _is_likeness(words: Words, start: int, end: int) -> bool:
    """Whether the name only says what something else is like: "cat-like", "rose colored", "non-dog"."""
    if start and words.gaps[start] == HYPHEN and words.tokens[start - 1] in UNLIKE:
        return True
    if end == len(words.tokens) or words.gaps[end] > DASH:
        return False
    following = words.tokens[end]
    if following in LIKENESS and words.gaps[end] in (HYPHEN, DASH):
        return True
    return following in LIKENESS_OF_A_THING or (following == "like" and words.after(end + 1) in CREATURES)


@cache
def _neighbours() -> dict[str, dict[str, frozenset[str]]]:
    """For each word what, right before it and right after it, gives it another sense."""
    stored = files("emt_tasks.labels").joinpath("neighbours.json").read_text(encoding="utf-8")
    sides = ("after", "before", "verb_before")
    return {
        word: {side: frozenset(entry.get(side, ())) for side in sides}
        for word, entry in json.loads(stored)["words"].items()
    }


def _has_other_neighbours(words: Words, start: int, end: int, word: str) -> bool:
    """Whether a neighbour gives the word another sense; what the neighbours are themselves is read as ever."""
    if word not in _neighbours():
        return False
    other = _neighbours()[word]
    before, after = words.before(start), words.after(end)
    if before in other["after"] or _joined_by_dash(words, start) in other["after"] or after in other["before"]:
        return True
    return after in other["verb_before"] and before not in ARTICLES


def _joined_by_dash(words: Words, start: int) -> str:
    """A letter or two before a spaced hyphen, as captioners write "x - ray"; else EDGE."""
    if start and words.gaps[start] == DASH and len(words.tokens[start - 1]) < 3:
        return words.tokens[start - 1]
    return EDGE


def _can(words: Words, start: int, end: int) -> Mention:
    """A can, or the verb: "a can", "soda can on a table" and "bus, can, castle", not "you can see"."""
    before, after = words.before(start), words.after(end)
    if words.tokens[start] != "can" or before in OWNED:
        return Mention.SURE
    if before in SUBJECTS or after in AFTER_THE_VERB_CAN:
        return Mention.NO
    if after == EDGE:
        return Mention.SURE
    if after in PREPOSITIONS or after in CONJUNCTIONS or after in VERBS or after in ("that", "which"):
        then = words.after(end + 1)
        return Mention.NO if then in IDIOMS_WITH_CAN or then in MODALS else Mention.SURE
    return Mention.SURE if after.endswith(("ing", "ed")) or before in CONTAINERS else Mention.NO


def _ear(words: Words, start: int, end: int) -> Mention:
    """An ear of corn, or one of a body: "an ear", "ears of corn" and "carton, ear", not "floppy ears" or "its ear"."""
    before, after = words.before(start), words.after(end)
    if before in GRAIN or (after == "of" and GRAIN & set(words.tokens[end + 1 : end + 3])):
        return Mention.SURE
    if after == "of" or _near(words, start, end) & BODY:
        return Mention.NO
    if before in ("a", "an", *NUMBERS):
        return Mention.NO if words.before(start - 1) in HAVING | ITS_PLACES else Mention.SURE
    if before == "the":
        return Mention.SURE if words.before(start - 1) in COPULAS and after == EDGE else Mention.NO
    if before == EDGE:
        return Mention.NO if after in VERBS else Mention.SURE
    return Mention.SURE if before in ("and", "or", "of", "label", "answer", *COPULAS) else Mention.NO


def _near(words: Words, start: int, end: int) -> set[str]:
    """The words up to three places away: parts of a body come together."""
    return {*words.tokens[max(0, start - 3) : start], *words.tokens[end : end + 3]}


def _tank(words: Words, start: int, end: int) -> Mention:
    """The vehicle, or a vessel: "a tank on a road", not "a fish in a tank" (the paper's example), "tank with fish"."""
    following = words.tokens[end : end + 4]
    if FILLED & set(following[:2]) or (following[:1] == ["with"] and TANK_CONTENTS & set(following)):
        return Mention.NO
    place = start
    for skipped in (VESSEL_LOOKS, VESSEL_LOOKS, DETERMINERS):
        if words.before(place) in skipped:
            place -= 1
    before = words.before(place)
    if before == "of" and words.before(place - 1) == "inside":
        return Mention.NO
    return Mention.NO if before in VESSEL_PREPOSITIONS else Mention.SURE


_RULES: dict[str, Callable[[Words, int, int], Mention]] = {
    "can": _can,
    "ear": _ear,
    "tank": _tank,
    "orange": adjective_mention,
    "plain": adjective_mention,
    "upright": adjective_mention,
}
