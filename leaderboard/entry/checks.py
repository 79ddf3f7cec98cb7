"""Whether an entry is what it says: every rule of its own, pure, from what was handed in and the list of known data.

A rule yields what it finds wrong; an entry of which any rule finds anything is left out of the board. Each has a good
and a bad example in `tests/leaderboard/entry`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from emt_tasks.forgetting.confusion import confusion
from emt_tasks.forgetting.sets import asked
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import Rows, TaskRows
from emt_tasks.tasks import catalogue
from leaderboard.board.view import Remark
from leaderboard.entry.answers import Line
from leaderboard.entry.candidate import SAME_QUESTION, Candidate, labels_of, rows_of
from leaderboard.entry.known import KnownData
from leaderboard.entry.names import BETWEEN, slugged
from leaderboard.entry.rereading import JudgeReplay, Rereader
from leaderboard.entry.schema import LABEL_MATCH, CountFields, DatasetFields

MOST_SAID = 3  # of the same kind: the first ones tell what is wrong


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What the rules look at: what was handed in, what is known, and what the answers come to here.

    Attributes:
        candidate: the entry.
        known: data that entries may be of.
        rereader: reads answers by `label_match`.
        rows: the answers by set and reading; none until the first rules have found nothing.
    """

    candidate: Candidate
    known: KnownData
    rereader: Rereader
    rows: Mapping[tuple[str, str], TaskRows]

    @property
    def answered(self) -> tuple[str, ...]:
        """The sets that it gave answers to; none where it is of numbers alone."""
        return tuple(key for key, reading in self.rows if reading == LABEL_MATCH)


Rule = Callable[[Case], Iterator[Remark]]


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


def counts(case: Case) -> Iterator[Remark]:
    """Counts add up to the rows, none above them, and are what the answers come to."""
    for key, by_reading in case.candidate.fields.counts.items():
        n = case.candidate.fields.datasets[key].n
        for reading, told in by_reading.items():
            those = case.rows.get((key, reading))
            if told.n != n or told.foreign > n:
                yield Remark("counts", f"{key}, {reading}: {told.n} outcomes and {told.foreign} foreign of {n} rows")
            elif those is not None and any(told.of(outcome) != count for outcome, count in those.counts.items()):
                yield Remark("counts", f"{key}, {reading}: the answers come to other counts")
            elif those is not None and told.foreign != (foreign := foreign_in(those)):
                yield Remark("counts", f"{key}, {reading}: {told.foreign} foreign where the answers have {foreign}")


def foreign_in(those: TaskRows) -> int:
    """How many answers name a label that only another set has."""
    column = those.rows.foreign
    return int(np.array([bool(labels) for labels in column.values], np.int64)[column.codes].sum())


def confusions(case: Case) -> Iterator[Remark]:
    """The confusions are what the answers come to; of numbers alone they add up to what was read."""
    candidate, told = case.candidate, case.candidate.fields
    for key in told.datasets:
        cells = told.confusion.get(key)
        if cells is None:
            if key in candidate.lines:
                yield Remark("confusions", f"{key}: missing")
        elif key in candidate.lines:
            if cells != confused(key, case.rows[key, LABEL_MATCH]):
                yield Remark("confusions", f"{key}: the answers come to others")
        else:
            yield from _cells(key, cells, told.counts[key][LABEL_MATCH])


def _cells(key: str, cells: tuple[tuple[int, int, int], ...], counted: CountFields) -> Iterator[Remark]:
    width = len(labels_of(key))
    if any(row >= width or column >= width + 4 for row, column, _ in cells) or len({cell[:2] for cell in cells}) < len(
        cells
    ):
        yield Remark("confusions", f"{key}: a cell is outside of {width} by {width + 4}, or there twice")
    elif sum(count for row, column, count in cells if row == column) != counted.correct:
        yield Remark("confusions", f"{key}: its diagonal is not the number of right answers")
    elif sum(count for *_, count in cells) > counted.n - counted.unscored:
        yield Remark("confusions", f"{key}: more answers than rows")


def confused(key: str, those: TaskRows) -> tuple[tuple[int, int, int], ...]:
    """The confusion of some rows as an entry writes it: (label, answer, count) of the cells above 0, in order."""
    found = confusion("", key, those)
    assert found is not None, "one of our sets"
    down, across = found.counts.nonzero()
    return tuple(zip(down.tolist(), across.tolist(), found.counts[down, across].tolist(), strict=True))


