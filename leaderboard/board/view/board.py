"""Everything together, and the files that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leaderboard.board.view.entries import Entry
from leaderboard.board.view.samples import Sample, Sprite
from leaderboard.board.view.tunings import Change, Curve
from leaderboard.entry.remarks import Excluded


@dataclass(frozen=True, slots=True)
class SetInfo:
    """One of the board's sets.

    Attributes:
        key, shown: its key, and its name as the paper writes it.
        labels: in index order.
        n: the board's rows of it, which are ranked on; 0 where nothing was run.
        data: what the rows are, in the words of the list of known data.
        shows: the least difference that so many rows show with power 0.8, between a model that is right on half of them
            and one whose errors have nothing to do with its own; None where there is none.
        sprite: None where the pictures are not at hand, or may not be shown.
    """

    key: str
    shown: str
    labels: tuple[str, ...]
    n: int
    data: str
    shows: float | None = None
    sprite: Sprite | None = None


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A model of the paper, of which no number is known: `claims` are the letters of those that speak of it."""

    model: str
    encoder: str
    llm: str | None
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence's key and its numbers; the page has its words in each language.

    Keys and numbers:
        below_encoder: below, of, set, median, low, high. Of `of` untuned models with an encoder `below` are shown below
            it on `set` (its name); median of the differences with its range (an order-statistic interval of at least
            95 %, where there are 6 or more, else least and greatest: `exact` 1 or 0).
        forgetting: lower, of, mean, low, high. Of `of` pairs of a tuned model and a set that it was not tuned on
            `lower` are shown lower than the base; the mean change over models with its interval.
        hallucination: share, low, high, n. Of the ranked models' answers, the share that names several labels, or
            that says something and names none; empty answers are neither.
        none: about ("below_encoder", "forgetting" or "hallucination"): nothing on the board tells.
    """

    key: str
    numbers: Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything.

    Attributes:
        title: the board's.
        version: of emt-bench's tasks ("1.0").
        software: of emt-bench.
        data_hash: sha256 in hex of all that was read.
        sets: the board's, in the paper's order.
        readings: all that some entry has, label_match first.
        entries: in the order of the table: ranked, then unranked.
        pinned: adversaries, then encoders.
        paper: what the paper states in words.
        curves, matrix: of all tunings whose base is on the board.
        samples: those in which readings differ first, then by a rule (`sampling`).
        sampling: the seed of the rule.
        headlines: three.
        excluded: what was left out.
        comparisons: how many pairs of models the ranks were corrected over.
    """

    title: str
    version: str
    software: str
    data_hash: str
    sets: tuple[SetInfo, ...]
    readings: tuple[str, ...]
    entries: tuple[Entry, ...]
    pinned: tuple[Entry, ...]
    paper: tuple[PaperRow, ...]
    curves: tuple[Curve, ...]
    matrix: tuple[Change, ...]
    samples: tuple[Sample, ...]
    sampling: int
    headlines: tuple[Headline, ...]
    excluded: tuple[Excluded, ...]
    comparisons: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """The page: `html` stands alone, `files` are what it offers to download, by their path beside it."""

    html: str
    files: Mapping[str, bytes] = field(default_factory=dict)
