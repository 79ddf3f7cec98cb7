"""The difference of two accuracies on the same rows, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from emt_tasks.statistics.intervals import wilson


@dataclass(frozen=True, slots=True)
class PairedTable:
    """How often each, both or neither of two runs, A and B, were right (or did whatever is counted) on the same rows.

    Attributes:
        both, only_a, only_b, neither: numbers of rows.
    """

    both: int
    only_a: int
    only_b: int
    neither: int

    @classmethod
    def of(cls, a: ArrayLike, b: ArrayLike) -> "PairedTable":
        """The table of two (n,) bool columns whose rows belong together.

        Raises:
            ValueError: they have different lengths.
        """
        left, right = np.asarray(a, bool), np.asarray(b, bool)
        if left.shape != right.shape or left.ndim != 1:
            raise ValueError(f"columns of shape {left.shape} and {right.shape} are no pairs: pair the rows first.")
        both, only_a, only_b = (int(np.sum(cell)) for cell in (left & right, left & ~right, ~left & right))
        return cls(both, only_a, only_b, len(left) - both - only_a - only_b)

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """both, only A, only B, neither."""
        return self.both, self.only_a, self.only_b, self.neither

    @property
    def n(self) -> int:
        """The number of pairs."""
        return sum(self.cells)

    @property
    def share_a(self) -> float:
        """A's share, fraction in [0, 1]."""
        return (self.both + self.only_a) / self.n

    @property
    def share_b(self) -> float:
        """B's share, fraction in [0, 1]."""
        return (self.both + self.only_b) / self.n

    @property
    def difference(self) -> float:
        """B's share less A's, in [-1, 1]: below 0 where B is worse."""
        return (self.only_b - self.only_a) / self.n

    @property
    def churn(self) -> float:
        """The share of rows on which the two differ evenly, both ways, in [0, 1]: those beside a drop or a gain."""
        return 2 * min(self.only_a, self.only_b) / self.n

    @property
    def discordance(self) -> float:
        """The share of rows on which the two differ, in [0, 1]; agreement is the rest."""
        return (self.only_a + self.only_b) / self.n


def newcombe(table: PairedTable, confidence: float = 0.95) -> tuple[float, float]:
    """Newcombe's interval for `table.difference`, within [-1, 1]: two Wilson intervals, joined by their correlation.

    >>> low, high = newcombe(PairedTable(both=1, only_a=7, only_b=1, neither=12))
    >>> round(low, 3), round(high, 3)
    (-0.507, -0.026)

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 2635-2650, method 10; the example is that of Fagerland,
    Lydersen and Laake, Statistics in Medicine 33 (2014), 2850-2875.

    Raises:
        ValueError: there are no pairs, or `confidence` is not in (0, 1).
    """
    n = table.n
    if n == 0:
        raise ValueError("no pairs: the difference of nothing can't be told. Pair runs that share rows.")
    low_a, high_a = wilson(table.both + table.only_a, n, confidence)
    low_b, high_b = wilson(table.both + table.only_b, n, confidence)
    phi = correlation(table)
    a, b, difference = table.share_a, table.share_b, table.difference
    below = _joined(b - low_b, high_a - a, phi)
    above = _joined(high_b - b, a - low_a, phi)
    return max(-1.0, difference - below), min(1.0, difference + above)


def newcombe_mean(tables: Sequence[PairedTable], confidence: float = 0.95) -> tuple[float, float]:
    """The interval, within [-1, 1], of the mean over sets of `difference`; each set counts the same, whatever its rows.

    The intervals of the sets, whose rows have nothing to do with each other, are joined. It stays honest where few rows
    differ or none, which a bootstrap does not: that draws nothing it has not seen.

    Source: G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008), 1693-1702: limits of a sum from those of its parts.

    Raises:
        ValueError: there are no tables, or one of them has no pairs.
    """
    if not tables:
        raise ValueError("no sets to take a mean over.")
    each = [(table.difference, *newcombe(table, confidence)) for table in tables]
    mean = sum(difference for difference, _, _ in each) / len(each)
    below = sqrt(sum((difference - low) ** 2 for difference, low, _ in each)) / len(each)
    above = sqrt(sum((high - difference) ** 2 for difference, _, high in each)) / len(each)
    return max(-1.0, mean - below), min(1.0, mean + above)


def _joined(one: float, other: float, phi: float) -> float:
    return sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))


def correlation(table: PairedTable) -> float:
    """Phi of a table, in [-1, 1]: where it is positive corrected for continuity, 0 where a margin is empty."""
    both, only_a, only_b, neither = table.cells
    # As floats: the product of four margins of 10,000 rows is past 64 bits for anyone who ports this.
    margins = float(both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if margins == 0:
        return 0.0
    excess = float(both * neither - only_a * only_b)
    if excess > 0:
        excess = max(excess - table.n / 2, 0.0)
    return excess / sqrt(margins)


def pooled(tables: Sequence[PairedTable]) -> PairedTable:
    """All pairs of several tables in one, as if they were of one set."""
    return PairedTable(*(sum(column) for column in zip(*(table.cells for table in tables), strict=True)))
