"""Intervals by drawing rows again, for what has no formula: ratios, means over sets, changes of changes.

Rows of a paired comparison are of four kinds (see `PairedTable`), and what is drawn depends on how many there are of
each alone. So the counts are drawn, from a multinomial distribution, and not the rows: the same draw at a thousandth
of the work.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emt_tasks.statistics.paired import PairedTable

RESAMPLES = 10_000
SEED = 20230919  # the paper's day; fixed, so that a report reads the same each time it is made


def resampled(
    counts: Sequence[int], resamples: int = RESAMPLES, rng: np.random.Generator | None = None
) -> NDArray[np.int64]:
    """How many rows of each kind there are in each of `resamples` draws, with replacement, of all rows.

    Args:
        counts: (k,) rows of each kind.
        resamples: number of draws.
        rng: where chance comes from; by default begun anew with `SEED`.

    Returns:
        (resamples, k) int64; each line adds up to the number of rows.

    Raises:
        ValueError: there are no rows.
    """
    n = sum(counts)
    if n == 0:
        raise ValueError("no rows to draw from.")
    chance = np.random.default_rng(SEED) if rng is None else rng
    return chance.multinomial(n, np.asarray(counts, np.float64) / n, size=resamples)


def percentiles(drawn: NDArray[np.float64], confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of a statistic's draws; draws that are no number (a ratio to 0) are left out."""
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def paired_bootstrap(
    tables: Sequence[PairedTable],
    statistic: Callable[[Sequence[NDArray[np.float64]]], NDArray[np.float64]] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[float, float]:
    """The percentile interval of a statistic of one or more paired tables whose rows are independent of each other.

    Args:
        tables: for each set, how A and B did on its rows.
        statistic: draws to values: from one (resamples, 4) array a table, of shares of both, only A, only B, neither,
            to (resamples,). By default the mean over the tables of B's share less A's.
        confidence: in (0, 1).
        resamples: number of draws.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    drawn = [resampled(table.cells, resamples, rng) / table.n for table in tables]
    return percentiles((statistic or mean_difference)(drawn), confidence)


def mean_difference(drawn: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(resamples,) the mean over sets of B's share less A's."""
    return np.asarray(np.mean([shares[:, 2] - shares[:, 1] for shares in drawn], axis=0))


def mean_ratio(drawn: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(resamples,) the mean over sets of B's share divided by A's: what is retained. NaN where A has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = [(shares[:, 0] + shares[:, 2]) / (shares[:, 0] + shares[:, 1]) for shares in drawn]
    found = np.asarray(np.mean(each, axis=0))
    return np.where(np.isfinite(found), found, np.nan)
