"""A folder of entries, and one with an entry in it."""

from pathlib import Path

import pytest
import toy_entries


@pytest.fixture
def board(tmp_path: Path) -> toy_entries.Board:
    return toy_entries.Board(tmp_path / "entries")


@pytest.fixture
def entry(board: toy_entries.Board, tmp_path: Path) -> Path:
    return board.add(toy_entries.run(tmp_path / "run"))