def label_match(case: Case) -> Iterator[Remark]:
    """Reading the raw answers here gives exactly what was handed in."""
    for (key, reading), those in case.rows.items():
        if reading == LABEL_MATCH:
            wrong = _misread(case, key, those.rows)
            for row in map(those.rows.__getitem__, wrong[:MOST_SAID]):
                prediction, outcome = case.rereader.read(key, row.raw, row.label)
                handed_in, here = _shown(row.prediction, row.outcome), _shown(prediction, outcome)
                said = f"handed in as {handed_in}, read here as {here} (one of {len(wrong)} such answers)"
                yield Remark("label_match", f"{key}, row {row.doc_id}: {row.raw[:60]!r} {said}")


def _misread(case: Case, key: str, rows: Rows) -> list[int]:
    """A row of each answer, label, prediction and outcome that occur together and are read otherwise here."""
    columns = (rows.raw, rows.label, rows.prediction, rows.outcome)
    together = list(zip(*(column.codes.tolist() for column in columns), strict=True))
    first = dict(zip(reversed(together), range(len(together) - 1, -1, -1), strict=True))
    raws, labels, predictions, outcomes = (column.values for column in columns)
    return sorted(
        row
        for (raw, label, prediction, outcome), row in first.items()
        if (predictions[prediction], outcomes[outcome]) != case.rereader.read(key, raws[raw], labels[label])
    )


def _shown(prediction: str | None, outcome: str) -> str:
    return outcome if prediction is None else f"{outcome} ({prediction[:40]})"


def judge(case: Case) -> Iterator[Remark]:
    """A judge's replies, played back, give exactly what was handed in."""
    candidate = case.candidate
    for reading in candidate.fields.readings:
        is_judge = reading.name.startswith("gpt_judge")
        if is_judge != (reading.judge is not None):
            yield Remark("judge", f"{reading.name}: a judge's reading, and no other, says which judge it was")
        if not is_judge or reading.judge is None:
            continue
        for key in sorted(candidate.lines):
            if reading.name not in candidate.readings(key):
                continue
            replay = JudgeReplay(reading.name, key, reading.judge, candidate.replies)
            if reading.judge.prompt_hash.get(key) != replay.prompt_hash:
                yield Remark("judge", f"{reading.name}, {key}: no prompt of ours has this hash")
                continue
            wrong = [
                line
                for line in candidate.lines[key]
                if line.read[reading.name] != _replayed(replay, line, case.rereader)
            ]
            if wrong:
                what = f"{len(wrong)} rows, the first {wrong[0].row}, are not what the judge's replies come to"
                yield Remark("judge", f"{reading.name}, {key}: {what}")


def _replayed(replay: JudgeReplay, line: Line, rereader: Rereader) -> tuple[str | None, str]:
    return replay.read(rereader.reading(line.set, line.raw), line.raw, line.label)


def other_readings(case: Case) -> Iterator[Remark]:
    """What can't be recomputed here is at least of one piece: outcomes go with predictions."""
    for key, lines in case.candidate.lines.items():
        for reading in case.candidate.readings(key):
            if reading == LABEL_MATCH or reading.startswith("gpt_judge"):
                continue
            bad = next((line for line in lines if not _consistent(line, reading)), None)
            if bad is not None:
                yield Remark("other_readings", f"{reading}, {key}, row {bad.row}: the outcome is not that of its label")


def _consistent(line: Line, reading: str) -> bool:
    prediction, outcome = line.read[reading]
    if prediction is None:
        return outcome not in (Outcome.CORRECT.value, Outcome.INCORRECT.value)
    right = Outcome.CORRECT if prediction == line.label else Outcome.INCORRECT
    return outcome == right.value and prediction in labels_of(line.set)


FIRST: tuple[Rule, ...] = (place, data, rows)
"""Those whose findings make the rest pointless: their lines may lack what the rest looks at."""
THEN: tuple[Rule, ...] = (same_data, counts, confusions, label_match, judge, other_readings)


def checked(candidate: Candidate, known: KnownData, rereader: Rereader) -> tuple[Case, tuple[Remark, ...]]:
    """An entry with its answers as rows, and everything that is wrong with it."""
    case = Case(candidate, known, rereader, {})
    found = tuple(remark for rule in FIRST for remark in rule(case))
    if found:
        return case, found
    case = replace(case, rows=rows_of(candidate, rereader))
    return case, tuple(remark for rule in THEN for remark in rule(case))
