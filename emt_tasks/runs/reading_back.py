"""The one reader of runs: folders of lmms-eval, lm_eval or `emt run` become frozen records and a list of what is wrong.

Nothing is averaged or mended in silence. Of several starts of the same run in one folder each task is taken from the
best: whole before broken, then with more rows, then newer; the others are named.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.runs import run_names
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Found, Identity, Run, TaskRows
from emt_tasks.runs.result_files import UNKNOWN, Said, Unreadable, said
from emt_tasks.runs.run_folders import Start, starts
from emt_tasks.runs.task_rows import read_task


@dataclass(slots=True)
class _Started:
    """One start and what it says of itself."""

    start: Start
    said: Said | None


@dataclass(slots=True)
class _Candidates:
    """All starts of one run, newest first."""

    identity: Identity
    started: list[_Started] = field(default_factory=list)


def read_runs(paths: Iterable[Path], tasks: Collection[str] | None = None, later: bool = True) -> Found:
    """Every run under `paths`, folders or single files of a run; only `tasks`, where those are named.

    Without `later`, the harness's logs alone are read, and not what `emt score` put beside them.

    A broken run is a problem and no error: what can be told of it is told.

    Raises:
        EmtError: a path does not exist, or nothing under it is a run's.
        UnknownName: none of the runs has one of `tasks`.
    """
    roots = [Path(path) for path in paths]
    problems: list[Problem] = []
    started = starts(roots)
    if not later:
        for start in started:
            start.readings.clear()
    groups = _grouped(started, problems)
    above = [root if root.is_dir() else root.parent for root in roots]
    named = run_names.names([(group.started[0].start.folder, group.started[0].start.stamp) for group in groups], above)
    runs = [_run(name, group, tasks, problems) for name, group in zip(named, groups, strict=True)]
    kept = tuple(run for run in runs if run.tasks)
    _require_known(tasks, groups)
    return Found(kept, tuple(problems))


def read_run(path: Path, tasks: Collection[str] | None = None) -> tuple[Run, tuple[Problem, ...]]:
    """The one run under `path`, and what is wrong with it.

    Raises:
        EmtError: there is none that can be read, or there are several, which are named.
    """
    found = read_runs([path], tasks)
    if not found.runs:
        reasons = " ".join(map(str, found.problems))
        raise EmtError(f"{path} holds no run that can be read. {reasons}")
    if len(found.runs) > 1:
        folders = ", ".join(dict.fromkeys(f"{run.folder} ({run.identity.checkpoint})" for run in found.runs))
        raise EmtError(f"{path} holds {len(found.runs)} runs where one is meant: {folders}. Name one of them.")
    return found.runs[0], found.problems


def _require_known(tasks: Collection[str] | None, groups: Sequence[_Candidates]) -> None:
    there = {task for group in groups for one in group.started for task in one.start.samples}
    for task in tasks or ():
        if task not in there:
            raise UnknownName("task in these runs", task, there)


def _grouped(found: Iterable[Start], problems: list[Problem]) -> list[_Candidates]:
    """Starts of the same thing in the same folder, together."""
    groups: dict[tuple[Path, str], _Candidates] = {}
    nameless = []
    for start in found:
        told = _said(start, problems)
        if told is None:
            nameless.append(start)
            continue
        group = groups.setdefault((start.folder, told.identity.key), _Candidates(told.identity))
        group.started.insert(0, _Started(start, told))
    for start in nameless:
        if not (start.samples or start.readings):
            continue  # results that can't be read, and nothing else: told already
        beside = [folder for folder, _ in groups if folder == start.folder]
        problems.append(_without_results(start, left_out=bool(beside)))
        if start.samples and not beside:
            group = groups.setdefault((start.folder, UNKNOWN), _Candidates(Identity(start.folder.name or UNKNOWN)))
            group.started.insert(0, _Started(start, None))
    return list(groups.values())


def _said(start: Start, problems: list[Problem]) -> Said | None:
    """What results and manifest say; the one of the two that is whole where the other is broken."""
    try:
        return said(start.results, start.manifest)
    except Unreadable as error:
        todo = "It was cut off or changed: run the same command again, or copy the file anew."
        problems.append(Problem(Trouble.UNREADABLE, str(start.folder), str(error), todo))
    for results, manifest in ((start.results, None), (None, start.manifest)):
        try:
            told = said(results, manifest)
        except Unreadable:
            continue
        if told is not None:
            return told
    return None


def _without_results(start: Start, left_out: bool) -> Problem:
    tasks = ", ".join(start.samples or start.readings)
    what = f"samples of {tasks} ({start.stamp}) without a results file, so that nobody can say whether"
    end = "they are whole or of which model" + ("; left out, as the folder has other runs" if left_out else "")
    todo = f"Copy {start.stamp}_results.json too, or run the same command again."
    return Problem(Trouble.NO_RESULTS, str(start.folder), f"{what}: {end}", todo)


def _run(name: str, group: _Candidates, tasks: Collection[str] | None, problems: list[Problem]) -> Run:
    names = dict.fromkeys(task for one in reversed(group.started) for task in _tasks_of(one))
    rows = [
        best
        for task in names
        if tasks is None or task in tasks
        for best in _best(task, [one for one in group.started if task in _tasks_of(one)], problems)
    ]
    first = group.started[0].start
    return Run(name, first.folder, first.harness, group.identity, tuple(rows))


def _tasks_of(one: _Started) -> list[str]:
    return list(dict.fromkeys((*(one.said.tasks if one.said else ()), *one.start.samples)))


def _best(task: str, started: Sequence[_Started], problems: list[Problem]) -> list[TaskRows]:
    """The task's rows from the best of its starts, one for each reading."""
    by_reading: dict[str, list[tuple[TaskRows, list[Problem]]]] = {}
    for one in started:
        if task not in one.start.samples:
            problems.append(_without_samples(task, one.start))
            continue
        found, wrong = read_task(task, one.start, one.said.tasks.get(task) if one.said else None)
        if not found:
            problems += wrong
        for rows in found:
            by_reading.setdefault(rows.reading, []).append((rows, wrong))
    chosen = []
    told: list[Problem] = []
    for several in by_reading.values():
        rows, wrong = max(several, key=lambda one: (one[0].whole, one[0].n, one[0].stamp))
        chosen.append(rows)
        told += [problem for problem in dict.fromkeys(wrong) if problem not in told]
        told += [_older(other, rows) for other, _ in several if other is not rows]
    problems += told
    return chosen


def _without_samples(task: str, start: Start) -> Problem:
    what = f"results of {task} ({start.stamp}) without its samples, which everything here is counted from"
    return Problem(Trouble.NO_SAMPLES, str(start.folder), what, "Run again with --log_samples (emt run always does).")


def _older(other: TaskRows, used: TaskRows) -> Problem:
    state = "whole" if other.whole else "not whole"
    what = (
        f"the run of {other.task} of {other.stamp} ({state}, {other.n} rows, version {other.version}) is not used: "
        f"that of {used.stamp} is ({used.n} rows, version {used.version})"
    )
    return Problem(Trouble.OLDER, str(other.samples.parent), what, "Move one of them away to have the other.")
