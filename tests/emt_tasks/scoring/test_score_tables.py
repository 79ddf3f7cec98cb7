"""What `emt score` tells of tables: the rows that it was given, whatever was scored before."""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emt_tasks.cli.compare import command as compare
from emt_tasks.cli.score import command as score
from emt_tasks.errors import EmtError

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


ROWS = [(f"picture {n}", "cat" if n % 2 else "dog", "cat") for n in range(20)]


def run_of(
    out: Path, path: Path, rows: Sequence[Sequence[object]], head: Sequence[str] = ("id", "label", "answer")
) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    scored(out, path)
    return next(out.glob(f"{path.stem}-*"))


def compared(a: Path, b: Path) -> Result:
    return CliRunner().invoke(compare, [str(a), str(b), "--json"], catch_exceptions=False)


def test_tables_in_another_order_are_paired_by_their_ids(tmp_path: Path, out: Path) -> None:
    done = compared(run_of(out, tmp_path / "a.csv", ROWS), run_of(out, tmp_path / "b.csv", ROWS[::-1]))
    data = json.loads(done.stdout)
    (change,) = data["comparisons"]
    assert (done.exit_code, change["n"], change["paired_by"], data["problems"]) == (0, 20, "id", [])
    assert (change["both"], change["only_a"], change["only_b"], change["neither"]) == (10, 0, 0, 10)
    assert data["method"].startswith("Rows are paired by their tables' ids.")


def test_a_table_of_some_rows_is_compared_on_those(tmp_path: Path, out: Path) -> None:
    done = compared(run_of(out, tmp_path / "a.csv", ROWS), run_of(out, tmp_path / "b.csv", ROWS[10:]))
    (change,) = json.loads(done.stdout)["comparisons"]
    assert (change["n"], change["unpaired_a"], change["only_a"], change["only_b"]) == (10, 10, 0, 0)


def test_tables_without_ids_are_paired_by_number_and_that_is_said(tmp_path: Path, out: Path) -> None:
    bare, head = [row[1:] for row in ROWS], ("label", "answer")
    first, turned = run_of(out, tmp_path / "a.csv", bare, head), run_of(out, tmp_path / "b.csv", bare[::-1], head)
    data = json.loads(compared(first, run_of(out, tmp_path / "c.csv", ROWS)).stdout)
    assert data["method"].startswith("Rows are paired by their numbers in the log.")
    assert {problem["trouble"] for problem in data["problems"]} == {"weak_identity"}
    assert any("known by doc_id, of the other by id" in problem["what"] for problem in data["problems"])
    with pytest.raises(EmtError, match="nothing to compare"):
        compared(first, turned)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["1", "2", "1"], "lines 2 and 4 have the same id '1'"),
        (["1", " 1 ", "2"], "lines 2 and 3 have the same id '1'"),
        (["1", "", "2"], "line 3 has no id"),
        (["\x1b[31m", "\x1b[31m", "2"], "lines 2 and 3 have the same id"),
    ],
)
def test_ids_that_do_not_tell_rows_apart_are_refused(tmp_path: Path, out: Path, ids: list[str], said: str) -> None:
    with pytest.raises(EmtError, match=said) as refused:
        run_of(out, tmp_path / "t.csv", [(name, "cat", "cat") for name in ids])
    assert "\x1b" not in str(refused.value)


def test_pictures_may_be_in_a_set_twice(tmp_path: Path, out: Path) -> None:
    rows = [("a" * 64, "cat", "cat"), ("a" * 64, "cat", "dog"), ("b" * 64, "dog", "dog")]
    done = compared(run_of(out, tmp_path / "a.csv", rows), run_of(out, tmp_path / "b.csv", rows[::-1]))
    data = json.loads(done.stdout)
    assert (data["comparisons"][0]["n"], data["comparisons"][0]["paired_by"]) == (3, "image")
    assert data["method"].startswith("Rows are paired by picture.")


def test_readings_kept_beside_a_table_bear_its_ids(tmp_path: Path, out: Path) -> None:
    run = run_of(out, tmp_path / "a.csv", ROWS)
    (kept,) = run.glob("*_readings_*")
    assert [json.loads(line)["id"] for line in kept.read_text().splitlines()] == [row[0] for row in ROWS]


NO_ID = "no id: rows go by their number"
NOT_READ = "is not read (--answer-column reads it)"


@pytest.mark.parametrize(
    ("head", "row", "said", "accuracy"),
    [
        ("index,label,answer", "7,cat,cat", "label from 'label', answer from 'answer', id from 'index'", 1),
        ("label,answer", "cat,cat", f"label from 'label', answer from 'answer', {NO_ID}", 1),
        ("Index,Answer,Prediction", "7,cat,dog", "label from 'Answer', answer from 'Prediction', id from 'Index'", 0),
        (
            "gold,answer,prediction",
            "cat,dog,cat",
            f"label from 'gold', answer from 'answer', {NO_ID}; 'prediction' {NOT_READ}",
            0,
        ),
        (
            "label,response,answer",
            "cat,dog,cat",
            f"label from 'label', answer from 'answer', {NO_ID}; 'response' {NOT_READ}",
            1,
        ),
    ],
)
def test_which_columns_are_read_is_said(
    tmp_path: Path, out: Path, head: str, row: str, said: str, accuracy: float
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{head}\n{row}\n")
    done = scored(out, path)
    assert f"t.csv: read: {said}\n" in done.stderr
    assert told(done) == [("emt_cifar10", 1, accuracy)]


def test_one_column_is_not_read_as_label_and_answer_both(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("answer,prediction\ncat,dog\n")
    words = [str(path), "--set", "cifar10", "--output-path", str(out), "--answer-column", "answer"]
    refused = CliRunner().invoke(score, words).exception
    assert isinstance(refused, EmtError)
    assert "both be read from 'answer'" in str(refused)
