"""Confusions: as a small picture, a pixel a cell, and as tables of the commonest mistakes."""

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from emt_tasks.escaping import plain
from emt_tasks.forgetting.confusion import BINS
from leaderboard.board.view import Board, Confused, Entry, Leak, SetInfo

TOP = 20
COLOUR = (0, 114, 178)  # Okabe and Ito's blue; how much of it is a cell's share of its row, so it suits any background
MOST_CELLS = 120  # of a map that can be pointed at


@dataclass(frozen=True, slots=True)
class Mistake:
    """A cell beside the diagonal: places of label and answer, their names, and how often."""

    row: int
    column: int
    label: str
    answer: str
    count: int


@dataclass(frozen=True, slots=True)
class Map:
    """The confusions of one entry on one set.

    Attributes:
        entry, set: whose.
        uri: a PNG of a pixel a cell, columns for the labels and behind them the bins.
        n, right: answers, and those on the diagonal.
        top: the commonest mistakes.
        leaks: words of other sets.
        cells: row, column, count, and so on, of the commonest cells.
        whole: whether `cells` are all.
    """

    entry: Entry
    set: SetInfo
    uri: str
    n: int
    right: int
    top: tuple[Mistake, ...]
    leaks: tuple[Leak, ...]
    cells: tuple[int, ...]
    whole: bool


def confused(board: Board) -> Iterator[tuple[Entry, SetInfo, Confused]]:
    """All confusions that there are: of what is not tuned, then of each tuning's last epoch, then the others."""
    last = {one.series: one.tuning.epoch for one in sorted(board.entries, key=lambda one: one.tuning.epoch or 0.0)}

    def turn(entry: Entry) -> int:
        return 0 if entry.series is None else 1 if entry.tuning.epoch == last[entry.series] else 2

    for entry in (*sorted(board.entries, key=turn), *board.pinned):
        for one in board.sets:
            result = entry.results.get(one.key)
            if result is not None and result.confused is not None and result.confused.cells:
                yield entry, one, result.confused


def map_of(entry: Entry, of: SetInfo, told: Confused) -> Map:
    """One confusion as it is shown."""
    answers = [*map(plain, of.labels), *BINS]
    by_count = sorted(told.cells, key=lambda cell: (-cell[2], cell))
    wrong = [cell for cell in by_count if cell[0] != cell[1]]
    kept = by_count[:MOST_CELLS]
    return Map(
        entry,
        of,
        picture(told.cells, len(of.labels), len(answers)),
        sum(count for _, _, count in told.cells),
        sum(count for row, column, count in told.cells if row == column),
        tuple(Mistake(row, column, answers[row], answers[column], count) for row, column, count in wrong[:TOP]),
        told.leaks[:5],
        tuple(number for cell in kept for number in cell),
        len(kept) == len(told.cells),
    )


def picture(cells: Sequence[tuple[int, int, int]], rows: int, columns: int) -> str:
    """A data URI of a PNG, a pixel a cell: the square root of the share of its row is how opaque it is."""
    counts = np.zeros((rows, columns))
    for row, column, count in cells:
        counts[row, column] += count
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    alpha = np.round(255 * np.sqrt(shares)).astype(np.uint8)
    stored = io.BytesIO()
    palette = Image.fromarray(alpha, "L").convert("P")
    palette.putpalette([part for _ in range(256) for part in COLOUR])
    palette.save(stored, "PNG", transparency=bytes(range(256)), optimize=True)
    return f"data:image/png;base64,{b64encode(stored.getvalue()).decode('ascii')}"
