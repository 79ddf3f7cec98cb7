"""Which row is seen when: a rule of seed and epoch alone, so that a run that goes on sees what it would have seen."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from finetuning.records.selection import Indices, generator

BATCHES_SORTED = 50  # batches whose rows are sorted together: like lengths meet, and chance stays


def epoch_order(rows: int, seed: int, epoch: int, batch: int = 1, lengths: Sequence[int] | None = None) -> Indices:
    """The order of `rows` in an epoch; with `lengths`, rows of one batch have nearly one length.

    Args:
        rows: their number.
        seed: of the order.
        epoch: 0, 1, ...; each has another order.
        batch: rows that are computed together.
        lengths: of each row, in tokens.

    >>> sorted(epoch_order(5, seed=0, epoch=1).tolist())
    [0, 1, 2, 3, 4]
    """
    chance = generator(seed, "order", str(epoch))
    order: Indices = chance.permutation(rows)
    if lengths is None or not rows:
        return order
    length = np.asarray(lengths)
    several = batch * BATCHES_SORTED
    chunks = [order[start : start + several] for start in range(0, rows, several)]
    by_length = np.concatenate([chunk[np.argsort(-length[chunk], kind="stable")] for chunk in chunks])
    batches = [by_length[start : start + batch] for start in range(0, rows, batch)]
    last = [batches.pop()] if batches and len(batches[-1]) < batch else []  # a short batch stays the last
    mixed = [batches[place] for place in chance.permutation(len(batches))] + last
    return np.concatenate(mixed) if mixed else order


class EpochOrder(Sampler[int]):
    """`epoch_order` as a sampler; accelerate tells it the epoch."""

    def __init__(self, rows: int, seed: int, batch: int, lengths: Sequence[int] | None) -> None:
        self._rows, self._seed, self._batch, self._lengths = rows, seed, batch, lengths
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """The order of `epoch` is next."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[int]:
        yield from epoch_order(self._rows, self._seed, self._epoch, self._batch, self._lengths).tolist()
