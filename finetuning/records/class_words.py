"""The words of classes, out of the names that folders and columns give them."""

import unicodedata
from collections.abc import Sequence

from emt_tasks.errors import EmtError

MARKS = ("<image>",)
"""What a sentence means by its picture: a class that is called so would add a second one."""


def class_words(names: Sequence[str], where: str) -> tuple[str, ...]:
    r"""The word of each class, in order: underscores are spaces, spaces are single, letters are composed (NFC).

    Args:
        names: of the classes, each once.
        where: whose they are, for the error.

    Raises:
        EmtError: a name says nothing, holds a control character or a picture's mark, or two become the same word.

    >>> class_words(["traffic_light", "cafe\u0301"], "photos")
    ('traffic light', 'café')
    """
    words: dict[str, str] = {}
    for name in names:
        odd = next((sign for sign in name if unicodedata.category(sign) in ("Cc", "Cs")), None)
        word = unicodedata.normalize("NFC", " ".join(name.replace("_", " ").split()))
        if odd is not None or not word:
            raise EmtError(f"{where}: the class {name!r} is no word that a sentence can hold. Rename it.")
        if any(mark in word for mark in MARKS):
            raise EmtError(f"{where}: the class {name!r} holds the sign that stands for a picture. Rename it.")
        if word in words:
            raise EmtError(
                f"{where}: the classes {words[word]!r} and {name!r} are both called {word!r}. Make them one."
            )
        words[word] = name
    return tuple(words)
