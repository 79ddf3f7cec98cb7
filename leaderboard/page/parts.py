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
from leaderboard.page.room import Fitting, Room
from leaderboard.page.wording import Words

One = TypeVar("One")


def parts(board: Board, told: Words, room: Room, environment: Environment) -> Mapping[str, Any]:
    """What the page's templates ask for, by name."""
    make = Items(board, told, environment)
    first = rows.preset("paper", make.columns)
    entries = (*board.entries, *board.pinned)
    room.take(make.rows(()))
    bits = [(one.id, bits) for one in entries if (bits := carried.bits_of(one))]
    compared = room.fitting("bits", ((one, str(one)) for one in bits), len(bits))
    readings = _readings(board, make.columns, room)
    matrix = list(matrices(board))
    fitting_matrices = _fitting("matrices", make.matrix, matrix, room)
    audit, judges = _audit(make, entries, room), _fitting("judges", make.judge, _judges(board), room)
    views = _fitting("entries", make.view, entries, room)
    chosen = _in_turn(board.samples)
    samples = _fitting("samples", make.answer, chosen, room)
    fitting_maps = _maps(make, room)
    adversaries = [one for one in board.pinned if one.kind is Kind.ADVERSARY]
    return {
        "columns": make.columns,
        "numbers": Markup(rows.selector(make.columns, {one.key for one in make.columns if one.number})),  # noqa: S704  # our own
        "unseen": Markup(rows.selector(make.columns, {one.key for one in make.columns} - set(first))),  # noqa: S704  # our own
        "rows": make.rows({one.id for one in entries[: len(views.items)]}),
        "names": make.called,
        "headlines": headlines(board, told),
        "samples": samples,
        "answered": list(dict.fromkeys(one.entry for one in chosen[: len(samples.items)])),
        "maps": fitting_maps,
        "mapped": list({one.entry.id: one.entry for one, _ in fitting_maps.items}.values()),
        "matrices": fitting_matrices,
        "methods": list(dict.fromkeys(one.method for one in matrix[: len(fitting_matrices.items)])),
        "views": views,
        "compared": Fitting(
            tuple(key for key, _ in compared.items), len(entries) - len(adversaries) - len(compared.items)
        ),
        "audit": audit,
        "judges": judges,
        "sprites": _sprites(board),
        "told": carried.told(
            board,
            make.columns,
            told,
            make.called,
            dict(compared.items),
            readings,
            [one for one, _ in fitting_maps.items],
        ),
        **_choices(board),
        "history": _history(board, make.called),
    }


def _in_turn(samples: Sequence[Sample]) -> list[Sample]:
    """Those in which readings differ, then one of each entry on each set, then a second of each, and so on."""
    before: Counter[tuple[str, str]] = Counter()
    turns = []
    for one in samples:
        turns.append((not one.differs, before[one.entry, one.key]))
        before[one.entry, one.key] += 1
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


def _audit(make: Items, entries: Sequence[Entry], room: Room) -> Fitting[Markup]:
    def made(of: tuple[Entry, Agreed]) -> Markup:
        entry, one = of
        return make.item("agreed", a=one, name=make.called[entry.id], shown=make.sets.get(one.key, one.key))

    return _fitting("audit", made, [(entry, one) for entry in entries for one in entry.audit], room)


def _judges(board: Board) -> list[tuple[Entry, Judged]]:
    return [(entry, one) for entry in board.entries for one in entry.readings if one.model is not None]


def _readings(board: Board, told: Sequence[Column], room: Room) -> dict[str, dict[str, dict[str, str]]]:
    """The cells that other readings change, by reading and entry."""
    changed: dict[str, dict[str, dict[str, str]]] = {}
    found = (
        ((reading, entry.id, cells), str(cells))
        for entry in board.entries
        for reading in board.readings[1:]
        if (cells := carried.read_otherwise(entry, reading, told))
    )
    for reading, entry, cells in room.fitting("readings", found, 0).items:
        changed.setdefault(reading, {})[entry] = cells
    return changed


def _choices(board: Board) -> dict[str, list[str]]:
    """What the table can be filtered by."""
    entries = (*board.entries, *board.pinned)
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
