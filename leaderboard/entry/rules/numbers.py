"""Rules about counts and confusions: they are what the answers come to."""

from collections.abc import Iterator

import numpy as np

from emt_tasks.forgetting.confusion import confusion
from emt_tasks.runs.records import TaskRows
from leaderboard.entry.candidate import labels_of
from leaderboard.entry.case import Case
from leaderboard.entry.remarks import Remark
from leaderboard.entry.schema import LABEL_MATCH, CountFields


def counts(case: Case) -> Iterator[Remark]:
    """Counts add up to the rows, none above them, and are what the answers come to."""
    for key, by_reading in case.candidate.fields.counts.items():
        n = case.candidate.fields.datasets[key].n
        for reading, told in by_reading.items():
            those = case.rows.get((key, reading))
            if told.n != n or told.foreign > n:
                yield Remark("counts", f"{key}, {reading}: {told.n} outcomes and {told.foreign} foreign of {n} rows")
            elif those is not None and any(told.of(outcome) != count for outcome, count in those.counts.items()):
                yield Remark("counts", f"{key}, {reading}: the answers come to other counts")
            elif those is not None and told.foreign != (foreign := foreign_in(those)):
                yield Remark("counts", f"{key}, {reading}: {told.foreign} foreign where the answers have {foreign}")


def foreign_in(those: TaskRows) -> int:
    """How many answers name a label that only another set has."""
    column = those.rows.foreign
    return int(np.array([bool(labels) for labels in column.values], np.int64)[column.codes].sum())


def confusions(case: Case) -> Iterator[Remark]:
    """The confusions are what the answers come to; of numbers alone they add up to what was read."""
    candidate, told = case.candidate, case.candidate.fields
    for key in told.datasets:
        cells = told.confusion.get(key)
        if cells is None:
            if key in candidate.lines:
                yield Remark("confusions", f"{key}: missing")
        elif key in candidate.lines:
            if cells != confused(key, case.rows[key, LABEL_MATCH]):
                yield Remark("confusions", f"{key}: the answers come to others")
        else:
            yield from _cells(key, cells, told.counts[key][LABEL_MATCH])


def _cells(key: str, cells: tuple[tuple[int, int, int], ...], counted: CountFields) -> Iterator[Remark]:
    width = len(labels_of(key))
    if any(row >= width or column >= width + 4 for row, column, _ in cells) or len({cell[:2] for cell in cells}) < len(
        cells
    ):
        yield Remark("confusions", f"{key}: a cell is outside of {width} by {width + 4}, or there twice")
    elif sum(count for row, column, count in cells if row == column) != counted.correct:
        yield Remark("confusions", f"{key}: its diagonal is not the number of right answers")
    elif sum(count for *_, count in cells) > counted.n - counted.unscored:
        yield Remark("confusions", f"{key}: more answers than rows")


def confused(key: str, those: TaskRows) -> tuple[tuple[int, int, int], ...]:
    """The confusion of some rows as an entry writes it: (label, answer, count) of the cells above 0, in order."""
    found = confusion("", key, those)
    assert found is not None, "one of our sets"
    down, across = found.counts.nonzero()
    return tuple(zip(down.tolist(), across.tolist(), found.counts[down, across].tolist(), strict=True))
