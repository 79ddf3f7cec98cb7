"""One sample log against what is said of its task: its rows, and everything about them that is not as it should be."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.advice import OF_READINGS, Advice, advice_about
from emt_tasks.runs.log_seal import seal_in, seal_of
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import TaskRows
from emt_tasks.runs.result_files import TaskFacts
from emt_tasks.runs.run_folders import Start, readings_file
from emt_tasks.runs.sample_log import Log, read_log
from emt_tasks.runs.tabulation import Table, fingerprint, tables

ROUNDING = 1e-6  # an accuracy that was written and read back


def read_task(task: str, start: Start, facts: TaskFacts | None) -> tuple[list[TaskRows], list[Problem]]:
    """The rows of `task` under each reading its log has, and what is wrong with them.

    What `emt score` read later stands beside the log and counts in place of the same reading there, as long as the log
    is the one that was read.

    Args:
        task: its name.
        start: the start of a harness whose log is read.
        facts: what results and manifest say of the task; None where there are none.
    """
    later: list[TaskRows] = []
    problems: list[Problem] = []
    samples, unfit = start.samples[task], []
    for path in start.readings.get(task, ()):
        try:
            reason = _not_of(samples, path)
        except OSError as error:
            problems.append(_unreadable(path, error))
            continue
        if reason:
            unfit.append((path, reason))
            continue
        rows, wrong = _read(task, start.stamp, path, replace(facts, accuracy={}) if facts else None, OF_READINGS)
        later += rows
        problems += wrong
    told, wrong = _read(task, start.stamp, samples, facts, advice_about(start), {rows.reading for rows in later})
    theirs = {readings_file(samples, task, rows.reading) for rows in told}
    return [*told, *later], [*wrong, *problems, *(_unfit(path, reason, path in theirs) for path, reason in unfit)]


def _not_of(samples: Path, readings: Path) -> str | None:
    """Why a readings file is not of the log `samples` as that is now; None where it is.

    Raises:
        OSError: one of the two can't be read.
    """
    seal = seal_in(readings)
    if seal is None:
        return "does not say which log it was read from"
    return None if seal == seal_of(samples) else f"was read from another {samples.name}, which has changed since"


def _unfit(path: Path, reason: str, instead: bool) -> Problem:
    """A readings file that is not used; `instead`: the log itself has that reading."""
    trouble = Trouble.OLDER if instead else Trouble.STALE_READING
    used = "the log's own reading is used in its place" if instead else "it is left out"
    todo = "Run emt score again with that reading; verdicts that a judge gave are stored and cost nothing again."
    return Problem(trouble, str(path), f"{reason}: {used}", todo)


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem(Trouble.UNREADABLE, str(path), f"can't be read ({error.strerror})", "Mend its permissions.")


def _read(
    task: str, stamp: str, path: Path, facts: TaskFacts | None, advice: Advice, without: Collection[str] = ()
) -> tuple[list[TaskRows], list[Problem]]:
    """The rows of one file under each of its readings but `without`."""
    try:
        log = read_log(path, facts.filters if facts else (), facts.metrics if facts else ())
    except OSError as error:
        return [], [_unreadable(path, error)]
    if not log.lines:
        return [], [Problem(Trouble.CUT_OFF, str(path), "holds no whole row", advice.lost)]
    problems = list(_of_log(path, log, advice))
    found = []
    for table in tables(log.lines):
        if table.reading in without:
            continue
        rows = _rows(task, stamp, path, table, facts, hurt=bool(log.broken or log.cut_off))
        problems += _of_table(path, table)
        problems += _of_rows(path, rows, facts, advice)
        if rows.n:
            found.append(rows)
    return found, problems


def _rows(task: str, stamp: str, path: Path, table: Table, facts: TaskFacts | None, hurt: bool) -> TaskRows:
    known = facts or TaskFacts()
    return TaskRows(
        task=task,
        reading=table.reading,
        version=known.version,
        rows=table.rows,
        samples=path,
        stamp=stamp,
        whole=not hurt and not table.conflicting and known.n == len(table.rows),
        data_fingerprint=fingerprint(table.rows),
        identified_by=table.rows.identified_by,
        prompt_hash=known.prompt_hash,
        revision=known.revision,
        data_dir=known.data_dir,
    )


def _of_log(path: Path, log: Log, advice: Advice) -> Iterator[Problem]:
    where, again = str(path), advice.lost
    if log.cut_off:
        what = f"its last line is broken: the run or a copy of it was cut off after {len(log.lines)} whole rows"
        yield Problem(Trouble.CUT_OFF, where, what, again)
    if log.broken:
        lines = ", ".join(map(str, log.broken[:5])) + (", ..." if len(log.broken) > 5 else "")
        yield Problem(Trouble.BROKEN_ROWS, where, f"{len(log.broken)} lines are no rows (line {lines})", again)
    if log.metric is None:
        what = "no metric of its rows says right or wrong, so that all are unscored"
        yield Problem(Trouble.NO_SCORE, where, what, "Read the answers anew with emt score, or leave the task out.")


def _of_table(path: Path, table: Table) -> Iterator[Problem]:
    if table.repeated:
        what = f"{table.repeated} rows stand there more than once ({table.reading}); each is counted once"
        todo = "Was the log written to twice? Start the run anew in another folder if that is not expected."
        yield Problem(Trouble.DUPLICATE_ROWS, str(path), what, todo)
    if table.conflicting:
        what = f"{table.conflicting} rows have more than one answer ({table.reading}) and are left out"
        todo = "Two runs wrote to this log: run again into a folder of its own."
        yield Problem(Trouble.CONFLICTING_ROWS, str(path), what, todo)
    if table.rows.identified_by == "doc_id":
        some = f"{table.images} of them" if table.images else "none of them"
        what = f"the log does not tell which pictures its rows show ({some} with a sha256), so that they go by number"
        todo = "Compare it only with runs of the same rows in the same order; emt tasks tell the picture."
        yield Problem(Trouble.WEAK_IDENTITY, str(path), what, todo)


def _of_rows(path: Path, rows: TaskRows, facts: TaskFacts | None, advice: Advice) -> Iterator[Problem]:
    where, n = str(path), rows.n
    if facts is not None and facts.n is not None and facts.n != n:
        what = f"{n} rows ({rows.reading}), where the results speak of {facts.n}"
        yield Problem(Trouble.INCOMPLETE, where, what, "Run the same command again, or copy the whole file.")
        return
    unscored = rows.counts[Outcome.UNSCORED]
    if 0 < unscored < n:
        what = f"{unscored} of {n} rows are unscored ({rows.reading})"
        yield Problem(Trouble.UNSCORED, where, what, advice.unscored)
    if facts is None:
        return
    told = facts.accuracy.get(rows.reading)
    counted = rows.counts[Outcome.CORRECT] / n if n else 0.0
    if told is not None and abs(told - counted) > ROUNDING:
        what = f"the rows' accuracy is {counted:.6f} ({rows.reading}), the results say {told:.6f}"
        yield Problem(Trouble.DISAGREES, where, what, "One of the two was changed since: run it again.")
    if facts.data_fingerprint not in (None, rows.data_fingerprint) and rows.identified_by == "image":
        what = "pictures and labels are not those of the manifest's data_fingerprint"
        yield Problem(Trouble.DISAGREES, where, what, "The log or the manifest was changed since: run it again.")
