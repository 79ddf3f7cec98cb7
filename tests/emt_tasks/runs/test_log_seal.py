"""A readings file counts as long as the log beside it is the one that was read."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy_runs import rows_of, write_run

from emt_tasks.cli.compare import command as compare
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.reading_back import read_run
from emt_tasks.runs.records import Run
from emt_tasks.scoring.readers import by_label_match, records
from emt_tasks.scoring.stored import keep, stored_answers

TASK = "emt_cifar10"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of ten rows, read again under two names."""
    folder = write_run(tmp_path / "a", {TASK: rows_of([True] * 8 + [False] * 2)})
    (answers,), _ = stored_answers([folder])
    for name in ("label_match", "other"):
        keep(answers, name, records(answers, by_label_match, name))
    return folder


def log_of(run: Path) -> Path:
    return next(run.glob("*_samples_*"))


def counted(run: Path) -> tuple[Run, dict[str, int], dict[Trouble, Problem]]:
    found, problems = read_run(run)
    return found, {rows.reading: rows.n for rows in found.tasks}, {one.trouble: one for one in problems}


def compared(a: Path, b: Path) -> Result:
    return CliRunner().invoke(compare, [str(a), str(b), "--json"])


def test_a_whole_run_has_all_of_its_readings(run: Path) -> None:
    _, rows, problems = counted(run)
    assert rows == {"label_match": 10, "other": 10}
    assert problems == {}


def test_a_log_that_was_cut_off_is_not_hidden_by_its_readings(run: Path, tmp_path: Path) -> None:
    whole = write_run(tmp_path / "whole", {TASK: rows_of([True] * 10)})
    log_of(run).write_bytes(log_of(run).read_bytes()[:-50])
    _, rows, problems = counted(run)
    assert rows == {"label_match": 9}
    assert {Trouble.CUT_OFF, Trouble.STALE_READING, Trouble.OLDER} <= set(problems)
    assert "emt score" in problems[Trouble.STALE_READING].todo
    done = compared(whole, run)
    assert (done.exit_code, json.loads(done.stdout)["comparisons"][0]["n"]) == (3, 9)


def test_a_log_whose_answers_were_changed_counts_as_it_is_now(run: Path) -> None:
    log_of(run).write_text(log_of(run).read_text().replace('"correct"', '"incorrect"'))
    found, rows, _ = counted(run)
    assert rows == {"label_match": 10}
    assert not found.tasks[0].correct.any()


def test_readings_that_do_not_say_their_log_are_left_out_and_that_is_partial(run: Path, tmp_path: Path) -> None:
    other = next(run.glob("*.other.jsonl"))
    first, *rest = other.read_text().splitlines(keepends=True)
    bare = {name: value for name, value in json.loads(first).items() if name != "log"}
    other.write_text(json.dumps(bare) + "\n" + "".join(rest))
    _, rows, problems = counted(run)
    assert rows == {"label_match": 10}
    assert "does not say which log" in problems[Trouble.STALE_READING].what
    done = compared(write_run(tmp_path / "whole", {TASK: rows_of([True] * 10)}), run)
    assert (done.exit_code, json.loads(done.stdout)["comparisons"][0]["n"]) == (3, 10)


@pytest.mark.parametrize("harm", ["", "\n", "{", '{"log": 1}\n', '{"log": {"size": "x", "sha256": 2}}\n', "[" * 99_999])
def test_a_broken_readings_file_is_left_out(run: Path, harm: str) -> None:
    next(run.glob("*.other.jsonl")).write_text(harm)
    _, rows, problems = counted(run)
    assert rows == {"label_match": 10}
    assert list(problems) == [Trouble.STALE_READING]


def test_scoring_again_mends_what_was_left_out_and_what_was_cut_off(run: Path) -> None:
    for path in run.glob("*_readings_*"):
        path.write_text(path.read_text()[:-200])
    (answers,), _ = stored_answers([run])
    assert len(answers.rows) == 10, "answers are the log's, whatever was read of them before"
    for name in ("label_match", "other"):
        keep(answers, name, records(answers, by_label_match, name))
    _, rows, problems = counted(run)
    assert (rows, problems) == ({"label_match": 10, "other": 10}, {})
