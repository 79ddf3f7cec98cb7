"""How much an answer means a label whose word it holds."""

from enum import Enum


class Mention(Enum):
    """Whether a label's word, where it stands, names the label."""

    SURE = "names the label"
    PERHAPS = "names it if the answer names nothing else"
    NO = "has another sense"
