"""How far the readings of an entry's answers agree."""

from collections.abc import Iterator, Sequence

from emt_tasks.agreement.pairs import pair_of
from emt_tasks.forgetting.sets import ordered
from emt_tasks.statistics.intervals import wilson
from leaderboard.board.view import Agreed, Estimate
from leaderboard.entry.case import Case
from leaderboard.entry.schema import LABEL_MATCH


def agreed(case: Case) -> Iterator[Agreed]:
    """Each two readings of each set, label_match first."""
    for key in ordered(case.answered):
        readings = case.candidate.readings(key)
        for place, second in enumerate(readings):
            for first in readings[:place]:
                found = pair_of("", case.rows[key, first], case.rows[key, second])
                if not found.n:
                    continue
                low, high = wilson(found.agreeing, found.n)
                kappa = None if found.kappa is None else (found.kappa.value, *found.kappa.interval)
                both = sum(found.correct) - _right_somewhere(case, key, first, second)
                only = (found.correct[0] - both, found.correct[1] - both)
                yield Agreed(key, (first, second), found.n, found.agreeing / found.n, low, high, kappa, only)


def _right_somewhere(case: Case, key: str, first: str, second: str) -> int:
    a, b = case.rows[key, first], case.rows[key, second]
    read = a.scored & b.scored
    return int(((a.correct | b.correct) & read).sum())


def agreement(audit: Sequence[Agreed]) -> Estimate | None:
    """Of label_match and the first other reading, all rows together; None where there is one reading alone."""
    other = next((one.readings[1] for one in audit if one.readings[0] == LABEL_MATCH), None)
    those = [one for one in audit if one.readings == (LABEL_MATCH, other)]
    if not those:
        return None
    n = sum(one.n for one in those)
    same = sum(round(one.agreement * one.n) for one in those)
    low, high = wilson(same, n)
    return Estimate(same / n, low, high, len(those))
