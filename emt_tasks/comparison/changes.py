"""Two runs of one task, row by row: pure functions of their columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.pairing import paired
from emt_tasks.runs.records import OUTCOMES, Row, Rows, TaskRows
from emt_tasks.statistics.intervals import wilson
from emt_tasks.statistics.mcnemar import holm, mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe
from emt_tasks.statistics.power import measured, smallest_drop

FOREIGN = "foreign"  # counted beside the outcomes
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Change:
    """How a share changed from A to B.

    Attributes:
        what: `accuracy`, an outcome, or a label.
        table: on how many rows it held for both, for one, for neither.
        interval: 95 % (Newcombe) of the difference, B's share less A's.
    """

    what: str
    table: PairedTable
    interval: Interval

    @property
    def interval_a(self) -> Interval:
        """95 % Wilson interval of A's share."""
        return wilson(self.table.both + self.table.only_a, self.table.n)

    @property
    def interval_b(self) -> Interval:
        """95 % Wilson interval of B's share."""
        return wilson(self.table.both + self.table.only_b, self.table.n)


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task under a reading, from run A to run B, on the rows that both have and could be read in both.

    Attributes:
        a, b: the runs' names.
        accuracy: the change of the share of right answers.
        p: exact McNemar.
        p_holm: corrected over the tasks of this pair of runs.
        outcomes: of each outcome that occurs, then of `foreign` where it does.
        classes: of each label's accuracy, the greatest loss first.
        lost, gained: the rows that only A, only B has right, as (A's, B's); in the order of their pictures' hashes,
            which is a fixed order that nobody chose.
        unpaired_a, unpaired_b: rows that only one of them has.
        unscored: pairs left out because one of the two could not be read.
        paired_by: `image`, `id`, or `doc_id`.
        shows: the least change in accuracy that so many rows, agreeing as these do, show with a probability of 80 %.
    """

    task: str
    reading: str
    a: str
    b: str
    accuracy: Change
    p: float
    p_holm: float
    outcomes: tuple[Change, ...]
    classes: tuple[Change, ...]
    lost: tuple[tuple[Row, Row], ...]
    gained: tuple[tuple[Row, Row], ...]
    unpaired_a: int
    unpaired_b: int
    unscored: int
    paired_by: str
    shows: float | None

    @property
    def n(self) -> int:
        """The number of pairs."""
        return self.accuracy.table.n


def changed(name_a: str, a: TaskRows, name_b: str, b: TaskRows) -> TaskChange | None:
    """What changed from `a` to `b`; None where no row is in both and was read in both. `p_holm` is `p` as yet."""
    pairs = paired(a, b)
    read = a.scored[pairs.a] & b.scored[pairs.b]
    rows_a, rows_b = a.rows.taken(pairs.a[read]), b.rows.taken(pairs.b[read])
    if not len(rows_a):
        return None
    right_a, right_b = a.correct[pairs.a[read]], b.correct[pairs.b[read]]
    accuracy = _change("accuracy", right_a, right_b)
    table = accuracy.table
    p = mcnemar(table.only_a, table.only_b)
    order = _fixed_order(rows_a)
    return TaskChange(
        task=a.task,
        reading=a.reading,
        a=name_a,
        b=name_b,
        accuracy=accuracy,
        p=p,
        p_holm=p,
        outcomes=_outcomes(rows_a, rows_b),
        classes=_classes(rows_a, right_a, right_b),
        lost=_told(rows_a, rows_b, order[(right_a & ~right_b)[order]]),
        gained=_told(rows_a, rows_b, order[(right_b & ~right_a)[order]]),
        unpaired_a=len(pairs.only_a),
        unpaired_b=len(pairs.only_b),
        unscored=int(np.sum(~read)),
        paired_by=pairs.by,
        shows=smallest_drop(table.n, measured(table.churn)),
    )


def corrected(changes: Sequence[TaskChange]) -> tuple[TaskChange, ...]:
    """The changes of one pair of runs with `p_holm` over all of them that share a reading."""
    found = list(changes)
    for reading in {change.reading for change in changes}:
        places = [place for place, change in enumerate(changes) if change.reading == reading]
        for place, p in zip(places, holm([changes[place].p for place in places]), strict=True):
            found[place] = replace(found[place], p_holm=p)
    return tuple(found)


def _change(what: str, a: NDArray[np.bool_], b: NDArray[np.bool_]) -> Change:
    table = PairedTable.of(a, b)
    return Change(what, table, newcombe(table))


def _outcomes(a: Rows, b: Rows) -> tuple[Change, ...]:
    found = []
    for code, outcome in enumerate(OUTCOMES):
        in_a, in_b = a.outcome.codes == code, b.outcome.codes == code
        if outcome is not Outcome.CORRECT and (in_a.any() or in_b.any()):
            found.append(_change(outcome.value, in_a, in_b))
    foreign_a, foreign_b = _names_foreign(a), _names_foreign(b)
    return (*found, _change(FOREIGN, foreign_a, foreign_b)) if (foreign_a | foreign_b).any() else tuple(found)


def _names_foreign(rows: Rows) -> NDArray[np.bool_]:
    return np.array([bool(names) for names in rows.foreign.values], bool)[rows.foreign.codes]


def _classes(rows: Rows, right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> tuple[Change, ...]:
    there = np.unique(rows.label.codes).tolist()
    masks = ((rows.label.values[code], rows.label.codes == code) for code in there)
    found = [_change(label, right_a[mask], right_b[mask]) for label, mask in masks]
    return tuple(sorted(found, key=lambda change: (change.table.difference, change.what)))


def _fixed_order(rows: Rows) -> NDArray[np.intp]:
    return np.argsort(rows.doc_id if rows.image is None else rows.image, kind="stable")


def _told(a: Rows, b: Rows, places: NDArray[np.intp]) -> tuple[tuple[Row, Row], ...]:
    return tuple((a[place], b[place]) for place in places.tolist())
