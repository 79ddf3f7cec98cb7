"""What the page's script is given: as JSON that no text in it can leave."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from emt_tasks.escaping import plain
from emt_tasks.forgetting.confusion import BINS
from leaderboard.board.table import LABEL_MATCH, Column, cell
from leaderboard.board.view import Entry, SetInfo
from leaderboard.page.items import Items
from leaderboard.page.maps import Map
from leaderboard.page.rows import PRESETS, preset

SAID: Mapping[str, tuple[str, ...]] = {
    "table": ("shown",),
    "compare": (
        "set", "n", "share_a", "share_b", "only_a", "only_b", "difference", "p", "p_holm", "mean", "same", "nothing",
        "pick", "caption", "shown_better", "shown_worse", "shown_nothing", "mean_shown", "mean_open",
    ),
    "confusions": ("open", "hover", "bins"),
    "samples": ("place", "cell", "link"),
    "matrix": ("last", "epoch"),
}  # fmt: skip
"""The words that the script says."""
_LEAVES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def script_data(told: Mapping[str, Any]) -> Markup:
    r"""`told` as JSON for a script element: in ASCII, without `<`.

    >>> str(script_data({"a": "</script>"}))
    '{"a":"\\u003c/script\\u003e"}'
    """
    return Markup(json.dumps(told, ensure_ascii=True, separators=(",", ":")).translate(_LEAVES))  # noqa: S704


def bits_of(entry: Entry) -> dict[str, str]:
    """Which answers are right, by set, of sets that were run on the board's rows."""
    return {key: result.bits for key, result in entry.results.items() if result.bits is not None and result.comparable}


@dataclass(frozen=True, slots=True)
class Read:
    """What another reading changes in an entry's line: texts by column."""

    reading: str
    entry: str
    cells: Mapping[str, str]


def has(entry: Entry, reading: str) -> bool:
    """Whether an entry's answers were read so."""
    return any(reading in result.by for result in entry.results.values())


def read_otherwise(entry: Entry, reading: str, columns: Sequence[Column]) -> dict[str, str]:
    """The texts of cells that another reading changes, by column."""
    read = {one.key: cell(entry, one, reading).text for one in columns}
    return {one.key: read[one.key] for one in columns if read[one.key] != cell(entry, one, LABEL_MATCH).text}


def read_so(entries: Sequence[Entry], columns: Sequence[Column]) -> list[str]:
    """The columns that hang on the reading: what was not read so has nothing there."""
    return [one.key for one in columns if any(cell(entry, one, "").text != cell(entry, one).text for entry in entries)]


def told(make: Items, bits: Mapping[str, Mapping[str, str]], readings: Sequence[Read], maps: Sequence[Map]) -> Markup:
    """Everything that the script needs beside the page itself."""
    board, mapped = make.board, {one.set.key for one in maps}
    changed: dict[str, dict[str, Mapping[str, str]]] = {reading: {} for reading in board.readings[1:]}
    for one in readings:
        changed[one.reading][one.entry] = one.cells
    sprites = {one.key: one.sprite for one in board.sets if one.sprite}
    return script_data(
        {
            "title": plain(board.title),
            "version": plain(board.version),
            "hash": board.data_hash,
            "sets": {one.key: {"shown": one.shown, "n": one.n, **_labels(one, mapped)} for one in board.sets},
            "sprites": {key: [one.side, one.columns, one.count] for key, one in sprites.items()},
            "bins": list(BINS),
            "presets": {name: preset(name, make.columns) for name in PRESETS},
            "intervals": [one.key for one in make.columns if one.interval],
            "names": {key: make.called[key] for key in bits},
            "bits": bits,
            "readings": changed,
            "read": read_so(board.entries, make.columns) if len(board.readings) > 1 else [],
            "maps": {f"{one.entry.id}:{one.set.key}": one.cells for one in maps},
            "whole": [f"{one.entry.id}:{one.set.key}" for one in maps if one.whole],
            "words": {part: {key: make.words[part][key] for key in keys} for part, keys in SAID.items()},
        }
    )


def _labels(one: SetInfo, mapped: Collection[str]) -> dict[str, list[str]]:
    return {"labels": [plain(label) for label in one.labels]} if one.key in mapped else {}
