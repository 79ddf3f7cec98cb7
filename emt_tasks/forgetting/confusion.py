"""What was said in the place of what: each label against each answer, with bins for answers that name no one label."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.contrasts import Interval
from emt_tasks.forgetting.failures import EMPTY, FAILURES, FOREIGN, NONE, SEVERAL, failures_of
from emt_tasks.labels import label_set
from emt_tasks.runs.records import TaskRows
from emt_tasks.statistics.intervals import wilson

BINS = (SEVERAL, FOREIGN, NONE, EMPTY)
_LEFT_OUT = -1  # unscored rows, and a single answer that is no label of the set


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """The answers of one run on one set.

    Attributes:
        run, key: which.
        labels: of the set, in index order.
        counts: (C, C + 4) int64: rows of each label by answer, the labels and then `BINS`. `foreign` are answers that
            name no label of the set but one of another set, `none` say something else.
    """

    run: str
    key: str
    labels: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def answers(self) -> tuple[str, ...]:
        """What the columns of `counts` stand for."""
        return (*self.labels, *BINS)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A label and a wrong answer to it.

    Attributes:
        label, answer: what it was, and what was said: a label or one of `BINS`.
        count, of: how often, of how many pictures of the label.
    """

    label: str
    answer: str
    count: int
    of: int

    @property
    def interval(self) -> Interval:
        """95 % Wilson interval of the share."""
        return wilson(self.count, self.of)


def confusion(run: str, key: str, rows: TaskRows) -> Confusion | None:
    """The confusion of a run on one of our sets; None for other tasks, which name no answers."""
    if key not in sets.SHOWN:
        return None
    labels = label_set(key).labels
    place = {label: index for index, label in enumerate(labels)}
    gold = np.array([place.get(label, _LEFT_OUT) for label in rows.rows.label.values], np.int64)[rows.rows.label.codes]
    answer = _answers(rows, place)
    width = len(labels) + len(BINS)
    kept = (gold != _LEFT_OUT) & (answer != _LEFT_OUT)
    tally = np.bincount(gold[kept] * width + answer[kept], minlength=len(labels) * width)
    return Confusion(run, key, labels, tally.reshape(len(labels), width))


def _answers(rows: TaskRows, place: dict[str, int]) -> NDArray[np.int64]:
    """(n,) the column of each row's answer."""
    said = rows.rows.prediction
    named = [_LEFT_OUT if value is None else place.get(value, _LEFT_OUT) for value in said.values]
    found = np.array(named, np.int64)[said.codes]
    ways = failures_of(rows)
    for column, way in enumerate(BINS):
        found[ways == FAILURES.index(way)] = len(place) + column
    found[~rows.scored] = _LEFT_OUT
    return found


def mistakes(told: Confusion, most: int) -> tuple[Mistake, ...]:
    """The `most` commonest wrong answers, by share of the label's pictures, then by number and by index."""
    counts = told.counts.copy()
    of = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    rows, columns = np.nonzero(counts)
    found = [(int(row), int(column), int(counts[row, column])) for row, column in zip(rows, columns, strict=True)]
    found.sort(key=lambda one: (-one[2] / of[one[0]], -one[2], one[0], one[1]))
    answers = told.answers
    return tuple(Mistake(told.labels[row], answers[column], count, int(of[row])) for row, column, count in found[:most])
