"""What is embedded of an answer: its words as they are, without what no encoder of texts should see."""

import re
from typing import NamedTuple

from emt_tasks.label_match.spelling import answer_alone

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u2581\ufffd]+")
TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Text(NamedTuple):
    """A text to embed, and whether it is only the beginning of what was said."""

    words: str
    cut: bool


def text_of(answer: str, longest: int) -> Text:
    r"""The part of `answer` that is embedded: thoughts, special tokens and control characters left out, cut to length.

    Case, accents and scripts stay: encoders have their own way with them. A lone half of a surrogate pair, which no
    tokenizer can encode, becomes "?".

    Args:
        answer: what the model said.
        longest: the number of characters to keep.

    >>> text_of("<think>cat?</think> A\tbig \x1b[31mship\x1b[0m.</s>", 100).words
    'A big ship.'
    """
    plain = CONTROL.sub(" ", TERMINAL.sub("", answer_alone(answer)))
    whole = " ".join(plain.encode("utf8", "replace").decode("utf8").split())
    return Text(whole[:longest], len(whole) > longest)
