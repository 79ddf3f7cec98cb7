"""Which rows of a set are seen in an epoch: pure rules over class indices and a seed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def generator(seed: int, *names: str) -> np.random.Generator:
    """A source of chance for one purpose, the same for the same seed and names."""
    return np.random.default_rng([seed, *(byte for name in names for byte in name.encode())])


def balanced(targets: Sequence[int] | Indices, seed: int) -> Indices:
    """Row numbers, as many of each class that occurs as the rarest has; in ascending order.

    >>> len(balanced([0, 0, 0, 1], seed=0))
    2
    """
    classes = np.asarray(targets, dtype=np.int64)
    found, counts = np.unique(classes, return_counts=True)
    chance = generator(seed, "balanced")
    kept = [chance.permutation(np.flatnonzero(classes == label))[: counts.min()] for label in found]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.int64)


def drawn(rows: Indices, most: int, seed: int) -> Indices:
    """At most `most` of `rows`, drawn without replacement, in ascending order; a larger draw contains a smaller one."""
    chosen: Indices = np.sort(generator(seed, "drawn").permutation(rows)[:most])
    return chosen


def weighted(rows: Indices, weight: float, seed: int) -> Indices:
    """`rows` with each as often as the whole part of `weight`, and a share of them, its fraction, once more.

    >>> weighted(np.array([4, 7]), 2.5, seed=0).tolist().count(4) in (2, 3)
    True
    """
    copies, fraction = int(weight), weight - int(weight)
    more = drawn(rows, round(fraction * len(rows)), seed) if fraction else rows[:0]
    repeated: Indices = np.concatenate([*([rows] * copies), more])
    return repeated
