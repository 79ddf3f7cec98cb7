"""Where an answer ends: at a token that ends answers, or before a string that does."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria

UNFINISHED = "\ufffd"  # what part of a character is decoded to
SLACK = 8  # tokens without a character of their own (special ones) that may stand inside a stop string


class StopStrings(StoppingCriteria):
    """Ends a row once its answer holds one of some strings; the batch ends when all rows have ended.

    Args:
        tokenizer: turns the answer into text.
        strings: what ends an answer.
        start: number of prompt tokens before the answers.
    """

    def __init__(self, tokenizer: Any, strings: Sequence[str], start: int) -> None:
        self._tokenizer, self._strings, self._start = tokenizer, tuple(strings), start
        self._window = max(len(string.encode()) for string in strings) + SLACK
        self._last = {string[-1] for string in strings}
        if not all(map(str.isascii, self._last)):
            self._last.add(UNFINISHED)
        self._may_end: dict[int, bool] = {}
        self._looked = False

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:  # noqa: ARG002  # transformers' form
        """(B,) bool: whether each row ends with its newest token; what ended before, `generate` remembers."""
        if self._looked and not any(map(self._ends_one, input_ids[:, -1].tolist())):
            return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
        self._looked = True  # the first time there may be several new tokens
        tail = input_ids[:, max(self._start, input_ids.shape[1] - self._window) :]
        texts = self._tokenizer.batch_decode(tail.tolist(), skip_special_tokens=True)
        ended = [any(string in text for string in self._strings) for text in texts]
        return torch.tensor(ended, device=input_ids.device)

    def _ends_one(self, token: int) -> bool:
        """Whether a string can end in `token`: most have not its last character, and nothing need be decoded."""
        if token not in self._may_end:
            text = self._tokenizer.decode([token, token])  # the second keeps a space at its beginning
            self._may_end[token] = not self._last.isdisjoint(text)
        return self._may_end[token]


def cut(answer: str, strings: Sequence[str]) -> str:
    """`answer` up to the first of `strings` in it.

    >>> cut("a ship. A dog", ["dog", ". "])
    'a ship'
    """
    return answer[: min((answer.find(string) for string in strings if string in answer), default=len(answer))]


def end_tokens(model: Any, tokenizer: Any, strings: Sequence[str]) -> list[int]:
    """Ids of the tokens that end an answer: the checkpoint's own, and stop strings that are a special token each."""
    said = model.generation_config.eos_token_id
    said = said if said is not None else model.config.get_text_config().eos_token_id
    said = said if said is not None else tokenizer.eos_token_id
    own = [] if said is None else said if isinstance(said, list) else [said]
    special = set(tokenizer.all_special_tokens)
    return list(dict.fromkeys([*own, *(tokenizer.convert_tokens_to_ids(text) for text in strings if text in special)]))
