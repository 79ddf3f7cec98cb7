"""How likely a model finds given answers: what the harness asks of `loglikelihood`, in batches."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import torch

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from model_wrappers.closed_set.logits import last_logits

Value = Likelihood  # its name here before


def answer_length(tokenizer: Any, prompt: str, answer: str) -> int:
    """The number of tokens at the end of `prompt + answer` that are the answer's: all past what both begin with.

    Raises:
        EmtError: the answer adds none.
    """
    alone = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    whole = tokenizer(prompt + answer, add_special_tokens=False)["input_ids"]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(alone, whole, strict=False)))
    if shared == len(whole):
        raise EmtError(f"the answer {answer!r} adds no token to its prompt, so it can't be scored.")
    return len(whole) - shared


@torch.inference_mode()
def values(model: Any, inputs: Mapping[str, Any], lengths: Sequence[int]) -> list[Likelihood]:
    """The likelihood of the answer that ends each row.

    Args:
        model: a transformers model that gives logits.
        inputs: B left-padded rows of prompt and answer, on the model's device.
        lengths: the number of the answer's tokens in each.
    """
    longest = max(lengths)
    logits = model(**inputs, use_cache=False, **last_logits(model, longest + 1)).logits[:, -longest - 1 : -1].float()
    ids = inputs["input_ids"][:, -longest:]
    losses = -logits.log_softmax(dim=-1).gather(-1, ids[..., None])[..., 0]  # (B, longest)
    hits = logits.argmax(dim=-1) == ids
    found = []
    for row, length in enumerate(lengths):
        loss, greedy = losses[row, longest - length :], hits[row, longest - length :]
        found.append(Likelihood(float(loss.mean()), bool(greedy.all()), total=-float(loss.sum())))
    return found
