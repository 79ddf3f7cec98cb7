"""The rows of a run that go into an entry: one variant of each set's task, whole, by every reading of those rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emt_tasks.errors import EmtError
from emt_tasks.forgetting import sets
from emt_tasks.labels import ALL_SETS
from emt_tasks.runs.records import Run, TaskRows
from leaderboard.entry.candidate import SAME_QUESTION
from leaderboard.entry.schema import LABEL_MATCH, READING


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """The rows of a run that go into an entry: by set its task's, one for each reading."""

    tasks: Mapping[str, Sequence[TaskRows]]
    notes: tuple[str, ...]


def collected(run: Run, variant: str | None) -> Collected:
    """The rows of each set in one variant.

    Args:
        run: as read back.
        variant: "plain", "lite", ...; None takes the one that the run has most of.

    Raises:
        EmtError: there are none that an entry can be of.
    """
    notes = []
    by_set: dict[str, list[TaskRows]] = {}
    for rows in sorted(_of_variant(run, variant), key=lambda rows: rows.reading != LABEL_MATCH):
        _fit(rows)
        first = by_set.setdefault(sets.asked(rows.task).key, [])
        if not re.match(READING, rows.reading):
            notes.append(f"the reading {rows.reading!r} of {rows.task} is none that an entry can have, and left out.")
        elif first and not _same_rows(first[0], rows):
            notes.append(f"{rows.reading} of {rows.task} is of other rows than {first[0].reading} and left out.")
        else:
            first.append(rows)
    return Collected({key: by_set[key] for key in sets.ordered(by_set)}, tuple(notes))


def _of_variant(run: Run, variant: str | None) -> list[TaskRows]:
    ours = [rows for rows in run.tasks if sets.asked(rows.task).key in ALL_SETS]
    fitting = [rows for rows in ours if sets.asked(rows.task).variant in SAME_QUESTION]
    if not fitting:
        there = ", ".join(sorted({rows.task for rows in run.tasks})) or "none"
        raise EmtError(
            f"{run.folder} has no task that an entry can be of ({there}). Run emt_lite, or emt for all rows."
        )
    wanted = sets.commonest_variant(rows.task for rows in fitting) if variant is None else variant
    chosen = [rows for rows in fitting if sets.asked(rows.task).variant == ("" if wanted == "plain" else wanted)]
    if not chosen:
        raise EmtError(
            f"{run.folder} has no task of the variant {wanted!r}. It has {', '.join(r.task for r in fitting)}."
        )
    return chosen


def _fit(rows: TaskRows) -> None:
    """Refuse rows that no check could be made of."""
    if rows.rows.image is None:
        raise EmtError(f"{rows.samples.name} does not tell its pictures. Run {rows.task} with our tasks as they are.")
    if not rows.whole:
        raise EmtError(f"{rows.samples.name} is not whole ({rows.n} rows). Run the same command again to end it.")
    if rows.version is None:
        raise EmtError(f"no results file tells the version of {rows.task}. Run the same command again to end it.")


def _same_rows(a: TaskRows, b: TaskRows) -> bool:
    return a.n == b.n and sorted(a.rows.doc_id.tolist()) == sorted(b.rows.doc_id.tolist())
