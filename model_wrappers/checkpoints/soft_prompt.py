"""Prompt tuning (arXiv 2104.08691): learnt vectors before every prompt, as tokens beyond the vocabulary.

PEFT prepends the vectors to the embeddings in a forward pass of its own, which knows no pictures and no label tries.
Here each vector has a token id of its own, one beyond the vocabulary's last, and the table of embeddings has rows for
them: to generation, batching and scoring a learnt prompt is text like any other. Files are PEFT's own.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

KEY = "prompt_embeddings"
"""What PEFT calls the vectors, (tokens, width), in a file."""


class PromptedEmbedding(nn.Module):
    """A table of embeddings with learnt rows after its own.

    Args:
        table: of the vocabulary, as it was.
        vectors: (tokens, width).
    """

    def __init__(self, table: nn.Module, vectors: nn.Parameter) -> None:
        super().__init__()
        self.table = table
        self.vectors = vectors

    @property
    def first(self) -> int:
        """The id of the first learnt token."""
        return int(self.weight.shape[0])

    @property
    def weight(self) -> Tensor:
        """The vocabulary's own rows."""
        weight = self.table.weight
        assert isinstance(weight, Tensor)
        return weight

    def forward(self, ids: Tensor) -> Tensor:
        """The embeddings, (..., width), of `ids` (...)."""
        learnt = ids >= self.first
        own: Tensor = self.table(ids.masked_fill(learnt, 0))
        rows = self.vectors[(ids - self.first).clamp_min(0)].to(own.dtype)
        return torch.where(learnt.unsqueeze(-1), rows, own)


def put_on(model: Any, vectors: Tensor) -> PromptedEmbedding:
    """Give the input embeddings of `model` rows for `vectors`, (tokens, width)."""
    prompted = PromptedEmbedding(model.get_input_embeddings(), nn.Parameter(vectors))
    model.set_input_embeddings(prompted)
    return prompted


def learnt_tokens(model: Any) -> range:
    """The ids of the tokens that stand before every prompt; empty where none were learnt."""
    table = model.get_input_embeddings()
    return range(table.first, table.first + len(table.vectors)) if isinstance(table, PromptedEmbedding) else range(0)


def prompted(inputs: Mapping[str, Any], learnt: range) -> dict[str, Any]:
    """`inputs` with the learnt tokens before each row's first, after its padding on the left.

    Args:
        inputs: of B prompts padded on one side; `input_ids` and `attention_mask`, (B, n), and what else has their
            shape, such as token types, which are 0 for text.
        learnt: their ids, k of them; the result's rows have n + k tokens.
    """
    if not learnt:
        return dict(inputs)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    rows, length = ids.shape
    padding = mask.long().argmax(dim=1, keepdim=True)  # (B, 1), tokens before the first that counts
    places = torch.arange(length + len(learnt), device=ids.device).expand(rows, -1)
    within = places - padding  # 0 at the first learnt token
    is_learnt = (within >= 0) & (within < len(learnt))
    old = torch.where(within < 0, places, places - len(learnt)).clamp(0, length - 1)
    fills = {
        "input_ids": (within + learnt.start).to(ids.dtype),
        "attention_mask": torch.ones_like(places, dtype=mask.dtype),
    }
    grown = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, Tensor) and value.shape == (rows, length):
            fill = fills.get(name, torch.zeros_like(places, dtype=value.dtype))
            grown[name] = torch.where(is_learnt, fill, value.gather(1, old))
    return grown
