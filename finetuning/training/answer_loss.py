"""The loss of answers alone: logits are made where an answer's token is to be told, and nowhere else."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from finetuning.training.collation import IGNORED


def answer_loss(model: nn.Module, batch: dict[str, Any], tokens: Tensor | int | None, narrow: bool) -> Tensor:
    """Cross-entropy of the answers' tokens, summed and divided by `tokens`; their mean for None.

    Args:
        model: a transformers model, or one that calls one.
        batch: its inputs, and `labels` (B, n), -100 where a token carries no loss.
        tokens: that carry loss in all passes of the step.
        narrow: whether the model makes logits for some places only (`takes_places`); a prompt of 600 tokens and a
            vocabulary of 32,000 would be 20 million numbers a row otherwise.
    """
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    labels = batch["labels"]
    wanted = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)  # what is told at each place
    if narrow:
        places = (wanted != IGNORED).any(dim=0).nonzero().squeeze(1)  # (k,), those of any row
        logits = model(**inputs, logits_to_keep=places, use_cache=False)["logits"]
        wanted = wanted[:, places]
    else:
        logits = model(**inputs, use_cache=False)["logits"]
    flat, aims = logits.flatten(0, 1).float(), wanted.flatten().to(logits.device)
    total = nn.functional.cross_entropy(flat, aims, ignore_index=IGNORED, reduction="sum")
    count = (aims != IGNORED).sum() if tokens is None else tokens
    return total / count


def takes_places(model: Any) -> bool:
    """Whether the forward pass of `model` can be asked for logits at some places only."""
    return "logits_to_keep" in inspect.signature(type(model).forward).parameters
