"""The runs of a report with what each is: which rows stand for which set, and what was left out and why."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.forgetting import sets
from emt_tasks.forgetting.contrasts import Contrast, contrast, overlap_problem
from emt_tasks.forgetting.lineage import Place, Role, encoder_run
from emt_tasks.forgetting.repeats import Asked, each_told_apart
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Run, TaskRows

SAID = 3  # reasons in one error


@dataclass(slots=True, eq=False)
class Gathered:
    """Runs with their places.

    Attributes:
        places: those that take part, encoders first, then bases, then checkpoints by series and epoch.
        rows: by run and set.
        reading, variant: what all rows were read by, and which variant of the tasks they are.
        problems: what was found wrong; contrasts add to them.
        contrasts: made so far, by A, B and set.
    """

    places: tuple[Place, ...]
    rows: Asked
    reading: str
    variant: str
    problems: dict[str, Problem] = field(default_factory=dict)
    contrasts: dict[tuple[str, str, str], Contrast | None] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The sets that some run has, in the paper's order."""
        return sets.ordered(key for _, key in self.rows)

    def of(self, role: Role) -> tuple[Place, ...]:
        """The places of that role."""
        return tuple(place for place in self.places if place.role is role)

    def place(self, run: str) -> Place:
        """The place of the run of that name."""
        return next(place for place in self.places if place.run == run)

    def encoder_of(self, place: Place) -> Place | None:
        """The encoder's run that `place` is measured against."""
        return encoder_run(place, self.of(Role.ENCODER))

    def checkpoints(self) -> Iterator[Place]:
        """The checkpoints whose base is among the runs."""
        return (place for place in self.of(Role.TUNED) if place.base is not None)

    def contrast(self, a: str, b: str, key: str) -> Contrast | None:
        """The contrast of two runs on a set; None, and a problem where that is news, where it can't be had."""
        at = (a, b, key)
        if at not in self.contrasts:
            self.contrasts[at] = self._contrast(a, b, key)
        return self.contrasts[at]

    def _contrast(self, a: str, b: str, key: str) -> Contrast | None:
        left, right = self.rows.get((a, key)), self.rows.get((b, key))
        if left is None or right is None:
            return None
        with_encoder = Role.ENCODER in (self.place(a).role, self.place(b).role)
        found = contrast(a, left, b, right, key, asked_alike=not with_encoder)
        if isinstance(found, Problem):
            self.note(found)
            return None
        if (problem := overlap_problem(found, left, right)) is not None:
            self.note(problem)
        return found

    def note(self, problem: Problem) -> None:
        """Keep a problem, once."""
        self.problems.setdefault(str(problem), problem)


def gathered(
    runs: Sequence[Run], places: Sequence[Place], *, reading: str | None = None, variant: str | None = None,
    broken_too: bool = False,
) -> Gathered:  # fmt: skip
    """The rows of `runs` that a report is made of.

    Args:
        runs: as read back.
        places: what each is.
        reading: the one to use; by default label_match, or what most runs have.
        variant: of our tasks ("lite"); by default the one that most runs have.
        broken_too: use the rows there are of logs that are not whole.

    Raises:
        UnknownName: no run has `reading`, or none `variant`.
        EmtError: nothing is left to report on.
    """
    kept = {place.run: place for place in places if place.role is not Role.LEFT_OUT}
    runs = [run for run in runs if run.name in kept]
    variant = _variant(runs, variant)
    reading = _reading(runs, reading, variant)
    problems: dict[str, Problem] = {}
    rows = {}
    for run in runs:
        for one in _chosen(run, kept[run.name], reading, variant, problems):
            if one.whole or broken_too:
                rows[run.name, sets.asked(one.task).key] = one
            else:
                _note(problems, _broken(run, one))
    there = {run for run, _ in rows}
    told, alike = each_told_apart([place for place in kept.values() if place.run in there], rows)
    for problem in alike:
        _note(problems, problem)
    if not told:
        reasons = list(map(str, problems.values()))
        rest = f" (and {len(reasons) - SAID} more like these)" if len(reasons) > SAID else ""
        raise EmtError(f"no run is left to report on. {' '.join(reasons[:SAID])}{rest}")
    used = {place.run for place in told}
    return Gathered(told, {at: one for at, one in rows.items() if at[0] in used}, reading, variant, problems)


def _note(problems: dict[str, Problem], problem: Problem) -> None:
    problems.setdefault(str(problem), problem)


def _reading(runs: Sequence[Run], wanted: str | None, variant: str) -> str:
    every = [rows for run in runs for rows in run.tasks]
    tally = Counter(rows.reading for rows in every if wanted or sets.asked(rows.task).variant == variant)
    if wanted is not None and wanted not in tally:
        raise UnknownName("reading in these runs", wanted, tally)
    if wanted is not None or not tally:
        return wanted or ""
    return "label_match" if "label_match" in tally else min(tally, key=lambda name: (-tally[name], name))


def _variant(runs: Sequence[Run], wanted: str | None) -> str:
    tasks = [rows.task for run in runs for rows in run.tasks]
    there = {sets.asked(task).variant or "plain" for task in tasks}
    if wanted is not None and wanted not in there:
        raise UnknownName("variant of the tasks in these runs", wanted, there)
    return sets.commonest_variant(tasks) if wanted is None else "" if wanted == "plain" else wanted


def _chosen(run: Run, place: Place, reading: str, variant: str, problems: dict[str, Problem]) -> Iterator[TaskRows]:
    """For each set the rows that stand for it; an encoder, which no prompt is put to, may have them in any variant."""
    by_set: dict[str, list[TaskRows]] = {}
    for rows in run.tasks:
        by_set.setdefault(sets.asked(rows.task).key, []).append(rows)
    for key, several in by_set.items():
        ours = key in sets.SHOWN
        fitting = [rows for rows in several if not ours or sets.asked(rows.task).variant == variant]
        if place.role is Role.ENCODER:
            fitting = fitting or several
        read = [rows for rows in fitting if rows.reading == reading]
        if read or (fitting and not ours):
            yield (read or fitting)[0]
        else:
            _note(problems, _other(run, several, key, reading, variant))


def _other(run: Run, several: Sequence[TaskRows], key: str, reading: str, variant: str) -> Problem:
    task = f"emt_{key}" + (f"_{variant}" if variant else "")
    there = ", ".join(sorted({f"{rows.task} ({rows.reading})" for rows in several}))
    what = f"has {there} and not {task} ({reading}), which this report is of; left out"
    todo = f"Run {task} too, or choose with --variant and --reading."
    return Problem(Trouble.OTHER_TASKS, run.name, what, todo)


def _broken(run: Run, rows: TaskRows) -> Problem:
    what = f"{rows.task} is not whole ({rows.n} rows) and left out"
    todo = "Run the same command again to have the rest, or report the rows there are with --with-broken."
    return Problem(Trouble.INCOMPLETE, run.name, what, todo)
