"""Numbers with their intervals: of one set, and joined over sets, whose rows have nothing to do with each other."""

from collections.abc import Iterable, Mapping
from math import sqrt

from emt_tasks.outcomes import Outcome
from emt_tasks.statistics.intervals import wilson
from emt_tasks.statistics.paired import PairedTable
from emt_tasks.statistics.ratio import ratio
from leaderboard.board.view import Against, Estimate, Scored
from leaderboard.entry.schema import CountFields

Limits = tuple[float, float, float | None]
"""A number with its limits; None is no upper bound."""


def scored(counts: CountFields) -> Scored:
    """One set under one reading, of its counts."""
    n = counts.n
    low, high = wilson(counts.correct, n)
    shares = {outcome.value: counts.of(outcome) / n for outcome in Outcome}
    return Scored(n, counts.correct, counts.correct / n, low, high, shares, counts.foreign / n)


def joined(parts: Iterable[Limits]) -> Estimate | None:
    """The mean over sets with its interval; None of no sets.

    Source: G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008), 1693-1702: limits of a sum from those of its parts.
    """
    each = list(parts)
    if not each:
        return None
    k, mean = len(each), sum(value for value, _, _ in each) / len(each)
    below = sqrt(sum((value - low) ** 2 for value, low, _ in each)) / k
    highs = [high for _, _, high in each if high is not None]
    if len(highs) < k:
        return Estimate(mean, mean - below, None, k)
    above = sqrt(sum((high - value) ** 2 for (value, _, _), high in zip(each, highs, strict=True))) / k
    return Estimate(mean, mean - below, mean + above, k)


def macro(results: Iterable[Scored]) -> Estimate | None:
    """The mean accuracy over sets; limits within [0, 1]."""
    found = joined((one.accuracy, one.low, one.high) for one in results)
    if found is None or found.high is None:
        return found
    return Estimate(found.value, max(0.0, found.low), min(1.0, found.high), found.of)


def retained(against: Against) -> Estimate | None:
    """The accuracy divided by the other's, on the rows that both have; None where the other has none right."""
    table = PairedTable(against.both, against.only_other, against.only_this, against.neither)
    found = ratio(table)
    return None if found is None else Estimate(found[0], found[1], found[2], 1)


def mean_shares(parts: Iterable[Scored]) -> tuple[Mapping[str, float], float]:
    """The shares of outcomes, and of foreign words, each set counting the same."""
    each = list(parts)
    shares = {outcome.value: sum(one.shares[outcome.value] for one in each) / len(each) for outcome in Outcome}
    return shares, sum(one.foreign for one in each) / len(each)
