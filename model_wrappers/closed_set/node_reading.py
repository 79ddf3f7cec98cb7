"""From hidden states to label scores: the output head only where a label's token is read, a few rows at a time."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from model_wrappers.closed_set.label_scores import LabelScores
from model_wrappers.closed_set.label_trie import LabelTrie

LOGITS_AT_ONCE = 2**24  # elements of (B, rows, vocabulary) in memory: 64 MB in float32


class NodeReading(NamedTuple):
    """What a model thinks of each node of a trie.

    Attributes:
        logp: (B, nodes) float32, log-probability of the node's token after its parent.
        greedy: (B, nodes) bool, whether it is the first choice there.
        end: (B, nodes) float32, log-probability of an end token after the node; None where not asked for.
    """

    logp: Tensor
    greedy: Tensor
    end: Tensor | None


class TrieTensors(NamedTuple):
    """A trie on a device.

    Attributes:
        tokens: (N,) int64.
        depths: (N,) int64.
        parent_rows: (N,) int64, row of the parent where row 0 is the prompt's last token and row i + 1 is node i.
        paths: (L, longest) int64, each label's nodes, filled up with N.
        lengths: (L,) int64.
        terminals: (L,) int64.
    """

    tokens: Tensor
    depths: Tensor
    parent_rows: Tensor
    paths: Tensor
    lengths: Tensor
    terminals: Tensor


@lru_cache(maxsize=16)
def trie_tensors(trie: LabelTrie, device: torch.device) -> TrieTensors:
    """`trie` on `device`; made once."""
    longest = max(map(len, trie.paths))
    paths = [path + (len(trie.tokens),) * (longest - len(path)) for path in trie.paths]
    parts = (trie.tokens, trie.depths, [parent + 1 for parent in trie.parents], paths)
    lengths = [len(path) for path in trie.paths]
    return TrieTensors(*(torch.tensor(part, device=device) for part in (*parts, lengths, trie.terminals)))


def output_head(model: Any) -> Callable[[Tensor], Tensor]:
    """The function from hidden states (..., d) to float32 logits (..., vocabulary)."""
    head = model.get_output_embeddings()

    def logits(hidden: Tensor) -> Tensor:
        elsewhere = not head.weight.is_meta  # a head on disk comes to where its input is
        raw: Tensor = head(hidden.to(head.weight.device) if elsewhere else hidden)
        return raw.float()

    return logits


def read_nodes(
    head: Callable[[Tensor], Tensor], hidden: Tensor, vocabulary: int, trie: LabelTrie, end_tokens: Sequence[int]
) -> NodeReading:
    """The trie's nodes as the rows of `hidden` predict them.

    Args:
        head: hidden states to float32 logits.
        hidden: (B, 1 + fed, d): the prompt's last token, then the trie's first `fed` nodes: the inner ones, or all
            where `end_tokens` are given.
        vocabulary: width of the logits.
        trie: the labels.
        end_tokens: ids that end an answer; their probabilities are added up.
    """
    at = trie_tensors(trie, hidden.device)
    batch, rows = hidden.shape[:2]
    logp = torch.empty(batch, len(trie.tokens), device=hidden.device)
    greedy = torch.empty_like(logp, dtype=torch.bool)
    end = torch.empty(batch, rows, device=hidden.device) if end_tokens else None
    step = max(1, LOGITS_AT_ONCE // (batch * vocabulary))
    for start in range(0, rows, step):
        logits = head(hidden[:, start : start + step]).to(hidden.device)  # (B, step, vocabulary)
        norm = logits.logsumexp(dim=-1)
        nodes = ((at.parent_rows >= start) & (at.parent_rows < start + step)).nonzero()[:, 0]
        row, token = at.parent_rows[nodes] - start, at.tokens[nodes]
        logp[:, nodes] = logits[:, row, token] - norm[:, row]
        greedy[:, nodes] = logits.argmax(dim=-1)[:, row] == token
        if end is not None:
            end[:, start : start + step] = logits[..., list(end_tokens)].logsumexp(dim=-1) - norm
    return NodeReading(logp, greedy, end[:, 1:] if end is not None else None)


def label_scores(reading: NodeReading, trie: LabelTrie) -> LabelScores:
    """Each label's score: the sum over its path."""
    at = trie_tensors(trie, reading.logp.device)
    logp = torch.nn.functional.pad(reading.logp, (0, 1))  # node N, which fills up short paths, adds nothing
    greedy = torch.nn.functional.pad(reading.greedy, (0, 1), value=True)
    return LabelScores(
        total=logp[:, at.paths].sum(dim=-1),
        greedy=greedy[:, at.paths].all(dim=-1),
        lengths=at.lengths,
        end=None if reading.end is None else reading.end[:, at.terminals],
    )
