"""The tokens of a label as they are when it follows its prompt: what a tokenizer does at the seam of the two."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple


class Seam(NamedTuple):
    """Where prompt and labels part.

    Attributes:
        cut: tokens to take off the prompt's end, because with some label they become other tokens; mostly 0.
        labels: token ids of each label from there on. With `cut` they begin with the prompt's last characters, which
            are the same for all labels, so that the scores stay comparable.
    """

    cut: int
    labels: tuple[tuple[int, ...], ...]


def label_seam(tokenizer: Any, prompt: str, labels: Sequence[str], delimiter: str = " ") -> Seam:
    """The labels' tokens in the tokenizer's reading of the whole text, prompt + delimiter + label.

    A delimiter after a prompt that ends in white space ("assistant" and a line break, say) is left out: no chat model
    has seen an answer that begins with a second space.

    Args:
        tokenizer: a transformers tokenizer, slow or fast.
        prompt: the text before the answer, with the template around it and one placeholder for each image.
        labels: the answers to score.
        delimiter: what stands between them, lmms-eval's `target_delimiter`.

    Raises:
        ValueError: a label that adds no token.
    """
    delimiter = fitting(prompt, delimiter)
    alone = _ids(tokenizer, prompt)
    whole = [_ids(tokenizer, prompt + delimiter + label) for label in labels]
    shared = min((_shared_length(alone, ids) for ids in whole), default=len(alone))
    for label, ids in zip(labels, whole, strict=True):
        if len(ids) <= shared:
            raise ValueError(f"label {label!r} adds no token to its prompt: it can't be scored")
    return Seam(cut=len(alone) - shared, labels=tuple(tuple(ids[shared:]) for ids in whole))


def fitting(prompt: str, answer: str) -> str:
    r"""`answer` as it follows `prompt`: without white space before it where the prompt ends in some.

    >>> fitting("ASSISTANT:", " ship"), fitting("assistant\n", " ship")
    (' ship', 'ship')
    """
    return answer.lstrip() if prompt[-1:].isspace() else answer


def _ids(tokenizer: Any, text: str) -> list[int]:
    """Without special tokens: a closing one that a tokenizer adds by itself would stand between prompt and label."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
