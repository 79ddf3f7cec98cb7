"""Whether an entry is what it says: every rule of its own, pure, from what was handed in and the list of known data.

A rule yields what it finds wrong; an entry of which any rule finds anything is left out of the board. Each has a good
and a bad example in `tests/leaderboard/entry`.
"""

from dataclasses import replace

from leaderboard.entry.candidate import Candidate, rows_of
from leaderboard.entry.case import Case, Rule
from leaderboard.entry.known import KnownData
from leaderboard.entry.remarks import Remark
from leaderboard.entry.rereading import Rereader
from leaderboard.entry.rules.data import data, place, rows, same_data
from leaderboard.entry.rules.numbers import confusions, counts
from leaderboard.entry.rules.readings import judge, label_match, other_readings

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
