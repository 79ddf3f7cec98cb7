"""An entry while it is checked: what the rules look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from emt_tasks.runs.records import TaskRows
from leaderboard.entry.candidate import Candidate
from leaderboard.entry.known import KnownData
from leaderboard.entry.remarks import Remark
from leaderboard.entry.rereading import Rereader
from leaderboard.entry.schema import LABEL_MATCH


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
"""Yields what it finds wrong."""
