"""The answers of a set as an entry holds and counts them: `label_match` reads them here and now, as the check will."""

import re
from collections.abc import Sequence
from typing import Any

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import TaskRows
from leaderboard.entry.answers import Line, Read
from leaderboard.entry.rereading import Rereader
from leaderboard.entry.schema import LABEL_MATCH


def lines_of(key: str, tasks: Sequence[TaskRows], rereader: Rereader) -> list[Line]:
    """The answers of one set; `label_match` reads them here and now, as the check will."""
    readings: dict[str, dict[int, Read]] = {}
    for rows in tasks:
        if rows.reading != LABEL_MATCH:
            outcomes = (outcome.value for outcome in rows.rows.outcome)
            found_there = list(zip(rows.rows.prediction, outcomes, strict=True))
            readings[rows.reading] = dict(zip(rows.rows.doc_id.tolist(), found_there, strict=True))
    found = []
    for place in range(tasks[0].n):
        row = tasks[0].rows[place]
        assert row.image is not None
        raw = _whole_characters(row.raw)
        said = {LABEL_MATCH: rereader.read(key, raw, row.label)}
        said |= {reading: those[row.doc_id] for reading, those in readings.items()}
        found.append(Line(key, row.doc_id, row.image, row.label, raw, said))
    return sorted(found, key=lambda one: one.row)


def _whole_characters(text: str) -> str:
    """`text` with a space, as a judge was shown, for each half of a surrogate pair, which no UTF-8 file holds."""
    return re.sub("[\ud800-\udfff]", " ", text)


def counts(lines: Sequence[Line], rereader: Rereader) -> dict[str, Any]:
    """The counts of one set's answers, by reading, as an entry writes them."""
    foreign = sum(bool(rereader.reading(one.set, one.raw).foreign) for one in lines)
    found = {}
    for reading in lines[0].read:
        outcomes = [one.read[reading][1] for one in lines]
        found[reading] = {**{outcome.value: outcomes.count(outcome.value) for outcome in Outcome}, "foreign": foreign}
    return found
