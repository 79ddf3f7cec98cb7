"""A line of the table, and how far its readings agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leaderboard.board.view.kinds import Kind
from leaderboard.board.view.numbers import Estimate, Rank
from leaderboard.board.view.provenance import Judged, Model, Provenance, Tuning
from leaderboard.board.view.results import Result
from leaderboard.entry.remarks import Remark


@dataclass(frozen=True, slots=True)
class Agreed:
    """Two readings of one entry's answers to one set, and how far they agree.

    Attributes:
        readings: their names; `label_match` first where it is one.
        n: rows that both could read.
        agreement, low, high: the share with the same outcome, with its Wilson interval.
        kappa: Cohen's, of right or wrong, with its interval; None where chance alone agrees on everything.
        only: how many are right under the first alone, and the second alone.
    """

    key: str
    readings: tuple[str, str]
    n: int
    agreement: float
    low: float
    high: float
    kappa: tuple[float, float, float] | None
    only: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table.

    Attributes:
        id: safe and the same in each build.
        rank: None for what is not ranked; `unranked` says why.
        unranked: "tier" (numbers alone), "sets" (some set was not run), "rows" (other rows than the board's) or
            "unscored" (answers could not be read); None for what is ranked and for what is pinned.
        results: by set, in the paper's order; sets that were not run are absent.
        macro: mean accuracy over the board's sets; None where one was not run.
        retention: mean over sets; of all sets that have one.
        forgetting: mean over the sets that it was not tuned on; None where its base is not on the board.
        shares: of all rows together, by outcome; `foreign` likewise. Each set counts the same.
        agreement: of label_match and the next reading, all rows together; None where there is one reading alone.
        n: rows of all sets.
        series: equal for the epochs of one tuning; None where it is not tuned.
        audit: how far its readings agree.
        flags: what is implausible, and was let through.
        downloads: its files by what they are ("entry", "answers"), paths from the page.
    """

    id: str
    kind: Kind
    model: Model
    tuning: Tuning
    provenance: Provenance
    results: Mapping[str, Result]
    shares: Mapping[str, float]
    foreign: float
    n: int
    rank: Rank | None = None
    unranked: str | None = None
    macro: Estimate | None = None
    retention: Estimate | None = None
    forgetting: Estimate | None = None
    agreement: Estimate | None = None
    base: str | None = None
    """The id of its base's entry."""
    encoder: str | None = None
    """The id of its encoder's entry."""
    series: str | None = None
    readings: tuple[Judged, ...] = ()
    audit: tuple[Agreed, ...] = ()
    flags: tuple[Remark, ...] = ()
    downloads: Mapping[str, str] = field(default_factory=dict)
