import json
from pathlib import Path

import pytest

from emt_tasks.forgetting.checkpoints import recorded
from emt_tasks.forgetting.lineage import Recorded
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Identity, Run

SAID = {
    "method": "lora",
    "set": "cifar10+mnist",
    "epoch": 0.5,
    "base": "b",
    "recipe_name": "lora",
    "seed": 1,
    "more": [],
}


def run(folder: Path, **arguments: str) -> Run:
    return Run("r", folder, "lmms-eval", Identity("emt_llava", arguments), ())


def test_the_folder_that_was_loaded_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "emt_checkpoint.json").write_text(json.dumps(SAID))
    expected = Recorded("lora", ("cifar10", "mnist"), 0.5, "b", "lora", 1)
    assert recorded(run(tmp_path / "x", pretrained="b", peft=str(tmp_path))) == expected
    assert recorded(run(tmp_path / "x", pretrained="b", projector=str(tmp_path / "projector.safetensors"))) == expected


def test_a_relative_folder_is_looked_for_above_the_run(tmp_path: Path) -> None:
    (tmp_path / "tuned/epoch-1").mkdir(parents=True)
    (tmp_path / "tuned/epoch-1/emt_checkpoint.json").write_text(json.dumps(SAID))
    assert isinstance(recorded(run(tmp_path / "out/run", pretrained="b", peft="tuned/epoch-1")), Recorded)


@pytest.mark.parametrize("text", ["{", "[]", '{"method": "lora"}', json.dumps({**SAID, "epoch": -1}), '{"epoch": NaN}'])
def test_a_broken_file_is_a_problem_and_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "emt_checkpoint.json").write_text(text)
    found = recorded(run(tmp_path, pretrained="b", peft=str(tmp_path)))
    assert isinstance(found, Problem)
    assert found.trouble is Trouble.UNREADABLE


@pytest.mark.parametrize("named", ["hub/adapter", "a\0b", "x" * 5000])
def test_a_folder_that_is_not_here_says_nothing(tmp_path: Path, named: str) -> None:
    assert recorded(run(tmp_path, pretrained="b", peft=named)) is None
