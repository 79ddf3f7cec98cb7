"""What `emt score` tells of tables: the rows that it was given, whatever was scored before."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emt_tasks.cli.score import command as score

LONG_AGO, LATER = 1e9, 1.5e9  # seconds since 1970


def table(path: Path, label: str, answer: str, n: int = 10, date: float = LONG_AGO) -> Path:
    """A table of `n` rows with one label and one answer, with a file date of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "label", "answer"], *([row, label, answer] for row in range(n))])
    os.utime(path, (date, date))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def scored(out: Path, *tables: Path, key: str = "cifar10") -> Result:
    words = [*map(str, tables), "--set", key, "--output-path", str(out), "--json"]
    done = CliRunner().invoke(score, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def told(done: Result) -> list[tuple[str, int, float]]:
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return [(one["task"], one["n"], one["accuracy"]) for one in results]


RIGHT, WRONG = [("emt_cifar10", 10, 1.0)], [("emt_cifar10", 10, 0.0)]


def test_a_table_that_was_changed_is_told_as_it_is_now(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "answers.csv"
    assert told(scored(out, table(path, "cat", "cat"))) == RIGHT
    assert told(scored(out, table(path, "cat", "dog"))) == WRONG, "of the same date"
    assert told(scored(out, table(path, "cat", "cat", n=4, date=LATER - 1e8))) == [("emt_cifar10", 4, 1.0)], (
        "fewer rows"
    )
    assert told(scored(out, table(path, "cat", "cat"))) == RIGHT, "as it was first"


def test_tables_of_one_name_and_one_date_are_each_told(tmp_path: Path, out: Path) -> None:
    first, second = table(tmp_path / "d1/answers.csv", "cat", "cat"), table(tmp_path / "d2/answers.csv", "cat", "dog")
    assert told(scored(out, first)) == RIGHT
    assert told(scored(out, second)) == WRONG
    assert told(scored(out, first, second)) == [*RIGHT, *WRONG]


def test_tables_of_one_name_and_other_dates_are_each_told(tmp_path: Path, out: Path) -> None:
    first = table(tmp_path / "two1.csv", "cat", "cat", date=LATER)
    second = table(tmp_path / "tt/two1.csv", "cat", "dog", n=3)
    assert told(scored(out, first, second)) == [*RIGHT, ("emt_cifar10", 3, 0.0)]
    assert told(scored(out, second)) == [("emt_cifar10", 3, 0.0)]


def test_a_table_of_another_set_is_told_alone(tmp_path: Path, out: Path) -> None:
    scored(out, table(tmp_path / "m/answers.csv", "3", "3"), key="mnist")
    assert told(scored(out, table(tmp_path / "c/answers.csv", "cat", "cat"))) == RIGHT
    numbers = table(tmp_path / "numbers.csv", "3", "cat")
    assert told(scored(out, numbers)) == RIGHT
    assert told(scored(out, numbers, key="mnist")) == [("emt_mnist", 10, 0.0)]


def test_other_columns_of_one_table_are_another_run(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("label,answer,other\ncat,cat,dog\n")
    words = [str(path), "--set", "cifar10", "--output-path", str(out), "--json"]
    assert told(CliRunner().invoke(score, words)) == [("emt_cifar10", 1, 1.0)]
    assert told(CliRunner().invoke(score, [*words, "--answer-column", "other"])) == [("emt_cifar10", 1, 0.0)]


def test_the_same_table_again_changes_nothing(tmp_path: Path, out: Path) -> None:
    first, copy = table(tmp_path / "t.csv", "cat", "cat"), table(tmp_path / "copy/t.csv", "cat", "cat", date=LATER)
    scored(out, first)
    before = {path: path.read_bytes() for path in out.rglob("*.jsonl")}
    done = scored(out, first, copy)
    assert told(done) == RIGHT
    assert "holds the same as" in done.stderr
    assert {path: path.read_bytes() for path in out.rglob("*.jsonl")} == before
