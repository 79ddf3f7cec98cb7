"""Early stopping: what is watched is what it says, and the rule is the rule."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks import harness
from emt_tasks.errors import EmtError, UnknownName
from finetuning.against_forgetting.early_stopping import FILE, forgets
from finetuning.recipes.recipe import read_recipe
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.training.collation import AnswerCollator
from finetuning.tuning.tune import tune
from model_wrappers.llava import EmtLlava

WATCH = "against_forgetting.early_stopping"


@given(st.lists(st.floats(0, 1), max_size=12), st.integers(1, 4), st.floats(0, 0.3))
def test_it_stops_where_every_one_of_the_last_lies_below_the_best_before(
    scores: list[float], patience: int, tolerance: float
) -> None:
    enough = len(scores) > patience
    best = max(scores[:-patience], default=0.0)
    below = [score for score in scores[-patience:] if score < best - tolerance]
    assert forgets(scores, patience, tolerance) == (enough and len(below) == patience)


def test_a_set_that_stays_or_gains_never_stops_it() -> None:
    assert not any(forgets([0.4] * n, 1, 0.0) for n in range(6))
    assert not any(forgets(list(range(n)), 1, 0.0) for n in range(6))


def test_the_loss_that_is_watched_is_that_of_the_reloaded_checkpoint(
    loaded: LoadedBase, make_job, base_folder: Path, sets: Path
) -> None:
    job = make_job("linear", {"epochs": 2, WATCH: {"watch": "mnist?rows=12", "patience": 5}})
    tuned = tune(job, loaded, shown=False)
    scores = json.loads((tuned.folder / FILE).read_text())["scores"]
    assert list(scores) == ["0", "3", "6"]
    rows = instruction_rows(["mnist?rows=12"], read_template(job.recipe.template), job.seed, sets)
    for step, model_args in [("0", {}), *((str(each.step), each.model_args) for each in tuned.checkpoints)]:
        lm = EmtLlava(pretrained=str(base_folder), device="cpu", **model_args)
        loss = lm.model(**AnswerCollator(lm.processor)(list(rows))).loss
        assert scores[step] == pytest.approx(-float(loss), rel=1e-5), step


def test_it_ends_a_training_that_forgets_and_stays_ended(loaded: LoadedBase, make_job) -> None:
    said = {"epochs": 4, "optimizer.learning_rate": 0.5, WATCH: {"watch": "mnist?rows=12"}}
    tuned = tune(make_job("full", said), loaded, shown=False)
    told = json.loads((tuned.folder / FILE).read_text())
    assert tuned.stopped
    assert told["stopped_at"] == tuned.checkpoints[-1].step < 12
    assert forgets(list(told["scores"].values()), 1, 0.0)
    again = tune(make_job("full", said), loaded, shown=False)
    assert (again.kept, again.stopped) == (True, True)


def test_a_watched_task_is_asked_by_the_harness(
    loaded: LoadedBase, make_job, base_folder: Path, sets: Path, tmp_path: Path
) -> None:
    tuned = tune(make_job("linear", {WATCH: {"watch": "emt_cifar10", "limit": 10}}), loaded, shown=False)
    [last] = tuned.checkpoints
    run = harness.evaluate(
        "emt_llava", {"pretrained": str(base_folder), **last.model_args}, ["emt_cifar10"],
        batch_size=4, output_path=tmp_path / "run", limit=10, data_dir=sets, device="cpu", shown=False,
    )  # fmt: skip
    scores = json.loads((tuned.folder / FILE).read_text())["scores"]
    assert scores[str(last.step)] == run.tasks["emt_cifar10"].accuracy


@pytest.mark.parametrize(("watch", "said"), [("emt_cifar", "emt_cifar10"), ("cifr10", "cifar10")])
def test_what_can_not_be_watched_is_refused_with_the_nearest_name(watch: str, said: str) -> None:
    with pytest.raises(UnknownName, match=f"Did you mean '{said}'"):
        read_recipe("linear", {WATCH: {"watch": watch}})


def test_a_loss_that_is_no_number_is_an_error(make_job, base_folder: Path) -> None:
    base = load_base(str(base_folder), "cpu")
    base.model.get_output_embeddings().weight.data.fill_(float("nan"))
    with pytest.raises(EmtError, match="is no number any more"):
        tune(make_job("linear", {WATCH: {"watch": "mnist?rows=4"}}), base, shown=False)
