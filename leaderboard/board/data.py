"""The board as data.json and data.csv, from the same cells as the page's table."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from emt_tasks.escaping import csv_cell
from leaderboard.board.table import Column, all_rows, cell, columns
from leaderboard.board.view import Board, Entry

SCHEMA = 1


def as_json(board: Board) -> bytes:
    """Everything of the board but pictures, as JSON; fractions as they are, and `table` as the page shows it."""
    bare = replace(
        board,
        sets=tuple(replace(one, sprite=None) for one in board.sets),
        samples=tuple(replace(one, tile=None) for one in board.samples),
    )
    told = {"schema": SCHEMA, "board": bare, "table": [_row(entry, board) for entry in all_rows(board)]}
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def _row(entry: Entry, board: Board) -> dict[str, Any]:
    return {name: value for column in columns(board.sets) for name, value in _values(entry, column)}


def as_csv(board: Board) -> str:
    """The table: a line a row, `KEY_low` and `KEY_high` behind what has an interval; nothing becomes a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    shown = columns(board.sets)
    writer.writerow([name for column in shown for name in names(column)])
    for entry in all_rows(board):
        writer.writerow([_text(value) for column in shown for _, value in _values(entry, column)])
    return text.getvalue()


def names(column: Column) -> tuple[str, ...]:
    """What a column is called in data files, with those of its interval."""
    return (column.key, f"{column.key}_low", f"{column.key}_high") if column.interval else (column.key,)


def _values(entry: Entry, column: Column) -> Iterator[tuple[str, float | str | None]]:
    found = cell(entry, column)
    return zip(names(column), (found.value, found.low, found.high), strict=False)


def _text(value: float | str | None) -> str:
    if value is None:
        return ""
    return csv_cell(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, int) else repr(value)
