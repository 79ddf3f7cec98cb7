"""Several runs against the first of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emt_tasks.comparison.changes import TaskChange, changed, corrected
from emt_tasks.errors import EmtError
from emt_tasks.runs.comparability import differences
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Run

ACROSS = "To compare them all the same, give --across-versions."


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What changed from the first run to each other one.

    Attributes:
        runs: A, B, C, ...
        changes: in the order of the runs, then of A's tasks.
        problems: what is wrong with the runs, and what is not alike in them.
        partial: a task was left out, or was not whole.
    """

    runs: tuple[Run, ...]
    changes: tuple[TaskChange, ...]
    problems: tuple[Problem, ...]
    partial: bool


def compared(
    runs: Sequence[Run],
    problems: Sequence[Problem] = (),
    *,
    readings: Collection[str] = (),
    across_versions: bool = False,
) -> Comparison:
    """Compare each run with the first, on every task and reading that both have.

    Args:
        runs: A, B, C, ...
        problems: what reading them found; told on.
        readings: only these; all by default.
        across_versions: compare tasks of different versions too, which are left out otherwise: the version says that
            scores are no longer the same thing.

    Raises:
        EmtError: there is nothing that two of them share.
    """
    base, *others = runs
    told = [*problems, *(problem for other in others for problem in differences([base, other]))]
    found: list[TaskChange] = []
    left_out = 0
    for other in others:
        of_pair = []
        for rows in base.tasks:
            theirs = other.of(rows.task, rows.reading)
            if theirs is None or (readings and rows.reading not in readings):
                continue
            mixed = None not in (rows.version, theirs.version) and rows.version != theirs.version
            change = None if mixed and not across_versions else changed(base.name, rows, other.name, theirs)
            left_out += change is None
            of_pair += [change] if change else []
        unshared = _unshared(base, other)
        told += unshared
        left_out += len(unshared)
        found += corrected(of_pair)
    if not found:
        raise EmtError(f"nothing to compare. {_why(runs, told)}")
    left_out += any(problem.trouble is Trouble.STALE_READING for problem in problems)
    whole = all(rows.whole for run in runs for rows in run.tasks)
    return Comparison(tuple(runs), tuple(found), tuple(told), partial=bool(left_out) or not whole)


def _unshared(base: Run, other: Run) -> list[Problem]:
    """The tasks that only one of two runs has."""
    found = []
    for one, lacking in ((base, other), (other, base)):
        tasks = [rows.task for rows in one.tasks if lacking.of(rows.task, rows.reading) is None]
        if tasks:
            what = f"{', '.join(dict.fromkeys(tasks))}: only {one.name} has it under that reading"
            todo = f"Run {lacking.name} on it too, or leave it out with --tasks."
            found.append(Problem(Trouble.NOT_SHARED, f"{base.name} and {other.name}", what, todo))
    return found


def _why(runs: Sequence[Run], problems: Sequence[Problem]) -> str:
    have = "; ".join(f"{run.name} has {', '.join(f'{t.task} ({t.reading})' for t in run.tasks)}" for run in runs)
    mixed = any(problem.trouble is Trouble.MIXED_VERSIONS for problem in problems)
    return " ".join([f"{have}.", *map(str, problems), *([ACROSS] if mixed else [])])
