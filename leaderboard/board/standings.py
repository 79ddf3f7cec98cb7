"""Who is ranked and where, who is not and why, and the order in which the table has them."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from emt_tasks.outcomes import Outcome
from leaderboard.board.estimates import macro
from leaderboard.board.material import Material
from leaderboard.board.ranking import pairwise, ranks
from leaderboard.board.settings import BoardSettings
from leaderboard.board.view import Entry, Estimate, Rank, Tier
from leaderboard.entry.schema import LABEL_MATCH


def ranked(models: Sequence[Entry], material: Material, settings: BoardSettings) -> tuple[list[Entry], int]:
    """The models with their ranks, or why they have none, and how many pairs were compared."""
    reasons = {one.id: _unranked(one, settings) for one in models}
    field = [one for one in models if reasons[one.id] is None]
    found: dict[str, tuple[Estimate | None, Rank]] = {}
    if field:
        correct = [np.stack([material.columns[one.id, key].correct for one in field]) for key in settings.sets]
        accuracy = [fmean(one.results[key].by[LABEL_MATCH].accuracy for key in settings.sets) for one in field]
        given = ranks(accuracy, pairwise(correct))
        found = {one.id: (macro_of(one, settings), rank) for one, rank in zip(field, given, strict=True)}
    told = [
        replace(one, macro=found[one.id][0], rank=found[one.id][1])
        if one.id in found
        else replace(one, macro=macro_of(one, settings), unranked=reasons[one.id])
        for one in models
    ]
    return told, len(field) * (len(field) - 1) // 2


def macro_of(entry: Entry, settings: BoardSettings) -> Estimate | None:
    """The mean accuracy over the board's sets; None where a set is missing."""
    if not set(settings.sets) <= set(entry.results):
        return None
    return macro(entry.results[key].by[LABEL_MATCH] for key in settings.sets)


def _unranked(entry: Entry, settings: BoardSettings) -> str | None:
    if entry.provenance.tier is Tier.REPORTED:
        return "tier"
    if not set(settings.sets) <= set(entry.results):
        return "sets"
    results = [entry.results[key] for key in settings.sets]
    if not all(one.comparable for one in results):
        return "rows"
    unread = any(one.by[LABEL_MATCH].shares[Outcome.UNSCORED.value] for one in results)
    return "unscored" if unread else None


def table_order(entry: Entry) -> tuple[object, ...]:
    """What the table is sorted by: ranked ones first, the best before others."""
    best = -entry.macro.value if entry.macro else 1.0
    return (entry.rank is None, entry.rank.tie if entry.rank else 0, best, entry.id)
