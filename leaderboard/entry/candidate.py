"""An entry with everything that was handed in, in the form in which it is checked and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from emt_tasks.labels import label_set
from emt_tasks.runs.records import TaskRows
from leaderboard.entry.answers import Line, as_rows
from leaderboard.entry.names import Place
from leaderboard.entry.rereading import Rereader
from leaderboard.entry.schema import LABEL_MATCH, EntryFields

SAME_QUESTION = ("", "lite", "judge", "clip")
"""Variants that ask the paper's question; the open ones ask another."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What a submitter hands in.

    Attributes:
        place: where it lies.
        fields: its file.
        lines: its answers by set, in order of row; none where it is of numbers alone.
        sha256: of the unpacked answers; None where there are none.
        replies: a judge's, by reading, set, label and answer.
        digest: sha256 of all its files together.
    """

    place: Place
    fields: EntryFields
    lines: Mapping[str, tuple[Line, ...]]
    sha256: str | None
    replies: Mapping[tuple[str, ...], str]
    digest: str

    def readings(self, key: str) -> tuple[str, ...]:
        """The readings that set `key` was counted by, label_match first."""
        return tuple(reading.name for reading in self.fields.readings if reading.name in self.fields.counts[key])


def rows_of_lines(key: str, lines: Sequence[Line], rereader: Rereader, task: str = "") -> TaskRows:
    """The answers of one set under `label_match`, as a run's rows."""
    return as_rows(lines, task, LABEL_MATCH, partial(rereader.reading, key))


def rows_of(candidate: Candidate, rereader: Rereader) -> dict[tuple[str, str], TaskRows]:
    """The answers by set and reading, as a run's rows; of a set that is known and whose lines have all readings."""
    return {
        (key, reading): as_rows(lines, candidate.fields.datasets[key].task, reading, partial(rereader.reading, key))
        for key, lines in candidate.lines.items()
        for reading in candidate.readings(key)
    }


def labels_of(key: str) -> frozenset[str]:
    """The labels that rows of set `key` may have."""
    return frozenset(label_set(key).labels)
