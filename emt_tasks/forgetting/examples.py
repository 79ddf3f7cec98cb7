"""Pictures with what was said of them, for each outcome, of models that are compared with no base."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emt_tasks.forgetting.drawing import Draw
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.measures import series_of
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import OUTCOMES, TaskRows

FOREIGN = "foreign"
KINDS = (*(outcome.value for outcome in Outcome if outcome is not Outcome.UNSCORED), FOREIGN)
RULE = (
    'For each model that is compared with no base, each set and outcome the {each} first by the sha256 of "SEED:" and '
    "the picture's own sha256, with seed {seed}: the same pictures whoever draws them, and nobody picked them. foreign "
    "is drawn from all answers that name a label which only another set has."
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


def shown_places(told: Gathered) -> tuple[Place, ...]:
    """Whose answers are looked at: the bases, each tuning's last checkpoint, and checkpoints without a base."""
    last = {series[-1].run for series in series_of(told)}
    return tuple(
        place
        for place in told.places
        if place.role is Role.BASE or place.run in last or (place.role is Role.TUNED and place.base is None)
    )


def examples(told: Gathered, draw: Draw, each: int) -> tuple[Example, ...]:
    """`each` examples of each kind for each model and set, as `RULE` says."""
    return tuple(
        example
        for place in shown_places(told)
        for key in told.keys
        if (rows := told.rows.get((place.run, key))) is not None and not _has_fate(told, place, key)
        for example in _drawn(place, key, rows, draw, each)
    )


def _has_fate(told: Gathered, place: Place, key: str) -> bool:
    """Whether `failures` tells what became of the base's answers instead."""
    return place.base is not None and told.contrast(place.base, place.run, key) is not None


def _drawn(place: Place, key: str, rows: TaskRows, draw: Draw, each: int) -> Iterator[Example]:
    order = draw.order(rows.rows)
    takes = np.array([bool(labels) for labels in rows.rows.foreign.values], bool)[rows.rows.foreign.codes]
    codes = rows.rows.outcome.codes
    for kind in KINDS:
        of_kind = takes if kind == FOREIGN else codes == OUTCOMES.index(Outcome(kind))
        for at in order[of_kind[order]][:each].tolist():
            row = rows.rows[at]
            yield Example(place.run, key, kind, row.image, row.doc_id, rows.task, row.label, row.raw, row.outcome)
