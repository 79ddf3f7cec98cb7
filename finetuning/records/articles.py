"""The indefinite article that a label takes: an airplane, a unicycle, an SUV, an 8-ball."""

import re
import unicodedata
from functools import cache
from typing import Any

NUMBER, OBJECT = "number", "object"

SPELLED = frozenset({"FAQ", "HIV", "LED", "LEDs", "MRE", "NES", "RIB", "SAS", "SOS", "SUV", "SUVs"})
"""Said letter by letter, though they look like words; inflect takes them for words."""
SPOKEN = {"onesie": "a", "uakari": "a", "uber": "an"}
"""Words whose first sound inflect gets wrong."""
LETTER_AND_NUMBER = re.compile(r"([A-Z])[-\s]?\d")  # M16, F-16, U2: the letter is said by its name
NAMED_WITH_A_VOWEL = frozenset("AEFHILMNORSX")
EIGHT_ELEVEN_EIGHTEEN = re.compile(r"(?:8|1[18](?!\d)|1[18]\d{2}(?!\d)|1[18](?:,?\d{3})(?!\d))")
"""8 and what begins with it (80s, 800); 11 and 18; 1100 and 1800 (eighteen hundred); 11,000 and 18,000."""


@cache
def with_article(label: str, noun: str = OBJECT) -> str:
    """`label` as the end of a sentence about one `noun`; numbers take no article.

    >>> with_article("airplane"), with_article("unicycle"), with_article("18-wheeler"), with_article("7", "number")
    ('an airplane', 'a unicycle', 'an 18-wheeler', '7')
    """
    if noun == NUMBER:
        return label
    return f"{_article(label)} {label}"


def noun_of(labels: tuple[str, ...]) -> str:
    """What one asks for: the number where all labels are digits, else the object."""
    return NUMBER if labels and all(label.isdecimal() for label in labels) else OBJECT


@cache
def _article(label: str) -> str:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", label) if not unicodedata.combining(sign))
    bare = bare.lstrip("\"'([ ")  # an "old" one
    if bare[:1].isdigit():
        return "an" if EIGHT_ELEVEN_EIGHTEEN.match(bare) else "a"
    letter, first = LETTER_AND_NUMBER.match(bare), re.split(r"[^\w]", bare, maxsplit=1)[0]
    if letter:
        return "an" if letter[1] in NAMED_WITH_A_VOWEL else "a"
    if first in SPELLED:
        return "an"
    return SPOKEN.get(first.lower()) or (str(_engine().a(bare)).split(" ", 1)[0] if bare else "a")


@cache
def _engine() -> Any:
    import inflect  # a third of a second of imports

    return inflect.engine()
