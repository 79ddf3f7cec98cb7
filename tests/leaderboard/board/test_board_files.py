"""data.json, data.csv and the table say the same; the same entries give the same bytes."""

import csv
import io
import json
from pathlib import Path

import pytest
import synthetic_board

from leaderboard.board.data import as_csv, as_json, names
from leaderboard.board.table import all_rows, cell, columns
from leaderboard.board.view import Board, Rendered
from leaderboard.board.writing import site, write
from leaderboard.words import percent

SIZES = (0, 1, 25)


@pytest.mark.parametrize("entries", SIZES)
def test_csv_json_and_table_say_the_same(entries: int) -> None:
    made = synthetic_board.board(entries)
    table = json.loads(as_json(made))["table"]
    lines = list(csv.DictReader(io.StringIO(as_csv(made))))
    rows = all_rows(made)
    assert len(table) == len(lines) == len(rows)
    for row, told, line in zip(rows, table, lines, strict=True):
        for column in columns(made.sets):
            found = cell(row, column)
            assert told[column.key] == found.value
            assert line[column.key] == ("" if found.value is None else str(found.value))
            if column.number and isinstance(found.value, float) and column.set and not column.key.endswith("_gap"):
                assert found.text.startswith(percent(float(line[column.key])))


def test_every_column_of_the_csv_is_one_of_the_jsons() -> None:
    made = synthetic_board.board(2)
    header = next(csv.reader(io.StringIO(as_csv(made))))
    assert header == list(json.loads(as_json(made))["table"][0])
    assert header == [name for column in columns(made.sets) for name in names(column)]


def test_no_cell_of_the_csv_becomes_a_formula() -> None:
    text = as_csv(synthetic_board.board(30, hostile=True))
    for line in csv.reader(io.StringIO(text)):
        for one in line:
            assert not one.lstrip().startswith(("=", "+", "@"))
            assert not one.startswith("-") or float(one) <= 0
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("hostile", [False, True])
def test_the_same_board_gives_the_same_bytes(hostile: bool) -> None:
    def made() -> Board:
        return synthetic_board.board(9, hostile=hostile)

    assert site(made(), Rendered("page")) == site(made(), Rendered("page"))


def test_json_holds_no_pictures_and_no_numbers_that_are_none() -> None:
    text = as_json(synthetic_board.board(9, hostile=True)).decode()
    assert "data:image" not in text
    json.loads(text, parse_constant=pytest.fail)


def test_a_file_of_the_page_can_not_lead_out_of_the_site(tmp_path: Path) -> None:
    for name in ("../x", "/etc/x", "a/../../x"):
        with pytest.raises(ValueError, match="leads out"):
            write({name: b""}, tmp_path / "site")


def test_a_build_takes_away_what_an_earlier_one_wrote_and_nothing_else(tmp_path: Path) -> None:
    site_folder = tmp_path / "site"
    write({"index.html": b"1", "entries/gone.json": b"{}"}, site_folder)
    (site_folder / "mine.txt").write_text("keep")
    (tmp_path / "outside.txt").write_text("keep")
    (site_folder / "linked.txt").symlink_to(tmp_path / "outside.txt")
    with (site_folder / "files.txt").open("a") as listed:
        listed.write("../outside.txt\n/etc/hostname\n\n.\nlinked.txt\n")
    write({"index.html": b"2"}, site_folder)
    names = {path.relative_to(site_folder).as_posix() for path in site_folder.rglob("*") if not path.is_dir()}
    assert names == {"index.html", "files.txt", "mine.txt", "linked.txt"}
    assert (tmp_path / "outside.txt").read_text() == "keep"


def test_what_was_not_run_is_empty_and_not_nought() -> None:
    made = synthetic_board.board(1)  # the first model was run on two sets
    by_key = {column.key: cell(made.entries[0], column) for column in columns(made.sets)}
    assert (by_key["cifar100"].value, by_key["cifar100"].text, by_key["macro"].value) == (None, "", None)
    assert by_key["mnist"].value is not None
