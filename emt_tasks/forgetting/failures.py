"""What became of right answers: which pictures were answered rightly before tuning and wrongly after, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emt_tasks.forgetting.contrasts import shared_rows
from emt_tasks.forgetting.drawing import Draw
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place
from emt_tasks.forgetting.measures import series_of
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import OUTCOMES, TaskRows

FAILURES = OTHER, FOREIGN, SEVERAL, NONE, EMPTY = ("other", "foreign", "several", "none", "empty")
"""How an answer can be wrong; each wrong answer is so in one way.

`other` names one label of the set that is not the right one, `foreign` no label of the set but one that only another
set has, `several` more than one label of the set, `none` says something else, `empty` nothing.
"""
RULE = (
    "Of the pictures that the base answered rightly and the tuning's last checkpoint wrongly, for each tuning, set and "
    'way of being wrong the {each} first by the sha256 of "SEED:" and their own sha256, with seed {seed}: the same '
    "pictures whoever draws them, and nobody picked them."
)
NO_FAILURE = -1


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that was answered rightly before tuning and wrongly after.

    Attributes:
        image: sha256 of the picture's pixels; None where the log does not tell it.
        doc_id: the row's number in its split.
        task: as it was asked.
        label: what it shows.
        before, after: what the base and the checkpoint said.
        draw: sha256 that it was drawn by: of several failures the smallest comes first.
    """

    image: str | None
    doc_id: int
    task: str
    label: str
    before: str
    after: str
    draw: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the base's right answers about one set.

    Attributes:
        base, run, key: which runs on which set.
        tuned_on: whether the checkpoint was tuned on that set.
        right: how many the base had right, of the answers that could be read in both.
        gained: how many it had wrong and the checkpoint has right.
        lost: how many that it had right are wrong now, by `FAILURES`, none left out.
        drawn: some of them, in the order of the draw.
    """

    base: str
    run: str
    key: str
    tuned_on: bool
    right: int
    gained: int
    lost: Mapping[str, int]
    drawn: Mapping[str, tuple[Failure, ...]]

    @property
    def all_lost(self) -> int:
        """How many right answers were lost, in whichever way."""
        return sum(self.lost.values())


def failures_of(rows: TaskRows) -> NDArray[np.int8]:
    """(n,) in which way each answer is wrong, its place in `FAILURES`; -1 for those that are right or were not read."""
    outcome = rows.rows.outcome.codes
    found = np.full(rows.n, NO_FAILURE, np.int8)
    ways = {Outcome.INCORRECT: OTHER, Outcome.INTRINSIC: SEVERAL, Outcome.EXTRINSIC: NONE, Outcome.EMPTY: EMPTY}
    for kind, way in ways.items():
        found[outcome == OUTCOMES.index(kind)] = FAILURES.index(way)
    takes = np.array([bool(labels) for labels in rows.rows.foreign.values], bool)[rows.rows.foreign.codes]
    found[takes & (found == FAILURES.index(NONE))] = FAILURES.index(FOREIGN)
    return found


def fates(told: Gathered, draw: Draw, each: int) -> tuple[Fate, ...]:
    """What became of right answers under each tuning's last checkpoint on each set, with `each` failures of each kind.

    A set is left out where checkpoint and base are not to be compared.
    """
    return tuple(
        _fate(told, series[-1], key, draw, each)
        for series in series_of(told)
        for key in told.keys
        if told.contrast(series[-1].base or "", series[-1].run, key) is not None
    )


def _fate(told: Gathered, place: Place, key: str, draw: Draw, each: int) -> Fate:
    assert place.base is not None
    before, after = told.rows[place.base, key], told.rows[place.run, key]
    in_before, in_after = shared_rows(before, after)
    ways = np.full(after.n, NO_FAILURE, np.int8)
    was_right = before.correct[in_before]
    ways[in_after[was_right]] = failures_of(after)[in_after[was_right]]
    at_before = np.zeros(after.n, np.intp)
    at_before[in_after] = in_before
    gained = before.scored[in_before] & ~was_right & after.correct[in_after]
    lost = np.bincount(ways[ways != NO_FAILURE], minlength=len(FAILURES)).tolist()
    return Fate(
        base=place.base,
        run=place.run,
        key=key,
        tuned_on=key in place.sets,
        right=int((was_right & after.scored[in_after]).sum()),
        gained=int(gained.sum()),
        lost=dict(zip(FAILURES, lost, strict=True)),
        drawn={way: tuple(found) for way, found in _drawn(before, after, ways, at_before, draw, each) if found},
    )


def _drawn(
    before: TaskRows, after: TaskRows, ways: NDArray[np.int8], at_before: NDArray[np.intp], draw: Draw, each: int
) -> Iterator[tuple[str, list[Failure]]]:
    order = draw.order(after.rows)
    for number, way in enumerate(FAILURES):
        found = []
        for at in order[ways[order] == number][:each].tolist():
            row, said = after.rows[at], before.rows.raw[int(at_before[at])]
            rank = draw.rank(row.image, row.doc_id)
            found.append(Failure(row.image, row.doc_id, after.task, row.label, said, row.raw, rank))
        yield way, found
