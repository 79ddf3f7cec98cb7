"""Two readings of the same rows: where they agree, by how much more than chance, and where they differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.coded import Coded
from emt_tasks.runs.pairing import paired
from emt_tasks.runs.records import Rows, Run, TaskRows
from emt_tasks.statistics.intervals import wilson
from emt_tasks.statistics.kappa import Kappa, cohen

OUTCOMES = tuple(Outcome)
_PLACE = {outcome: place for place, outcome in enumerate(OUTCOMES)}
_CORRECT, _UNSCORED = _PLACE[Outcome.CORRECT], _PLACE[Outcome.UNSCORED]


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer to one label on which two readings differ.

    Attributes:
        label: the right one.
        raw: the answer.
        outcomes: under either reading.
        predictions: likewise; None where it names not exactly one.
        rows: the numbers of the rows that have this answer and label.
    """

    label: str
    raw: str
    outcomes: tuple[Outcome, Outcome]
    predictions: tuple[str | None, str | None]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings of one task's rows in one run.

    Attributes:
        readings: their names.
        n: rows that both read.
        unscored: rows of both that one of them could not read; in `confusion`, in nothing else.
        alone: rows that only the first has, and only the second.
        confusion: (6, 6) counts, the first reading's outcome down, the second's across, in the order of `OUTCOMES`.
        correct: rows right under either.
        kappa: of right or wrong, over the rows that both read.
        kappa_outcomes: of the outcomes, likewise.
        differences: every answer on whose outcome they differ, the most frequent first.
    """

    run: str
    task: str
    readings: tuple[str, str]
    n: int
    unscored: int
    alone: tuple[int, int]
    confusion: tuple[tuple[int, ...], ...]
    correct: tuple[int, int]
    kappa: Kappa | None
    kappa_outcomes: Kappa | None
    differences: tuple[Difference, ...]

    @property
    def agreeing(self) -> int:
        """Rows with the same outcome under both."""
        return sum(self.confusion[k][k] for k in range(len(OUTCOMES)) if k != _UNSCORED)

    @property
    def intervals(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The 95 % Wilson interval of the accuracy under either."""
        return wilson(self.correct[0], self.n), wilson(self.correct[1], self.n)


def pairs_of(runs: Sequence[Run], readings: Collection[str] = ()) -> list[Pair]:
    """Every two readings of each task of each run; of `readings` alone, where some are named."""
    found = []
    for run in runs:
        for task in dict.fromkeys(rows.task for rows in run.tasks):
            read = [rows for rows in run.tasks if rows.task == task and (not readings or rows.reading in readings)]
            found += [pair_of(run.name, a, b) for a, b in combinations(read, 2)]
    return found


def pair_of(run: str, a: TaskRows, b: TaskRows) -> Pair:
    """Two readings of the same task, row by row."""
    rows = paired(a, b)
    first, second = a.rows.taken(rows.a), b.rows.taken(rows.b)
    down, across = _places(first.outcome), _places(second.outcome)
    confusion = np.zeros((len(OUTCOMES), len(OUTCOMES)), dtype=np.int64)
    np.add.at(confusion, (down, across), 1)
    read = (down != _UNSCORED) & (across != _UNSCORED)
    right = down[read] == _CORRECT, across[read] == _CORRECT
    either = [[int((right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())],
              [int((~right[0] & right[1]).sum()), int((~right[0] & ~right[1]).sum())]]  # fmt: skip
    return Pair(
        run=run,
        task=a.task,
        readings=(a.reading, b.reading),
        n=int(read.sum()),
        unscored=int((~read).sum()),
        alone=(len(rows.only_a), len(rows.only_b)),
        confusion=tuple(tuple(line) for line in confusion.tolist()),
        correct=(int(right[0].sum()), int(right[1].sum())),
        kappa=cohen(either),
        kappa_outcomes=cohen(
            [[int(x) for x in line] for line in np.delete(np.delete(confusion, _UNSCORED, 0), _UNSCORED, 1)]
        ),
        differences=_differences(first, second, np.flatnonzero(read & (down != across))),
    )


def _places(outcomes: Coded[Outcome]) -> NDArray[np.intp]:
    return np.array([_PLACE[value] for value in outcomes.values], dtype=np.intp)[outcomes.codes]


def _differences(a: Rows, b: Rows, places: NDArray[np.intp]) -> tuple[Difference, ...]:
    grouped: dict[tuple[int, ...], list[int]] = {}
    for place in places.tolist():
        key = tuple(
            int(column.codes[place]) for column in (a.label, a.raw, a.outcome, b.outcome, a.prediction, b.prediction)
        )
        grouped.setdefault(key, []).append(place)
    found = [
        Difference(
            a.label[rows[0]],
            a.raw[rows[0]],
            (a.outcome[rows[0]], b.outcome[rows[0]]),
            (a.prediction[rows[0]], b.prediction[rows[0]]),
            tuple(a.doc_id[rows].tolist()),
        )
        for rows in grouped.values()
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.rows), one.rows[0])))
