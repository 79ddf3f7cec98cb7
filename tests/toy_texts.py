"""The smallest encoder of texts: how often each letter stands in one. It remembers what it was asked for."""

import string
from collections.abc import Sequence

import numpy as np

from emt_tasks.clip_argmin import Embedded

SIGNS = string.ascii_lowercase + string.digits


class Letters:
    """Counts letters and digits; a text with "nothing" in it has no finite point; past 200 characters it reads none."""

    name, fingerprint, longest, width = "letters", "0123456789abcdef", 400, len(SIGNS)
    context = 200

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embedded(self, texts: Sequence[str]) -> Embedded:
        self.asked += texts
        read = [text[: self.context].lower() for text in texts]
        rows = [[text.count(sign) if "nothing" not in text else np.nan for sign in SIGNS] for text in read]
        longer = [len(text) > self.context for text in texts]
        return Embedded(np.array(rows, np.float32).reshape(len(texts), self.width), np.array(longer, np.bool_))
