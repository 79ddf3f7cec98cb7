"""What the board's page shows, frozen: everything is computed, nothing is phrased.

Shares are fractions in [0, 1], differences in [-1, 1], intervals at 95 %. Text in it comes from submitters, and from
models, and is hostile. `Entry.id` and keys of sets are of letters, digits and `._-` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Interval = tuple[float, float]


class Kind(StrEnum):
    """What an entry is of."""

    MODEL = "model"
    """A multimodal model that was asked."""
    ENCODER = "encoder"
    """A vision encoder alone, zero-shot: pinned, unranked."""
    ADVERSARY = "adversary"
    """An answer that anyone can give without looking: pinned, unranked, computed here."""


class Tier(StrEnum):
    """How far an entry's numbers were checked, the best first."""

    VERIFIED = "verified"
    """A maintainer ran it again."""
    RESCORED = "rescored"
    """Recomputed here from the submitted raw answers."""
    REPORTED = "reported"
    """Numbers alone; not ranked."""
    PAPER = "paper"
    """What the paper states in words; not ranked."""


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
class Leak:
    """How often answers to one label named a label that only another set has."""

    label: str
    other_set: str
    other_label: str
    count: int


@dataclass(frozen=True, slots=True)
class Confused:
    """Who is taken for what, under `label_match`; unscored rows are left out.

    Attributes:
        cells: (place of the right label, place of the answer, count) of cells above 0, in order; answers are the labels
            of the set and behind them several, foreign, none, empty (`emt_tasks.forgetting.confusion.BINS`).
        leaks: words of other sets, the most frequent first.
    """

    cells: tuple[tuple[int, int, int], ...]
    leaks: tuple[Leak, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An entry on one set.

    Attributes:
        key: of the set.
        variant: of the task ("", "lite", ...).
        data: the name of the known data that it was run on.
        comparable: whether these are the board's rows, on which models are ranked and compared.
        by: by reading; `label_match` first.
        encoder: against its own encoder; None where that is not on the board, or shares no row.
        retention: accuracy divided by that of its encoder; None as above, or where that has none right.
        change: of a tuned model, against its base; None where that is not on the board. `forgetting` is minus
            `change.difference`, told of sets that it was not tuned on.
        tuned_on: whether it was tuned on this set.
        confused: None where there are no answers.
        bits: base64 of the right answers over the board's rows, bit i of byte i // 8 (lowest first) is row i; None
            where it was run on other rows, or gave no answers.
    """

    key: str
    variant: str
    data: str
    comparable: bool
    by: Mapping[str, Scored]
    encoder: Against | None = None
    retention: Estimate | None = None
    change: Against | None = None
    tuned_on: bool = False
    confused: Confused | None = None
    bits: str | None = None


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


@dataclass(frozen=True, slots=True)
class Model:
    """What was asked. `url` begins with https://. `params` is a number of weights."""

    name: str
    org: str
    url: str | None = None
    encoder: str | None = None
    llm: str | None = None
    params: int | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Tuning:
    """How it was tuned; `kind` is none, linear, lora, prompt or full. `sets` are keys, or names of other data."""

    kind: str = "none"
    sets: tuple[str, ...] = ()
    epoch: float | None = None
    steps: int | None = None
    lr: float | None = None
    seed: int | None = None
    base: str | None = None
    adapter_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry comes from; `date` is ISO (YYYY-MM-DD), `source` a sentence or an https address."""

    tier: Tier
    submitted_by: str | None
    date: str
    source: str | None
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """sha256 of which pictures were asked about and what they show, by set."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one reading came about; what a judge was, where it was one."""

    reading: str
    version: str | None
    model: str | None = None
    prompt_hash: str | None = None
    date: str | None = None
    cost_usd: float | None = None


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
class Remark:
    """What a check found: the rule's name, and what was seen."""

    rule: str
    what: str


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


@dataclass(frozen=True, slots=True)
class Read:
    """One answer under one reading; `prediction` is a label where exactly one was named."""

    reading: str
    prediction: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer that is shown.

    Attributes:
        id: `entry:set:row`, for permalinks.
        entry, key, row: whose, of which set, and the row's number there.
        tile: its picture's place in the set's sprite; None where there is no picture.
        label: the right one.
        raw: the answer, its end left out where it is longer than 600 characters.
        length: of the whole answer, in characters.
        spans: (start, end) in `raw` of the words that name labels, as far as they stand there as such.
        foreign: whether it names a label that only another set has.
        reads: under each reading, label_match first.
        differs: whether the readings differ; those come first.
        image: sha256 of the picture's pixels.
    """

    id: str
    entry: str
    key: str
    row: int
    tile: int | None
    label: str
    raw: str
    length: int
    spans: tuple[tuple[int, int], ...]
    foreign: bool
    reads: tuple[Read, ...]
    differs: bool
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Sprite:
    """The pictures of a set's samples in one: tile k is at column k % columns, row k // columns.

    Attributes:
        uri: data URI of a WebP picture.
        side: of a tile, in pixels.
        columns: tiles in a line.
        count: tiles.
    """

    uri: str
    side: int
    columns: int
    count: int


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
class Point:
    """One epoch of a curve: an accuracy with its interval; epoch 0 is the base.

    `dropped` says whether the interval of its paired difference to the base lies below 0.
    """

    epoch: float
    entry: str
    accuracy: float
    low: float
    high: float
    dropped: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One set, evaluated after each epoch of one tuning."""

    series: str
    name: str
    kind: str
    tuned_on: tuple[str, ...]
    evaluated: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A cell of the forgetting matrix: the accuracy on `evaluated` after tuning, less the base's."""

    series: str
    entry: str
    name: str
    kind: str
    epoch: float | None
    tuned_on: tuple[str, ...]
    evaluated: str
    difference: float
    low: float
    high: float
    shown: bool


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
class Excluded:
    """A file that is left out, and why: `path` is below the folder of entries."""

    path: str
    reasons: tuple[Remark, ...]


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
