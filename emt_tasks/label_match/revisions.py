"""Labels that an answer takes back: "appears to be a cat, but it is actually a dog", "Dog. Wait, it's a cat".

Between the two stands a word of revision and nothing of content: "a cat, and actually a dog too" names both, and so
does a contradiction without such a word, "the digit 8 is a 4".
"""

from emt_tasks.label_match.english import ARTICLES, has_content, words_for
from emt_tasks.label_match.tokens import Words

REVISERS = words_for("revisers")
LOOKS = words_for("second_looks")
ALTERNATIVES = frozenset(["or", ",", "/"]) | ARTICLES
ADDED = frozenset(["and", "or", "also", "too", "both", "with"])
REACH = 16
"""How many tokens may stand between what is taken back and what stands in its place."""


def is_revised(words: Words, end: int, start: int) -> bool:
    """Whether the label that ends before token `end` is taken back for the one whose first token is at `start`."""
    if start - end > REACH:
        return False
    between = words.tokens[end:start]
    if not ADDED.isdisjoint(between):
        return False
    revised = not REVISERS.isdisjoint(between) or ("closer" in between and not LOOKS.isdisjoint(between))
    return revised and all(word in REVISERS | LOOKS or word == "closer" or not has_content(word) for word in between)


def are_alternatives(words: Words, end: int, start: int) -> bool:
    """Whether "or" and the like is all that stands between two labels: "a cat or a dog"."""
    return start - end <= REACH and ALTERNATIVES.issuperset(words.tokens[end:start])
