"""A run that is made once: it holds what was asked last, and what was asked before is kept aside."""

import shutil
from pathlib import Path

import pytest
import toy_sets
from scripted import Scripted

from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.reading_back import read_runs
from finetuning.tuning.whole_runs import EARLIER, MARK, evaluated_once


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for key in ("mnist", "cifar10"):
        toy_sets.write_set(folder, key, [3, 7, 1])
    return folder


def ask(folder: Path, data: Path, task: str, limit: int) -> str:
    """Ask, and what was said of it."""
    said: list[str] = []
    wanted = Evaluation((task,), folder, 2, limit, shown=False)
    model = Scripted(lambda doc, _: doc["labels"][doc["label"]])
    evaluated_once(lambda: model, "scripted", {"pretrained": "toy"}, wanted, f"{task} {limit}", data, said.append)
    return said[-1]


def rows(folder: Path) -> dict[str, int]:
    found = read_runs([folder])
    assert not found.problems
    return {rows.task: rows.n for run in found.runs for rows in run.tasks}


def test_asked_of_fewer_rows_it_holds_those_and_other_tasks_stay(data: Path, tmp_path: Path) -> None:
    ask(tmp_path, data, "emt_cifar10", 3)
    ask(tmp_path, data, "emt_mnist", 3)
    assert rows(tmp_path) == {"emt_cifar10": 3, "emt_mnist": 3}
    assert EARLIER in ask(tmp_path, data, "emt_mnist", 2)
    assert rows(tmp_path) == {"emt_cifar10": 3, "emt_mnist": 2}
    assert rows(tmp_path / EARLIER) == {"emt_mnist": 3}
    assert "(kept)" in ask(tmp_path, data, "emt_mnist", 2)


@pytest.mark.parametrize("mark", [True, False])
def test_what_lies_aside_is_no_run_and_no_leftover(data: Path, tmp_path: Path, mark: bool) -> None:
    for limit in (3, 2):
        ask(tmp_path, data, "emt_mnist", limit)
    for folder in tmp_path.glob("[!.]*/"):
        shutil.rmtree(folder)
    if not mark:
        (tmp_path / MARK).unlink()
    assert "(kept)" not in ask(tmp_path, data, "emt_mnist", 2)
    assert rows(tmp_path) == {"emt_mnist": 2}
    assert rows(tmp_path / EARLIER) == {"emt_mnist": 3}
