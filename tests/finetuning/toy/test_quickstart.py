"""The whole quickstart at a size that takes seconds: the stages, the command's words, and going on after a stop."""

import json
from pathlib import Path

import pytest

from emt_tasks.cli.quickstart import examples, verdict
from emt_tasks.forgetting.findings import findings
from emt_tasks.forgetting.lineage import Role
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.runs.summary import TaskResult, task_results
from finetuning.toy.data import SetSizes
from finetuning.toy.llava import ModelSizes
from finetuning.toy.quickstart import Quickstart, Settings
from finetuning.toy.training import TrainingSettings
from finetuning.training.checkpoint import is_whole, read_checkpoint
from finetuning.training.lora import LoraSettings

BRIEF = TrainingSettings(epochs=0.5, batch_size=32, learning_rate=1e-3)
TINY = Settings(
    sets=SetSizes(digit_tests=2, drawing_tests=2, drawing_trains=10),
    model=ModelSizes(vision_width=32, vision_layers=1, language_width=32, language_layers=1, heads=2),
    warm_up=BRIEF,
    alignment=BRIEF,
    lora=LoraSettings(rank=2),
    tuning=BRIEF,
)


def result(*rows: tuple[str, str, list[str], str]) -> TaskResult:
    keys = ("image", "outcome", "foreign", "raw")
    named = [dict(zip(keys, row, strict=True), reading="label_match", label="ship") for row in rows]
    return task_results("emt_cifar10", named)[0]


def test_every_stage_is_done_and_a_second_start_keeps_all_of_them(tmp_path: Path) -> None:
    told: list[str] = []
    found = Quickstart(tmp_path, 0, TINY, told.append).run()
    assert {key: (found.before[key].n, found.after[key].n) for key in found.before} == {
        "mnist": (20, 20),
        "cifar10": (20, 20),
    }
    again: list[str] = []
    kept = Quickstart(tmp_path, 0, TINY, again.append).run()
    assert all("kept from an earlier start" in line for line in again)
    assert len(again) == len(told) == 6
    assert [row["raw"] for row in kept.after["cifar10"].rows] == [row["raw"] for row in found.after["cifar10"].rows]
    manifest = json.loads(next((tmp_path / "after").rglob("*_manifest.json")).read_text())
    assert manifest["tasks"]["emt_mnist"]["data_dir"] == str((tmp_path / "data").resolve())
    adapter = read_checkpoint(tmp_path / "lora")
    assert (adapter.method, adapter.data, adapter.epoch, adapter.step) == ("lora", "mnist", 0.5, 28)
    assert is_whole(adapter)
    told = findings(read_runs([tmp_path]), Mapped()).told
    base, tuned = told.of(Role.BASE)[0], told.of(Role.TUNED)[0]
    assert (tuned.sets, tuned.method, tuned.epoch, tuned.base) == (("mnist",), "lora", 0.5, base.run)


def test_examples_are_the_first_by_hash_whose_answer_took_foreign_words() -> None:
    before = result(("b", "correct", [], "ship"), ("a", "correct", [], "ship."), ("c", "correct", [], "a ship"))
    after = result(("b", "extrinsic", ["8"], "8"), ("a", "extrinsic", ["3"], "3"), ("c", "incorrect", [], "dog"))
    drawn = examples(before.rows, after.rows, 1)
    assert [(example.image, example.before, example.after) for example in drawn] == [("a", "ship.", "3")]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(["correct"] * 50, ["empty"] * 50, "Forgotten"), (["correct", "empty"], ["empty", "correct"], "overlap"),
     (["empty"] * 50, ["correct"] * 50, "rose")],
)  # fmt: skip
def test_the_verdict_is_what_the_intervals_allow(before: list[str], after: list[str], said: str) -> None:
    one, other = (
        result(*[(str(i), outcome, [], "") for i, outcome in enumerate(outcomes)]) for outcomes in (before, after)
    )
    assert said in verdict(one, other)
