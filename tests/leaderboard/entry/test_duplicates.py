"""Which of several entries with the same answers stays: nothing that a submitter says decides it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy_entries

from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data
from leaderboard.entry.suggestions import Given

COPY = Given(org="aaa", model="mine", submitted_by="somebody")


def duplicates(board: toy_entries.Board, lists: Path | None = None) -> list[str]:
    found = read_entries(board.folder, known_data(board.folder), lists)
    assert all(reason.rule == "duplicate" for one in found.excluded for reason in one.reasons), found.excluded
    return [one.path for one in found.excluded]


def test_where_nobody_can_tell_which_was_first_both_are_named_whatever_they_say_of_their_day(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    copy = board.add(tmp_path / "run", COPY)
    both = ["aaa__mine/base.json", "org__model/base.json"]
    assert duplicates(board) == both
    board.change(copy, lambda told: told["provenance"].update(date="2020-01-01"))
    assert duplicates(board) == both


def test_what_main_holds_stays_whatever_a_copy_says(board: toy_entries.Board, entry: Path, tmp_path: Path) -> None:
    lists = Path(shutil.copytree(board.folder, tmp_path / "main"))
    copy = board.add(tmp_path / "run", COPY)
    board.change(copy, lambda told: told["provenance"].update(date="2020-01-01"))
    assert duplicates(board, lists) == ["aaa__mine/base.json"]


def test_what_a_pull_request_changed_is_not_what_main_holds(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    copy = board.add(tmp_path / "run", COPY)
    lists = Path(shutil.copytree(board.folder, tmp_path / "main"))
    board.change(copy, lambda told: told["provenance"].update(submitted_by="another"))
    assert duplicates(board, lists) == ["aaa__mine/base.json"]


def test_a_verified_entry_stays_before_one_that_main_holds(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    board.add(tmp_path / "run", COPY)
    lists = Path(shutil.copytree(board.folder, tmp_path / "main"))
    (lists / "verified.txt").write_text("org__model__base  # ran again\n")
    assert duplicates(board, lists) == ["aaa__mine/base.json"]


def test_a_tuning_that_changed_no_answer_is_no_duplicate_of_its_base(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    said = {"org": "org", "model": "model", "submitted_by": "me", "tuning": "linear", "dataset": ("mnist",)}
    board.add(tmp_path / "run", Given(**said, base="org/model", epoch=1.0, run="linear-1"))
    assert duplicates(board) == []
    board.add(tmp_path / "run", Given(**said, base="org/model", epoch=1.0, run="linear-1-again"))
    assert duplicates(board) == ["org__model/linear-1-again.json", "org__model/linear-1.json"]


def blank(line: dict[str, Any]) -> None:
    line["raw"] += " "


def full_stop(line: dict[str, Any]) -> None:
    line["raw"] = f"**{line['raw'].upper()}**."


def renumbered(line: dict[str, Any]) -> None:
    line["row"] = 10_000 - line["row"]


@pytest.mark.parametrize("change", [blank, full_stop, renumbered])
def test_signs_and_numbers_of_rows_make_no_other_answers(
    board: toy_entries.Board, entry: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    board.change_answers(board.add(tmp_path / "run", COPY), change)
    assert duplicates(board) == ["aaa__mine/base.json", "org__model/base.json"]


def test_another_word_makes_other_answers(board: toy_entries.Board, entry: Path, tmp_path: Path) -> None:
    copy = board.add(tmp_path / "run", COPY)
    board.change_answers(copy, lambda line: line.update(raw=f"I see: {line['raw']}"))
    assert duplicates(board) == []


def test_a_day_that_has_not_been_is_refused(board: toy_entries.Board, entry: Path) -> None:
    board.change(entry, lambda told: told["provenance"].update(date="2026-03-02"))
    known = known_data(board.folder)
    (one,) = read_entries(board.folder, known, latest="2026-03-01").excluded
    assert [reason.rule for reason in one.reasons] == ["date"]
    assert not read_entries(board.folder, known, latest="2026-03-02").excluded
