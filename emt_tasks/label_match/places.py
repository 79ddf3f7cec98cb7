"""Where a thing is: "a cup on a table" answers cup; the table is where it stands.

A label behind a preposition of place is named only where none of its set stands before it in the sentence.
Beside, next to, with and near bring a second thing into the picture, and so do "and" and "or".
"""

from emt_tasks.label_match.english import DETERMINERS, has_content, words_for
from emt_tasks.label_match.tokens import LINE, Words

PLACES = words_for("place_prepositions")
SIDES = frozenset(["front", "top", "inside", "outside"])
SPEAKERS = frozenset(["i", "i'm", "i'd", "we"])
REACH = 6
"""Who leans towards an answer, and how many words before it they are looked for: "I would lean towards dog"."""
STOPS = frozenset(".?!;")
MOST_LOOKS = 3
LONGEST_SENTENCE = 40
"""How many words may describe a place, and how many may stand between it and what is there: bounds on the work."""


def is_place(words: Words, named_to: int, start: int) -> bool:
    """Whether the label whose first token is at place `start` says where a label that ends before `named_to` is."""
    return _behind_a_preposition(words, start) and _same_sentence(words, named_to, start)


def _behind_a_preposition(words: Words, start: int) -> bool:
    place = start
    for _ in range(MOST_LOOKS):
        if words.before(place) in DETERMINERS or not has_content(words.before(place)):
            break
        place -= 1
    while words.before(place) in DETERMINERS:
        place -= 1
    before = words.before(place)
    if before in ("toward", "towards") and words.before(place - 1).startswith("lean"):
        return SPEAKERS.isdisjoint(words.tokens[max(0, place - REACH) : place])
    return words.before(place - 1) in SIDES if before == "of" else before in PLACES


def _same_sentence(words: Words, end: int, start: int) -> bool:
    """Whether neither the end of a sentence nor a new line stands between two places that are not far apart."""
    if start - end > LONGEST_SENTENCE:
        return False
    return not any(words.tokens[i] in STOPS or words.gaps[i] == LINE for i in range(end, start))
