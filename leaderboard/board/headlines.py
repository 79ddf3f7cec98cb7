"""The three sentences on top of a page, as numbers: below the encoders, forgotten, made up."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, median

from scipy.special import bdtr, stdtrit  # scipy.stats says the same and takes half a second to import

from emt_tasks.forgetting.sets import SHOWN
from emt_tasks.outcomes import Outcome
from emt_tasks.statistics.intervals import wilson
from leaderboard.board.view import Entry, Headline

FIRST_CHOICE = "cifar100"  # the paper's sharpest set: ten times as many classes, and pictures as small
LEVEL = 0.05


def headlines(entries: Sequence[Entry], keys: Sequence[str]) -> tuple[Headline, ...]:
    """The three, in order; one of which nothing tells says so."""
    return _below_encoder(entries, keys), _forgetting(entries), _hallucination(entries)


def _below_encoder(entries: Sequence[Entry], keys: Sequence[str]) -> Headline:
    untuned = [one for one in entries if one.tuning.kind == "none"]
    for key in dict.fromkeys((FIRST_CHOICE, *keys)):
        gaps = [gap for one in untuned if (there := one.results.get(key)) and (gap := there.encoder) is not None]
        if gaps:
            low, high, exact = median_interval([gap.difference for gap in gaps])
            below = sum(gap.shown and gap.difference < 0 for gap in gaps)
            middle = median(gap.difference for gap in gaps)
            return Headline(
                "below_encoder",
                {"below": below, "of": len(gaps), "set": SHOWN[key], "median": middle, "low": low, "high": high,
                 "exact": int(exact)},
            )  # fmt: skip
    return Headline("none", {"about": "below_encoder"})


def median_interval(values: Sequence[float]) -> tuple[float, float, bool]:
    """Two of `values` between which the median lies with at least 95 %, and True.

    Where there are too few for that (fewer than six), least and greatest, and False.

    Source: W. J. Conover, Practical Nonparametric Statistics (1999), section 3.2: order statistics of the binomial.
    """
    ordered, n = sorted(values), len(values)
    inside = n // 2
    while inside > 0 and bdtr(inside - 1, n, 0.5) > LEVEL / 2:
        inside -= 1
    exact = inside > 0
    place = inside - 1 if exact else 0
    return ordered[place], ordered[n - 1 - place], exact


def _forgetting(entries: Sequence[Entry]) -> Headline:
    tuned = [one for one in entries if one.forgetting is not None]
    changes = [
        change
        for one in tuned
        for result in one.results.values()
        if (change := result.change) is not None and not result.tuned_on
    ]
    if not changes:
        return Headline("none", {"about": "forgetting"})
    parts = [one.forgetting for one in tuned if one.forgetting is not None]
    mean = fmean(-one.value for one in parts)
    # Models share a base and its rows, so that their errors may go the same way: limits are averaged, not joined.
    low = fmean(-(one.high if one.high is not None else 1.0) for one in parts)
    high = fmean(-one.low for one in parts)
    lower = sum(change.shown and change.difference < 0 for change in changes)
    return Headline("forgetting", {"lower": lower, "of": len(changes), "mean": mean, "low": low, "high": high})


def _hallucination(entries: Sequence[Entry]) -> Headline:
    """The mean share over models with the interval of their spread; of one model alone, Wilson's of its rows."""
    ranked = [one for one in entries if one.rank is not None]
    if not ranked:
        return Headline("none", {"about": "hallucination"})
    kinds = (Outcome.INTRINSIC.value, Outcome.EXTRINSIC.value)
    each = [sum(one.shares[kind] for kind in kinds) for one in ranked]
    n, share = sum(one.n for one in ranked), fmean(each)
    if len(each) == 1:
        low, high = wilson(round(share * n), n)
    else:
        spread = sqrt(sum((value - share) ** 2 for value in each) / (len(each) - 1) / len(each))
        reach = float(stdtrit(len(each) - 1, 1 - LEVEL / 2)) * spread
        low, high = max(0.0, share - reach), min(1.0, share + reach)
    return Headline("hallucination", {"share": share, "low": low, "high": high, "n": n})
