"""The table's rows: the texts of `leaderboard.board.table`, and how they are shown."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.board.table import LABEL_MATCH, Column, cell
from leaderboard.board.view import Board, Entry, Result

ALWAYS = ("tie", "model")
PRESETS = {
    "paper": ("ranks", "encoder", "tuning", "SET", "macro", "tier"),
    "forgetting": ("tuning", "SET", "GAP", "macro", "retention", "forgetting"),
    "hallucination": ("tuning", "macro", "intrinsic", "extrinsic", "empty", "foreign", "unscored", "agreement", "n"),
}  # beside `ALWAYS`
HIDDEN = ("kind", "id")  # in data files; a row of the page has them as attributes


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of a column (`key`): its number or text, and the interval behind it as written (with a leading space).

    `sure` says that a difference is shown; `style` where an accuracy's mark, bar and tick are, in percent of the cell;
    `data` is what data files have where that is another text.
    """

    key: str
    text: str
    interval: str = ""
    sure: bool = False
    style: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    entry: Entry
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stay together however the table is sorted."""

    key: str
    rows: tuple[Row, ...]


def shown_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that the page has."""
    return tuple(column for column in columns if column.key not in HIDDEN)


def preset(name: str, columns: Sequence[Column]) -> tuple[str, ...]:
    """The keys of a preset's columns, in the table's order."""
    wanted = {*ALWAYS, *PRESETS[name]}
    return tuple(column.key for column in columns if {column.key, _sort_of(column)} & wanted)


def selector(columns: Sequence[Column], keys: Collection[str]) -> str:
    """CSS that selects the cells of some columns."""
    places = [place for place, column in enumerate(columns, start=1) if column.key in keys]
    return f"#board tr:is([id], .heads) > :is({', '.join(f':nth-child({place})' for place in places)})"


def _sort_of(column: Column) -> str:
    if column.set is None:
        return column.key
    return "GAP" if column.key.endswith("_gap") else "SET"


def groups(board: Board, columns: Sequence[Column], called: Mapping[str, str]) -> Iterator[Group]:
    """The table's groups that have rows: ranked, unranked, and what is pinned; `called` are models' names by entry."""
    told = {
        "ranked": [one for one in board.entries if one.rank is not None],
        "unranked": [one for one in board.entries if one.rank is None],
        "pinned": list(board.pinned),
    }
    for key, entries in told.items():
        if entries:
            yield Group(key, tuple(_row(one, columns, called[one.id]) for one in entries))


def _row(entry: Entry, columns: Sequence[Column], called: str) -> Row:
    return Row(entry, tuple(_shown(entry, column, called) for column in columns))


def _shown(entry: Entry, column: Column, called: str) -> Shown:
    text = cell(entry, column).text
    if column.key == "model" and called != text:
        return Shown(column.key, called, data=text)
    if not column.interval or not text:
        return Shown(column.key, text)
    main, bracket, interval = text.partition(" [")
    if column.set is None:
        return Shown(column.key, main, bracket + interval)
    result = entry.results[column.set]
    if column.key.endswith("_gap"):
        sure = result.encoder is not None and result.encoder.shown
        return Shown(column.key, main, bracket + interval, sure=sure)
    return Shown(column.key, main, bracket + interval, style=_whisker(result))


def _whisker(result: Result) -> str:
    scored = result.by[LABEL_MATCH]
    places = {"v": scored.accuracy, "l": scored.low, "h": scored.high}
    if result.encoder is not None:
        places["e"] = result.encoder.accuracy
    return ";".join(f"--{name}:{100 * place:.0f}" for name, place in places.items())
