"""Rules about readings: what can be read again here is read again."""

from collections.abc import Iterator

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import Rows
from leaderboard.entry.answers import Line
from leaderboard.entry.candidate import labels_of
from leaderboard.entry.case import Case
from leaderboard.entry.remarks import Remark
from leaderboard.entry.rereading import JudgeReplay, Rereader
from leaderboard.entry.schema import LABEL_MATCH

MOST_SAID = 3  # of the same kind: the first ones tell what is wrong


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
