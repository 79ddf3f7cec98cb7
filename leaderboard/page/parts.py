"""What fills the page's sections, cut to the room that a large board leaves."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from jinja2 import Environment
from markupsafe import Markup

from emt_tasks.escaping import plain
from leaderboard.board.table import Column
from leaderboard.board.view import Agreed, Board, Entry, Judged, Kind, Sample
from leaderboard.page import carried, rows
from leaderboard.page.headlines import headlines
from leaderboard.page.items import Items
from leaderboard.page.maps import Map, confused, map_of
from leaderboard.page.matrices import matrices
from leaderboard.page.naming import tunings
from leaderboard.page.room import Fitting, Room
from leaderboard.page.wording import Words

One = TypeVar("One")


def parts(board: Board, told: Words, room: Room, environment: Environment) -> Mapping[str, Any]:
    """What the page's templates ask for, by name; room is given out in the order of `room.SHARES`."""
    make = Items(board, told, environment)
    room.take(make.rows(()))
    compared = _compared(board, room)
    readings = _readings(board, make.columns, room)
    matrix = list(matrices(board, tunings(board, told)))
    shown_matrices = _fitting("matrices", make.matrix, matrix, room)
    audit = {"audit": _audit(make, room), "judges": _fitting("judges", make.judge, _judges(board), room)}
    views = _fitting("entries", make.view, _all(board), room)
    chosen = _in_turn(board.samples)
    samples = _fitting("samples", make.answer, chosen, room)
    shown_maps = _maps(make, room)
    return {
        **_table(make, readings, views),
        **audit,
        "headlines": headlines(board, told),
        "matrices": shown_matrices,
        "methods": list(dict.fromkeys(one.method for one in matrix[: len(shown_matrices.items)])),
        "samples": samples,
        "answered": list(dict.fromkeys(one.entry for one in chosen[: len(samples.items)])),
        "maps": shown_maps,
        "mapped": list({one.entry.id: one.entry for one, _ in shown_maps.items}.values()),
        "compared": compared,
        "sprites": _sprites(board),
        "history": _history(board, make.called),
        "told": carried.told(make, dict(compared.items), readings.items, [one for one, _ in shown_maps.items]),
    }


def _all(board: Board) -> tuple[Entry, ...]:
    return (*board.entries, *board.pinned)


def _table(make: Items, readings: Fitting[carried.Read], views: Fitting[Markup]) -> dict[str, Any]:
    """What the table and its controls are made of."""
    board, keys = make.board, {one.key for one in make.columns}
    first = set(rows.preset("paper", make.columns))
    numbers = {one.key for one in make.columns if one.number}
    return {
        "columns": make.columns,
        "numbers": Markup(rows.selector(make.columns, numbers)),  # noqa: S704  # of our own columns
        "unseen": Markup(rows.selector(make.columns, keys - first)),  # noqa: S704  # of our own columns
        "rows": make.rows({one.id for one in _all(board)[: len(views.items)]}),
        "names": make.called,
        "views": views,
        "unread": readings.left,
        **_choices(board),
    }


def _compared(board: Board, room: Room) -> Fitting[tuple[str, dict[str, str]]]:
    """The bits of entries that can be compared; adversaries can't, and nobody misses them."""
    bits = [(one.id, bits) for one in _all(board) if (bits := carried.bits_of(one))]
    kept = room.fitting("bits", ((one, str(one)) for one in bits), len(bits))
    others = sum(one.kind is not Kind.ADVERSARY for one in _all(board)) - len(kept.items)
    return Fitting(kept.items, others)


def _in_turn(samples: Sequence[Sample]) -> list[Sample]:
    """Those in which readings differ, then a mistake of each entry on each set, a right answer of each, and so on."""
    before: Counter[tuple[str, str, bool]] = Counter()
    turns = []
    for one in samples:
        right = one.reads[0].outcome == "correct"
        turns.append((not one.differs, before[one.entry, one.key, right], right))
        before[one.entry, one.key, right] += 1
    return [one for _, one in sorted(zip(turns, samples, strict=True), key=lambda pair: pair[0])]


def _fitting(part: str, made: Callable[[One], Markup], items: Sequence[One], room: Room) -> Fitting[Markup]:
    texts = map(made, items)
    return room.fitting(part, ((text, text) for text in texts), len(items))


def _maps(make: Items, room: Room) -> Fitting[tuple[Map, Markup]]:
    """Confusions, whose pictures are not counted."""
    told = list(confused(make.board))
    drawn = (map_of(*one) for one in told)
    texts = ((one, make.map(one, place == 0)) for place, one in enumerate(drawn))
    sized = (((one, text), f"{text[len(one.uri) :]}{one.cells}") for one, text in texts)
    return room.fitting("maps", sized, len(told))


def _audit(make: Items, room: Room) -> Fitting[Markup]:
    def made(of: tuple[Entry, Agreed]) -> Markup:
        entry, one = of
        return make.item("agreed", a=one, name=make.called[entry.id], shown=make.sets.get(one.key, one.key))

    return _fitting("audit", made, [(entry, one) for entry in _all(make.board) for one in entry.audit], room)


def _judges(board: Board) -> list[tuple[Entry, Judged]]:
    return [(entry, one) for entry in board.entries for one in entry.readings if one.model is not None]


def _readings(board: Board, told: Sequence[Column], room: Room) -> Fitting[carried.Read]:
    """The cells that other readings change."""
    read = [(reading, entry) for entry in _all(board) for reading in board.readings[1:] if carried.has(entry, reading)]
    found = (carried.Read(reading, entry.id, carried.read_otherwise(entry, reading, told)) for reading, entry in read)
    return room.fitting("readings", ((one, str(one.cells)) for one in found), len(read))


def _choices(board: Board) -> dict[str, list[str]]:
    """What the table can be filtered by."""
    entries = _all(board)
    return {
        "kinds": sorted({one.tuning.kind for one in board.entries}),
        "encoders": sorted({text for one in entries if (text := plain(one.model.encoder or "").strip())}),
        "tiers": list(dict.fromkeys(sorted((one.provenance.tier.value for one in entries), key=_TIERS.index))),
    }


DATED = 60  # of the newest entries
_TIERS = ("verified", "rescored", "reported", "paper")


def _sprites(board: Board) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "uri": one.sprite.uri, "columns": one.sprite.columns,
         "lines": -(-one.sprite.count // one.sprite.columns)}
        for one in board.sets if one.sprite is not None
    ]  # fmt: skip


def _history(board: Board, called: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The entries' names by date, the newest first."""
    newest = sorted(board.entries, key=lambda one: one.provenance.date, reverse=True)[:DATED]
    return [
        (date, [called[one.id] for one in those])
        for date, those in groupby(newest, key=lambda one: one.provenance.date)
    ]
