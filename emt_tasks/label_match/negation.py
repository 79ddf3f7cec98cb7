"""Labels that an answer denies: "not a cat", "isn't a dog", "neither a wolf nor a lion", "a truck rather than a car".

What is denied is not named. The denial stands before the label in the same clause, with only articles, words of
seeming and one word more between them; what follows a comma is another clause ("Not sure, perhaps a horse").
"""

from emt_tasks.label_match.english import DETERMINERS, words_for
from emt_tasks.label_match.tokens import Words

DENIALS = words_for("denials")
BETWEEN = words_for("between_denial_and_noun") | DETERMINERS - {"no"}
NOT_DENIED = words_for("after_no_denial")
"""Words right after a denial that turn it round: "not only a lion", "no doubt a cat"."""
REACH = 8
OTHERS = 1
"""How many words back a denial is looked for, and how many of them may be of any kind."""
EXCHANGES = (("rather", "than"), ("instead", "of"))


def is_denied(words: Words, start: int) -> bool:
    """Whether the label whose first token is at place `start` is denied."""
    others = 0
    for place in range(start, max(0, start - REACH), -1):
        before = words.before(place)
        if not before:
            return False
        if before in DENIALS or (words.before(place - 1), before) in EXCHANGES:
            return words.after(place) not in NOT_DENIED
        if before not in BETWEEN:
            others += 1
            if others > OTHERS:
                return False
    return False
