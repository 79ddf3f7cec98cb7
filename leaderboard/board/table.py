"""The table's cells, once for the page, CSV and JSON: what each column of an entry holds, and how it is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emt_tasks.escaping import plain
from leaderboard.board.view import Board, Entry, Estimate, Scored, SetInfo
from leaderboard.words import between, percent, points, points_between, tuning_phrase

LABEL_MATCH = "label_match"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell.

    Attributes:
        value: to sort by and for data files, fractions to 6 decimals; None where there is nothing.
        text: as it is read; empty where there is nothing.
        low, high: the interval of `value`, where it has one, and a bound.
    """

    value: float | str | None
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: in data.csv too, which has `KEY_low` and `KEY_high` beside it where there is an `interval`.
        number: whether it holds numbers, which stand to the right.
        interval: whether its cells have one.
        set: of which set it is, None for others.
    """

    key: str
    number: bool
    interval: bool = False
    set: str | None = None


EMPTY = Cell(None, "")
INTERVALS = ("ranks", "macro", "retention", "forgetting", "agreement")
Make = Callable[[Entry, str], Cell]
_FRONT: dict[str, tuple[bool, Make]] = {
    "tie": (True, lambda one, _: _whole(one.rank.tie if one.rank else None)),
    "ranks": (True, lambda one, _: _ranks(one)),
    "model": (False, lambda one, _: _text(one.model.name)),
    "org": (False, lambda one, _: _text(one.model.org)),
    "encoder": (False, lambda one, _: _text(one.model.encoder)),
    "llm": (False, lambda one, _: _text(one.model.llm)),
    "tuning": (False, lambda one, _: _text(tuning(one))),
}
_BACK: dict[str, tuple[bool, Make]] = {
    "macro": (True, lambda one, reading: _macro(one, reading)),
    "retention": (True, lambda one, _: _share(one.retention)),
    "forgetting": (True, lambda one, _: _difference(one.forgetting)),
    "intrinsic": (True, lambda one, reading: _outcome(one, reading, "intrinsic")),
    "extrinsic": (True, lambda one, reading: _outcome(one, reading, "extrinsic")),
    "empty": (True, lambda one, reading: _outcome(one, reading, "empty")),
    "unscored": (True, lambda one, reading: _outcome(one, reading, "unscored")),
    "foreign": (True, lambda one, reading: _foreign(one, reading)),
    "agreement": (True, lambda one, _: _share(one.agreement)),
    "n": (True, lambda one, _: _whole(one.n or None)),
    "tier": (False, lambda one, _: Cell(one.provenance.tier.value, one.provenance.tier.value)),
    "date": (False, lambda one, _: _text(one.provenance.date)),
    "kind": (False, lambda one, _: Cell(one.kind.value, one.kind.value)),
    "id": (False, lambda one, _: Cell(one.id, one.id)),
}
_MAKE: Mapping[str, Make] = {key: make for key, (_, make) in (_FRONT | _BACK).items()}


def columns(sets: Sequence[SetInfo]) -> tuple[Column, ...]:
    """The columns in order: for each set `KEY`, its accuracy, and `KEY_gap`, the difference to the own encoder."""
    front = (Column(key, number, key in INTERVALS) for key, (number, _) in _FRONT.items())
    middle = (Column(f"{one.key}{end}", True, True, one.key) for one in sets for end in ("", "_gap"))
    back = (Column(key, number, key in INTERVALS) for key, (number, _) in _BACK.items())
    return (*front, *middle, *back)


def cell(entry: Entry, column: Column, reading: str = LABEL_MATCH) -> Cell:
    """What stands in a column of an entry under a reading; empty where it was not run, or not read so.

    Shares are in percent and differences in points, with one decimal, each with its interval.
    """
    if column.set is None:
        return _MAKE[column.key](entry, reading)
    result = entry.results.get(column.set)
    if result is None:
        return EMPTY
    if column.key.endswith("_gap"):
        gap = result.encoder if reading == LABEL_MATCH else None
        return EMPTY if gap is None else _change(gap.difference, gap.low, gap.high)
    scored = result.by.get(reading)
    return EMPTY if scored is None else _accuracy(scored)


def tuning(entry: Entry) -> str:
    """How it was tuned in one phrase: "lora, cifar10, epoch 3, seed 1"; nothing where it was not."""
    return tuning_phrase(entry.tuning.kind, entry.tuning.sets, entry.tuning.epoch, entry.tuning.seed)


def all_rows(board: Board) -> tuple[Entry, ...]:
    """The rows of the table as data files have them: entries, then what is pinned."""
    return (*board.entries, *board.pinned)


def _text(text: str | None) -> Cell:
    return EMPTY if text is None or not (line := plain(text).strip()) else Cell(line, line)


def _whole(number: int | None) -> Cell:
    return EMPTY if number is None else Cell(number, str(number))


def _ranks(entry: Entry) -> Cell:
    if entry.rank is None:
        return EMPTY
    low, high = entry.rank.low, entry.rank.high
    return Cell(low, str(low) if low == high else f"{low}-{high}", low, high)


def _accuracy(scored: Scored) -> Cell:
    text = f"{percent(scored.accuracy)} {between((scored.low, scored.high))}"
    return Cell(_fraction(scored.accuracy), text, _fraction(scored.low), _fraction(scored.high))


def _share(estimate: Estimate | None) -> Cell:
    if estimate is None:
        return EMPTY
    value, low, high = estimate.value, estimate.low, estimate.high
    text = f"{percent(value)} [{percent(low)}, {'' if high is None else percent(high)}]"
    return Cell(_fraction(value), text, _fraction(low), None if high is None else _fraction(high))


def _difference(estimate: Estimate | None) -> Cell:
    if estimate is None or estimate.high is None:
        return EMPTY
    return _change(estimate.value, estimate.low, estimate.high)


def _change(value: float, low: float, high: float) -> Cell:
    return Cell(_fraction(value), f"{points(value)} {points_between((low, high))}", _fraction(low), _fraction(high))


def _macro(entry: Entry, reading: str) -> Cell:
    """Under another reading the mean without an interval, where all sets were read so."""
    if entry.macro is None or reading == LABEL_MATCH:
        return _share(entry.macro)
    read = _read(entry, reading)
    return EMPTY if len(read) < entry.macro.of else _mean([one.accuracy for one in read])


def _outcome(entry: Entry, reading: str, outcome: str) -> Cell:
    return _mean([one.shares[outcome] for one in _read(entry, reading)])


def _foreign(entry: Entry, reading: str) -> Cell:
    return _mean([one.foreign for one in _read(entry, reading)])


def _mean(shares: Sequence[float]) -> Cell:
    """Each set counts the same."""
    if not shares:
        return EMPTY
    mean = sum(shares) / len(shares)
    return Cell(_fraction(mean), percent(mean))


def _fraction(number: float) -> float:
    return round(number, 6) + 0.0  # no -0.0


def _read(entry: Entry, reading: str) -> list[Scored]:
    return [result.by[reading] for result in entry.results.values() if reading in result.by]
