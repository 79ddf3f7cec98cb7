"""Evaluation in the loop: the answers are those of the reloaded checkpoint, and the training does not notice."""

import json
from pathlib import Path
from typing import Any

import pytest

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.forgetting.findings import places_of
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.reading_back import read_runs
from finetuning.training.base_model import LoadedBase
from finetuning.tuning.in_the_loop import Asked, tune_and_ask
from finetuning.tuning.tune import tune
from finetuning.tuning.whole_runs import MARK, evaluated_once
from model_wrappers.generating.generation import Generator

TASKS = ("emt_mnist", "emt_cifar10")


def raw_answers(folder: Path) -> list[tuple[str, str]]:
    """Picture and answer of every row of the runs below a folder, in order."""
    rows = [json.loads(line)["emt"] for path in sorted(folder.rglob("*_samples_*")) for line in path.open()]
    return [(row["image"], row["raw"]) for row in rows]


@pytest.mark.parametrize("method", ["linear", "lora", "prompt", "full"])
def test_every_answer_is_that_of_the_reloaded_checkpoint(
    method: str, make_job, base_folder: Path, sets: Path, tmp_path: Path
) -> None:
    job = make_job(method, {"optimizer.learning_rate": 0.05})
    asked = Asked(TASKS, tmp_path / "runs", limit=6, batch_size=4, data_dir=sets)
    [checkpoint] = tune_and_ask(job, asked, shown=False).checkpoints
    given = {"pretrained": str(base_folder), **checkpoint.model_args}
    harness.evaluate(
        "emt_llava", given, TASKS, batch_size=4, output_path=tmp_path / "again", limit=6, data_dir=sets, device="cpu",
        shown=False,
    )  # fmt: skip
    said = raw_answers(tmp_path / "runs" / job.name / "epoch-1.0")
    assert len(said) == 12
    assert said == raw_answers(tmp_path / "again")
    assert said != raw_answers(tmp_path / "runs" / "base")


def test_the_weights_are_those_of_a_training_without(loaded: LoadedBase, make_job, sets: Path, tmp_path: Path) -> None:
    said = {"epochs": 2, "lora.dropout": 0.3}
    asked = Asked(TASKS[:1], tmp_path / "runs", limit=4, data_dir=sets)
    with_it = tune_and_ask(make_job("lora", said, out=tmp_path / "with"), asked, shown=False)
    without = tune(make_job("lora", said, out=tmp_path / "without"), loaded, shown=False)
    assert [c.told["weights"] for c in with_it.checkpoints] == [c.told["weights"] for c in without.checkpoints]


def test_the_runs_say_what_they_are_and_are_made_once(make_job, sets: Path, tmp_path: Path) -> None:
    job = make_job("linear", {"fractions": [0.5], "against_forgetting.interpolation": [0.5]})
    asked = Asked(TASKS[:1], tmp_path / "runs", limit=4, data_dir=sets)
    tune_and_ask(job, asked, shown=False)
    found = read_runs([tmp_path / "runs"])
    assert not found.problems
    places = places_of(found.runs, Mapped())[0]
    told = sorted((place.role.value, place.recipe or "", place.epoch or 0.0) for place in places)
    between = "toy-linear-alpha-0.5"
    assert told == [
        ("base", "", 0.0),
        ("tuned", "toy-linear", 0.5), ("tuned", "toy-linear", 1.0), ("tuned", between, 0.5), ("tuned", between, 1.0),
    ]  # fmt: skip
    assert {place.base for place in places if place.role.value == "tuned"} == {"base"}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*_results.json")}
    tune_and_ask(job, asked, shown=False)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*_results.json")} == before


def test_other_tasks_are_asked_of_finished_checkpoints_from_disk(make_job, sets: Path, tmp_path: Path) -> None:
    job = make_job("lora", {"optimizer.learning_rate": 0.05})
    tune_and_ask(job, Asked(TASKS[:1], tmp_path / "one", limit=4, data_dir=sets), shown=False)
    tune_and_ask(job, Asked(TASKS[:1], tmp_path / "two", limit=4, data_dir=sets), shown=False)
    assert raw_answers(tmp_path / "one") == raw_answers(tmp_path / "two")


def test_a_run_that_was_being_written_is_written_anew(loaded: LoadedBase, sets: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def ask() -> float | None:
        wanted = Evaluation(TASKS[:1], folder, 4, 4, shown=False)
        with loaded.answering({}) as lm:
            return evaluated_once(lambda: lm, lm.name, {"pretrained": loaded.name}, wanted, "x", sets, lambda _: None)

    assert ask() is not None
    assert ask() is None
    first = raw_answers(folder)
    (folder / MARK).unlink()  # as if killed before it
    next(folder.rglob("*_samples_*")).write_text('{"cut')
    assert ask() is not None
    assert raw_answers(folder) == first
    assert not read_runs([folder]).problems


def test_a_model_that_was_loaded_to_be_tuned_answers_in_batches(
    loaded: LoadedBase, sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, sizes = Generator.answers, []

    def counted(generator: Generator, batch: Any, *rest: Any) -> Any:
        sizes.append(len(batch["input_ids"]))
        return answered(generator, batch, *rest)

    monkeypatch.setattr(Generator, "answers", counted)
    with loaded.answering({}) as lm:
        wanted = Evaluation(TASKS[:1], tmp_path, 4, 8, shown=False)
        evaluated_once(lambda: lm, lm.name, {"pretrained": loaded.name}, wanted, "x", sets, lambda _: None)
    assert sum(sizes) == 8
    assert max(sizes) > 1


@pytest.mark.parametrize("harm", ["cut", "deleted", "changed"])
def test_a_finished_run_whose_rows_were_damaged_is_made_anew(
    loaded: LoadedBase, sets: Path, tmp_path: Path, harm: str
) -> None:
    said: list[str] = []

    def ask() -> float | None:
        wanted = Evaluation(TASKS[:1], tmp_path, 4, 4, shown=False)
        with loaded.answering({}) as lm:
            return evaluated_once(lambda: lm, lm.name, {"pretrained": loaded.name}, wanted, "x", sets, said.append)

    ask()
    first, log = raw_answers(tmp_path), next(tmp_path.rglob("*_samples_*"))
    if harm == "deleted":
        log.unlink()
    else:
        log.write_bytes(
            log.read_bytes()[:-40] if harm == "cut" else log.read_bytes().replace(b'"raw": "', b'"raw": "x')
        )
    assert ask() is not None
    assert "not as they were written" in said[-2]
    assert raw_answers(tmp_path) == first
    assert ask() is None


def test_several_processes_are_refused(make_job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(EmtError, match="for one process"):
        tune_and_ask(make_job("linear"), Asked(TASKS, tmp_path), shown=False)
