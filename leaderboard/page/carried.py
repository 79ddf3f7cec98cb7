"""What the page's script is given: as JSON that no text in it can leave."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from emt_tasks.escaping import plain
from emt_tasks.forgetting.confusion import BINS
from leaderboard.board.table import LABEL_MATCH, Column, cell
from leaderboard.board.view import Board, Entry, SetInfo
from leaderboard.page.maps import Map
from leaderboard.page.rows import PRESETS, preset
from leaderboard.page.wording import Words

SAID: Mapping[str, tuple[str, ...]] = {
    "table": ("shown",),
    "compare": (
        "set", "n", "share_a", "share_b", "only_a", "only_b", "difference", "p", "p_holm", "mean", "same", "nothing",
        "pick", "caption", "shown_better", "shown_worse", "shown_nothing",
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


def read_otherwise(entry: Entry, reading: str, columns: Sequence[Column]) -> dict[str, str]:
    """The texts of cells that another reading changes, by column."""
    read = {one.key: cell(entry, one, reading).text for one in columns}
    return {one.key: read[one.key] for one in columns if read[one.key] != cell(entry, one, LABEL_MATCH).text}


def told(
    board: Board,
    columns: Sequence[Column],
    words: Words,
    names: Mapping[str, str],
    bits: Mapping[str, Mapping[str, str]],
    readings: Mapping[str, Mapping[str, Mapping[str, str]]],
    maps: Sequence[Map],
) -> Markup:
    """Everything that the script needs beside the page itself."""
    mapped = {one.set.key: one.set for one in maps}
    return script_data(
        {
            "title": plain(board.title),
            "version": plain(board.version),
            "hash": board.data_hash,
            "sets": {one.key: {"shown": one.shown, "n": one.n, **_labels(one, mapped)} for one in board.sets},
            "sprites": {
                one.key: [one.sprite.side, one.sprite.columns, one.sprite.count] for one in board.sets if one.sprite
            },
            "bins": list(BINS),
            "presets": {name: preset(name, columns) for name in PRESETS},
            "intervals": [one.key for one in columns if one.interval],
            "names": {key: names[key] for key in bits},
            "bits": bits,
            "readings": readings,
            "maps": {f"{one.entry.id}:{one.set.key}": one.cells for one in maps},
            "whole": [f"{one.entry.id}:{one.set.key}" for one in maps if one.whole],
            "words": {part: {key: words[part][key] for key in keys} for part, keys in SAID.items()},
        }
    )


def _labels(one: SetInfo, mapped: Mapping[str, SetInfo]) -> dict[str, list[str]]:
    return {"labels": [plain(label) for label in one.labels]} if one.key in mapped else {}
