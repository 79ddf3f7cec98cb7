"""The indefinite article that a label takes: an airplane, a unicycle."""

from functools import cache
from typing import Any

NUMBER, OBJECT = "number", "object"


@cache
def with_article(label: str, noun: str = OBJECT) -> str:
    """`label` as the end of a sentence about one `noun`; numbers take no article.

    >>> with_article("airplane"), with_article("unicycle"), with_article("7", "number")
    ('an airplane', 'a unicycle', '7')
    """
    if noun == NUMBER:
        return label
    return f"{_article(label)} {label}"


def noun_of(labels: tuple[str, ...]) -> str:
    """What one asks for: the number where all labels are digits, else the object."""
    return NUMBER if labels and all(label.isdecimal() for label in labels) else OBJECT


@cache
def _article(label: str) -> str:
    return str(_engine().a(label)).split(" ", 1)[0]


@cache
def _engine() -> Any:
    import inflect  # a third of a second of imports

    return inflect.engine()
