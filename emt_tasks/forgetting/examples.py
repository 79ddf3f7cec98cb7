"""Pictures with what was said of them, for each outcome: drawn by a rule, not picked."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.measures import series_of
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import OUTCOMES, TaskRows

FOREIGN = "foreign"
KINDS = (*(outcome.value for outcome in Outcome if outcome is not Outcome.UNSCORED), FOREIGN)
RULE = (
    'For each model, set and outcome the picture whose sha256 of "SEED:" and its own sha256 is smallest, with seed '
    "{seed}: the same pictures whoever draws them, and nobody picked them. foreign is drawn from all answers that name "
    "a label which only another set has."
)


@dataclass(frozen=True, slots=True)
class Example:
    """One answer.

    Attributes:
        run, key: of which run on which set.
        kind: the outcome, or `foreign`.
        image: sha256 of the picture's pixels; None where the log does not tell it.
        doc_id: the row's number in its split.
        task: as it was asked.
        label: what it shows.
        raw: the answer.
        outcome: of the answer; for `foreign` it may be any.
        before: what the base said of the same picture, for checkpoints.
    """

    run: str
    key: str
    kind: str
    image: str | None
    doc_id: int
    task: str
    label: str
    raw: str
    outcome: Outcome
    before: str | None


def shown_places(told: Gathered) -> tuple[Place, ...]:
    """Whose answers are looked at: the bases, each tuning's last checkpoint, and checkpoints without a base."""
    last = {series[-1].run for series in series_of(told)}
    return tuple(
        place
        for place in told.places
        if place.role is Role.BASE or place.run in last or (place.role is Role.TUNED and place.base is None)
    )


def examples(told: Gathered, seed: int, each: int) -> tuple[Example, ...]:
    """`each` examples of each kind for each model and set, as `RULE` says."""
    ranks: dict[bytes, bytes] = {}
    return tuple(
        example
        for place in shown_places(told)
        for key in told.keys
        if (rows := told.rows.get((place.run, key))) is not None
        for example in _drawn(told, place, key, rows, seed, each, ranks)
    )


def _drawn(
    told: Gathered, place: Place, key: str, rows: TaskRows, seed: int, each: int, ranks: dict[bytes, bytes]
) -> Iterator[Example]:
    order = _order(rows, seed, ranks)
    takes = np.array([bool(labels) for labels in rows.rows.foreign.values], bool)[rows.rows.foreign.codes]
    codes = rows.rows.outcome.codes
    base = told.rows.get((place.base, key)) if place.base else None
    for kind in KINDS:
        of_kind = takes if kind == FOREIGN else codes == OUTCOMES.index(Outcome(kind))
        for at in order[of_kind[order]][:each].tolist():
            row = rows.rows[at]
            before = _said_before(base, row.image, row.label) if base is not None else None
            yield Example(
                place.run, key, kind, row.image, row.doc_id, rows.task, row.label, row.raw, row.outcome, before
            )


def _order(rows: TaskRows, seed: int, ranks: dict[bytes, bytes]) -> NDArray[np.intp]:
    """The rows by the rule; by their number, written out, where the log tells no pictures."""
    column = rows.rows.image
    keys = [str(number).encode() for number in rows.rows.doc_id.tolist()] if column is None else column.tolist()
    for key in keys:
        if key not in ranks:
            ranks[key] = hashlib.sha256(b"%d:%s" % (seed, key)).digest()
    return np.argsort(np.array([ranks[key] for key in keys], "V32").view("S32").ravel(), kind="stable")


def _said_before(base: TaskRows, image: str | None, label: str) -> str | None:
    """The base's answer about a picture, where it was asked about it."""
    if image is None or base.rows.image is None:
        return None
    same = np.flatnonzero(base.rows.image == image.encode("ascii"))
    at = next((place for place in same.tolist() if base.rows.label[place] == label), None)
    return None if at is None else base.rows.raw[at]
