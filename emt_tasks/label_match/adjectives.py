"""Labels that are adjectives too: orange, plain, upright.

"An orange on a table" and the bare answer "orange" name the label, "an orange cat" does not. A predicate follows its
subject: "The object is orange." answers the prompt, "The fish is orange." describes a fish.
"""

from emt_tasks.label_match.english import ARTICLES, COPULAS, DETERMINERS, PREPOSITIONS, has_content, words_for
from emt_tasks.label_match.mention import Mention
from emt_tasks.label_match.tokens import EDGE, Words

LOOKS = words_for("colours", "looks")
SIZES = words_for("sizes")
SHADES = words_for("shades")
MADE_SO = words_for("made_so")
TINTED = words_for("tinted")
ASKERS = words_for("askers")
LEAD_INS = words_for("lead_ins")
FRUIT = words_for("fruit_parts")
HEDGES = words_for("hedges")
JOINTS = frozenset({",", "and", "or", "with", "but"})
LONGEST_JOINT = 2
LONGEST_OPENING = 3
"""What joins two looks, how many such tokens come together (", and"), and how many marks may open an answer."""


def adjective_mention(words: Words, start: int, end: int) -> Mention:
    """How much an adjective, tokens `start` to `end` (exclusive), means the label that is spelled the same."""
    word = words.tokens[start]
    if word.endswith("s"):
        return Mention.SURE
    if _qualifies_what_follows(words, end, word) or _is_among_looks(words, start, end):
        return Mention.NO
    before = words.before(start)
    if before in MADE_SO or (before == "of" and words.before(start - 1) in TINTED):
        return Mention.NO
    place = start
    while words.before(place) in HEDGES:
        place -= 1
    if words.before(place) in COPULAS:
        return _of_subject(words, place - 1)
    if before == EDGE or before in DETERMINERS:
        return Mention.SURE
    if word == "upright":
        return Mention.SURE if before in PREPOSITIONS | SIZES | LOOKS | {"and", "or"} else Mention.NO
    if before in SHADES:
        fruit = words.before(start - 1) in ARTICLES and words.before(start - 2) not in MADE_SO
        return Mention.SURE if fruit else Mention.NO
    return Mention.SURE


def _qualifies_what_follows(words: Words, end: int, word: str) -> bool:
    """Whether a noun follows, or the word for its own kind: "orange cat", "plain background", "orange in color"."""
    after = words.after(end)
    if has_content(after):
        return not (word == "orange" and after in FRUIT)
    return after == "in" and words.after(end + 1) in TINTED


def _is_among_looks(words: Words, start: int, end: int) -> bool:
    """Whether it stands in a list of looks: "white, orange and black", "orange with white stripes", "plain, simple"."""
    first, last = start - 1, end
    while first >= 0 and start - first <= LONGEST_JOINT and words.tokens[first] in JOINTS:
        first -= 1
    while last < len(words.tokens) and last - end < LONGEST_JOINT and words.tokens[last] in JOINTS:
        last += 1
    return (0 <= first < start - 1 and words.tokens[first] in LOOKS) or (
        end < last < len(words.tokens) and words.tokens[last] in LOOKS
    )


def _of_subject(words: Words, copula: int) -> Mention:
    """How much a predicate means the label, by what the verb at place `copula` says it of."""
    clause = words.clause_before(copula)
    if len(clause) > 1 and clause[-1] in ("that", "which", "who"):
        return Mention.NO
    subject = next((word for word in clause if word not in LEAD_INS), EDGE)
    if subject == EDGE or subject in ASKERS:
        return Mention.SURE
    first = copula - len(clause)
    opens = first <= LONGEST_OPENING and not any(token[0].isalnum() for token in words.tokens[:first])
    return Mention.PERHAPS if opens and subject in ("it", "this", "that", "what") else Mention.NO
