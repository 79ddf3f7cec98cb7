"""The ratio of two accuracies on the same rows, and how sure it is."""

from math import sqrt

from emt_tasks.statistics.intervals import wilson
from emt_tasks.statistics.paired import PairedTable, correlation


def ratio(table: PairedTable, confidence: float = 0.95) -> tuple[float, float, float | None] | None:
    """B's share divided by A's with its interval: (value, low, high), all >= 0; `high` is None where there is no bound.

    None where A has none right, so that there is no ratio. The interval holds every R for which the interval of
    share_b - R share_a, joined from two Wilson intervals by their correlation, holds 0; so it stays honest where B has
    none right, which a bootstrap does not.

    >>> value, low, high = ratio(PairedTable(both=40, only_a=40, only_b=0, neither=20))
    >>> value, round(low, 3), round(high, 3)
    (0.5, 0.395, 0.615)

    Source: A. Donner, G. Zou, Statistical Methods in Medical Research 21 (2012), 347-359: limits of a ratio from those
    of its parts ("MOVER-R"), here with Wilson's for the parts.

    Raises:
        ValueError: there are no pairs, or `confidence` is not in (0, 1).
    """
    n = table.n
    if n == 0:
        raise ValueError("no pairs: the ratio of nothing can't be told. Pair runs that share rows.")
    a, b, phi = table.share_a, table.share_b, correlation(table)
    if a == 0:
        return None
    low_a, high_a = wilson(table.both + table.only_a, n, confidence)
    low_b, high_b = wilson(table.both + table.only_b, n, confidence)
    low = _root(b, a, b - low_b, high_a - a, phi, -1)
    high = _root(b, a, high_b - b, a - low_a, phi, +1)
    return b / a, max(low or 0.0, 0.0), high


def _root(b: float, a: float, reach_b: float, reach_a: float, phi: float, sign: int) -> float | None:
    """Where b - R a is as far from 0 as its interval reaches; None where it is nowhere."""
    square, half = a * a - reach_a * reach_a, a * b - phi * reach_a * reach_b
    if square <= 0:
        return None
    inner = half * half - square * (b * b - reach_b * reach_b)
    return (half + sign * sqrt(max(inner, 0.0))) / square
