"""Whether runs asked the same thing: versions, pictures and prompts that differ are named, task by task."""

from collections.abc import Iterator, Sequence

from emt_tasks.runs.pairing import paired
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Run, TaskRows


def differences(runs: Sequence[Run]) -> tuple[Problem, ...]:
    """What differs between the first run that has a task under a reading, and each later one that has it."""
    found: list[Problem] = []
    first: dict[tuple[str, str], tuple[Run, TaskRows]] = {}
    for run in runs:
        for rows in run.tasks:
            base = first.setdefault((rows.task, rows.reading), (run, rows))
            if base[0] is not run:
                found += _between(*base, run, rows)
    return tuple(found)


def _between(run_a: Run, a: TaskRows, run_b: Run, b: TaskRows) -> Iterator[Problem]:
    where = f"{a.task}, {run_a.name} and {run_b.name}"
    if a.version != b.version and a.version and b.version:
        what = f"versions {a.version} and {b.version} of the task, whose scores are not to be compared"
        yield Problem(Trouble.MIXED_VERSIONS, where, what, "Run the older one again with the newer tasks.")
    if a.prompt_hash != b.prompt_hash and a.prompt_hash and b.prompt_hash:
        what = "prompt or generation settings differ, so that a difference may be theirs"
        yield Problem(Trouble.DIFFERENT_PROMPTS, where, what, "Run one of them again as the other was.")
    if a.data_fingerprint == b.data_fingerprint and a.identified_by == b.identified_by:
        return
    pairs = paired(a, b)
    if pairs.by == "doc_id" and a.identified_by != b.identified_by:
        what = f"rows of the one are known by {a.identified_by}, of the other by {b.identified_by}; paired by number"
        todo = "Compare them only where both have the same rows in the same order."
        yield Problem(Trouble.WEAK_IDENTITY, where, what, todo)
    if a.n == b.n == len(pairs.a):
        return
    what = f"{a.n} and {b.n} rows, of which {len(pairs.a)} are the same (by {pairs.by})"
    todo = "Only those are compared." if len(pairs.a) else "Nothing can be compared: run both on the same rows."
    yield Problem(Trouble.DIFFERENT_ROWS, where, what, todo)
