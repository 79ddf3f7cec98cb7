"""Numbers with their intervals, and where a model stands by them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval; `high` is None where there is no bound. `of` is how many sets it is of."""

    value: float
    low: float
    high: float | None
    of: int


@dataclass(frozen=True, slots=True)
class Scored:
    """One set under one reading.

    Attributes:
        n: rows.
        correct: right answers.
        accuracy, low, high: the share of right answers with its Wilson interval.
        shares: by outcome (`emt_tasks.outcomes.Outcome`), all of them; they add up to 1.
        foreign: the share of answers with a label that only another set has.
    """

    n: int
    correct: int
    accuracy: float
    low: float
    high: float
    shares: Mapping[str, float]
    foreign: float


@dataclass(frozen=True, slots=True)
class Against:
    """An entry against another on the rows that both have, under `label_match`.

    Attributes:
        other: the other entry's id: its encoder's, or its base's.
        n: rows that both have.
        both, only_this, only_other, neither: how many of them are right.
        accuracy: the other's, on those rows.
        difference, low, high: this one's accuracy less the other's, with Newcombe's interval.
        p, p_holm: McNemar's exact test; corrected over all such comparisons of the board (encoders), or of this entry.
        shown: p_holm <= 0.05.
    """

    other: str
    n: int
    both: int
    only_this: int
    only_other: int
    neither: int
    accuracy: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    shown: bool


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a model stands.

    Attributes:
        tie: its tie group, 1 is best: those not shown different from the group's best.
        low, high: its ranks, simultaneously at 95 %: 1 + models shown better, models ranked less those shown worse.
    """

    tie: int
    low: int
    high: int
