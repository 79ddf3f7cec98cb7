"""Confusions as maps."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.confusion import BINS, Confusion
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.lineage import Role
from emt_tasks.forgetting.measures import series_of
from leaderboard.figures.confusion_map import confusion_map
from leaderboard.report.drawings.figure import Figure, data_table

MOST_LABELS = 15  # of a confusion; of a set with more, those with the most wrong answers
OTHER = "other label"


def confusion_maps(found: Findings) -> Iterator[Figure]:
    """Of each base, and on each set of the checkpoint that forgot the most of it."""
    called = naming.names(found.told)
    bases = {place.run for place in found.told.of(Role.BASE)}
    last = {series[-1].run for series in series_of(found.told)}
    worst = set()
    for key in found.told.keys:
        lost = [one for one in found.kept if one.run in last and one.change.key == key and not one.tuned_on]
        worst |= {(one.run, key) for one in sorted(lost, key=lambda one: (-one.forgetting, one.run))[:1]}
    chosen = [one for one in found.confusions if one.run in bases or (one.run, one.key) in worst]
    for number, one in enumerate(chosen, start=1):
        yield _confusion(one, called[one.run], number)


def _confusion(told: Confusion, called: str, number: int) -> Figure:
    labels, answers, counts = _cut(told)
    of = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    title = f"{called} on {sets.shown(told.key)}"
    part = (
        ""
        if len(labels) == len(told.labels)
        else f" The {len(labels)} of {len(told.labels)} labels with the most wrong answers."
    )
    spec = confusion_map(labels, answers, (counts / of).tolist(), title, f"Answers, % of each label's pictures.{part}")
    rows = [
        (label, answer, int(told.counts[row, column]))
        for row, label in enumerate(told.labels)
        for column, answer in enumerate(told.answers)
        if told.counts[row, column]
    ]
    return Figure(
        f"confusion-{number}",
        "confusion",
        f"Confusions of {title}.",
        spec,
        data_table(title, ("picture of", "answer", "times"), rows),
    )


def _cut(told: Confusion) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """The labels, answers and counts to draw: of a large set the labels with the most wrong answers, in index order."""
    if len(told.labels) <= MOST_LABELS:
        return list(told.labels), list(told.answers), told.counts
    wrong = told.counts.sum(axis=1) - np.diagonal(told.counts)
    kept = np.sort(np.argsort(-wrong, kind="stable")[:MOST_LABELS])
    n = len(told.labels)
    rows = told.counts[kept]
    others = rows[:, :n].sum(axis=1) - rows[:, kept].sum(axis=1)
    counts = np.column_stack([rows[:, kept], others, rows[:, n:]])
    labels = [told.labels[place] for place in kept.tolist()]
    return labels, [*labels, OTHER, *BINS], counts
