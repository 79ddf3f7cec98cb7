"""What fills the page's sections, cut to the room that a large board leaves."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from emt_tasks.escaping import plain
from leaderboard.board.table import Column
from leaderboard.board.view import Board, Entry
from leaderboard.page import carried, rows
from leaderboard.page.headlines import headlines
from leaderboard.page.items import Items
from leaderboard.page.maps import maps
from leaderboard.page.matrices import matrices
from leaderboard.page.room import Fitting, Room
from leaderboard.page.wording import Words


def parts(board: Board, told: Words, room: Room, environment: Environment) -> Mapping[str, Any]:
    """What the page's templates ask for, by name."""
    make = Items(board, told, environment)
    first = rows.preset("paper", make.columns)
    table = make.rows(first)
    left = Room(room.left - len(table.encode("utf8")))
    entries = (*board.entries, *board.pinned)
    samples = _fitting("samples", [make.answer(one) for one in board.samples], left)
    mapped = list(maps(board))
    texts = [make.map(one, place == 0) for place, one in enumerate(mapped)]
    sized = [((one, text), f"{text[len(one.uri) :]}{one.cells}") for one, text in zip(mapped, texts, strict=True)]
    fitting_maps = left.fitting("maps", sized)
    matrix = [(one, make.matrix(one)) for one in matrices(board)]
    bits = [(one.id, carried.bits_of(one)) for one in entries]
    compared = left.fitting("bits", [((key, told_), str(told_)) for key, told_ in bits if told_])
    return {
        "columns": make.columns,
        "first": first,
        "rows": table,
        "names": make.called,
        "headlines": headlines(board, told),
        "samples": samples,
        "answered": list(dict.fromkeys(one.entry for one in board.samples[: len(samples.items)])),
        "maps": fitting_maps,
        "mapped": list({one.entry.id: one.entry for one, _ in fitting_maps.items}.values()),
        "matrices": _fitting("matrices", [text for _, text in matrix], left),
        "methods": list(dict.fromkeys(one.method for one, _ in matrix)),
        "views": _fitting("entries", [make.view(one) for one in entries], left),
        "compared": Fitting(tuple(key for key, _ in compared.items), len(bits) - len(compared.items)),
        "audit": _audit(make, entries, left),
        "judges": [(entry, one) for entry in board.entries for one in entry.readings if one.model is not None],
        "sprites": _sprites(board),
        "told": carried.told(
            board,
            make.columns,
            told,
            make.called,
            dict(compared.items),
            _readings(board, make.columns, left),
            [one for one, _ in fitting_maps.items],
        ),
        **_choices(board),
        "history": _history(board, make.called),
    }


def _fitting(part: str, texts: Sequence[Markup], room: Room) -> Fitting[Markup]:
    return room.fitting(part, [(text, text) for text in texts])


def _audit(make: Items, entries: Sequence[Entry], room: Room) -> Fitting[Markup]:
    told = [
        make.item("agreed", a=one, name=make.called[entry.id], shown=make.sets.get(one.key, one.key))
        for entry in entries
        for one in entry.audit
    ]
    return _fitting("audit", told, room)


def _readings(board: Board, told: Sequence[Column], room: Room) -> dict[str, dict[str, dict[str, str]]]:
    """The cells that other readings change, by reading and entry."""
    changed: dict[str, dict[str, dict[str, str]]] = {}
    found = [
        ((reading, entry.id, cells), str(cells))
        for entry in board.entries
        for reading in board.readings[1:]
        if (cells := carried.read_otherwise(entry, reading, told))
    ]
    for reading, entry, cells in room.fitting("readings", found).items:
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


_TIERS = ("verified", "rescored", "reported", "paper")


def _sprites(board: Board) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "uri": one.sprite.uri, "columns": one.sprite.columns,
         "lines": -(-one.sprite.count // one.sprite.columns)}
        for one in board.sets if one.sprite is not None
    ]  # fmt: skip


def _history(board: Board, called: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The entries' names by date, the newest first."""
    newest = sorted(board.entries, key=lambda one: one.provenance.date, reverse=True)
    return [
        (date, [called[one.id] for one in those])
        for date, those in groupby(newest, key=lambda one: one.provenance.date)
    ][:20]
