"""Rules about what was asked: where an entry lies, which data it is of, and that each row is there once."""

import re
from collections import Counter
from collections.abc import Iterator
from operator import attrgetter

from emt_tasks.forgetting.sets import asked
from emt_tasks.tasks import catalogue
from leaderboard.entry.answers import Line
from leaderboard.entry.candidate import SAME_QUESTION, Candidate, labels_of
from leaderboard.entry.case import Case
from leaderboard.entry.names import BETWEEN, slugged
from leaderboard.entry.remarks import Remark
from leaderboard.entry.schema import LABEL_MATCH, DatasetFields


def place(case: Case) -> Iterator[Remark]:
    """The folder is called after what the entry says it is of."""
    model = case.candidate.fields.model
    right = f"{slugged(model.org)}{BETWEEN}{slugged(model.name)}"
    if case.candidate.place.folder != right:
        yield Remark("place", f"it says {right} and lies in {case.candidate.place.folder}; move it")


def data(case: Case) -> Iterator[Remark]:
    """Rows are of data that is known, as many as it has, and were asked the paper's question."""
    for key, told in case.candidate.fields.datasets.items():
        question = asked(told.task)
        if question.key != key or question.variant not in SAME_QUESTION:
            yield Remark("data", f"{key}: the task {told.task} does not ask the paper's question about it")
        there = case.known.get((key, told.fingerprint))
        if there is None:
            what = f"{key}: no known data has the fingerprint {told.fingerprint[:12]}..."
            yield Remark("data", f"{what}; a maintainer who has it adds it (emt board known)")
        elif there.n != told.n:
            yield Remark("data", f"{key}: {told.n} rows, where {there.name} has {there.n}")
        yield from _version(case, key, told)


def _version(case: Case, key: str, told: DatasetFields) -> Iterator[Remark]:
    """What is ranked together is asked by one version: one that nobody has published would make a board of its own."""
    there = catalogue().get(told.task)
    if there is None:
        yield Remark("data", f"{key}: there is no task {told.task}")
    elif told.version is None:
        if case.candidate.lines:
            yield Remark("data", f"{key}: the task's version is missing; the run's results file tells it")
    elif not is_published(told.version, newest := str(there.config["metadata"]["version"])):
        what = f"{key}: {told.task} has no version {told.version}; the newest known here is {newest}"
        yield Remark("data", f"{what} (a newer emt-bench may know more)")


def is_published(version: str, newest: str) -> bool:
    """Whether a task's version is its newest or one before.

    >>> is_published("1.0", "1.1"), is_published("1.2", "1.1"), is_published("99.0", "1.1"), is_published("1", "1.1")
    (True, False, False, False)
    """
    if not re.fullmatch(r"[1-9]\d?\.\d{1,2}", version):
        return False
    own, last = (tuple(map(int, one.split("."))) for one in (version, newest))
    return own <= last


def rows(case: Case) -> Iterator[Remark]:
    """Each row of the data once, with its own label, under every reading that was counted."""
    candidate, told = case.candidate, case.candidate.fields
    if told.predictions is None:
        return
    if candidate.sha256 != told.predictions.sha256:
        yield Remark("rows", "the answers are not those that the entry was made of (predictions.sha256)")
    if sum(map(len, candidate.lines.values())) != told.predictions.rows:
        yield Remark(
            "rows", f"{sum(map(len, candidate.lines.values()))} answers where {told.predictions.rows} are told"
        )
    for key in sorted(set(told.datasets) ^ set(candidate.lines)):
        yield Remark("rows", f"{key[:40]}: in the answers or in the entry, not in both")
    for key in sorted(set(told.datasets) & set(candidate.lines)):
        yield from _rows(candidate, key, candidate.lines[key])


def _rows(candidate: Candidate, key: str, lines: tuple[Line, ...]) -> Iterator[Remark]:
    if len(lines) != candidate.fields.datasets[key].n:
        yield Remark("rows", f"{key}: {len(lines)} answers to {candidate.fields.datasets[key].n} rows")
    numbers = list(map(attrgetter("row"), lines))
    if len(set(numbers)) < len(numbers):
        twice = [row for row, count in Counter(numbers).items() if count > 1]
        yield Remark("rows", f"{key}: row {twice[0]} and {len(twice) - 1} others more than once")
    strange = sorted(set(map(attrgetter("label"), lines)) - labels_of(key))
    if strange:
        yield Remark("rows", f"{key}: {strange[0][:60]!r} is no label of the set")
    readings = set(candidate.readings(key))
    if any(set(names) != readings for names in set(map(tuple, map(attrgetter("read"), lines)))):
        yield Remark("rows", f"{key}: not every answer has exactly the readings {', '.join(sorted(readings))}")


def same_data(case: Case) -> Iterator[Remark]:
    """The pictures and labels of the answers are those of the data."""
    for (key, reading), those in case.rows.items():
        if reading == LABEL_MATCH and those.data_fingerprint != case.candidate.fields.datasets[key].fingerprint:
            yield Remark("same_data", f"{key}: pictures or labels of the answers are not those of the fingerprint")
