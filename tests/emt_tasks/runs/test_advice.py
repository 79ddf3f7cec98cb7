"""What is advised about rows that a run lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from toy_runs import STAMP, manifest_of, row, write_lm_eval, write_run

from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_run

TASK = "emt_cifar10"
ROWS = [row(0, "cat", "cat"), row(1, "dog", None, outcome="unscored")]


def of_emt_run(folder: Path) -> Path:
    return write_run(folder, {TASK: ROWS}, manifest=manifest_of({TASK: ROWS}))


def of_lm_eval(folder: Path) -> Path:
    return write_lm_eval(folder, {TASK: ROWS})


def of_lmms_eval(folder: Path) -> Path:
    return write_run(folder, {TASK: ROWS})


@pytest.mark.parametrize(
    ("made", "lost", "unscored"),
    [
        (of_emt_run, "emt run asks only for what is missing", "Run the same command again, or emt score"),
        (of_lm_eval, "running lm_eval again asks for everything", "running lm_eval again asks for everything"),
        (of_lmms_eval, "lmms-eval asks for everything, and emt score reads a table", "asked again where it was asked"),
    ],
)
def test_only_a_run_of_emt_run_is_said_to_ask_for_what_is_missing(
    tmp_path: Path, made: Callable[[Path], Path], lost: str, unscored: str
) -> None:
    folder = made(tmp_path / "run")
    (log,) = folder.glob("*samples*.jsonl")
    log.write_text(log.read_text() + '{"doc_id": 2, ')
    _, problems = read_run(folder)
    todo = {problem.trouble: problem.todo for problem in problems}
    assert lost in todo[Trouble.CUT_OFF]
    assert unscored in todo[Trouble.UNSCORED]
    assert ("emt run" in " ".join(todo.values())) == (made is of_emt_run)


def test_a_reading_that_is_broken_is_read_anew(tmp_path: Path) -> None:
    folder = of_lmms_eval(tmp_path / "run")
    (folder / f"{STAMP}_readings_{TASK}.gpt_judge.jsonl").write_text("{")
    _, problems = read_run(folder)
    assert any("emt score" in problem.todo for problem in problems if "gpt_judge" in problem.where)
