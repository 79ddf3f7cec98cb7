"""The fields of a recipe that work against forgetting: replay, and what is refused."""

import pytest

from emt_tasks.errors import EmtError, UnknownName
from finetuning.recipes.recipe import read_recipe
from finetuning.training.base_model import LoadedBase
from finetuning.tuning.tune import tune


def test_replayed_rows_are_seen_and_the_set_is_still_what_is_tuned_on(loaded: LoadedBase, make_job) -> None:
    job = make_job("linear", {"against_forgetting.replay": ["mnist?rows=20&weight=0.5"]})
    counts = job.rows.class_counts()
    assert (sum(counts["cifar10"].values()), sum(counts["mnist"].values())) == (24, 10)
    assert job.name == "toy-linear-cifar10"
    [checkpoint] = tune(job, loaded, shown=False).checkpoints
    assert checkpoint.data == "cifar10"
    assert [part["set"] for part in checkpoint.told["made_of"]["data"]] == ["cifar10", "mnist"]


def test_what_is_tuned_on_is_not_replayed(make_job) -> None:
    job = make_job("linear", {"against_forgetting.replay": ["cifar10?weight=0.5", "mnist?rows=20"]})
    assert [part.source.name for part in job.rows.parts] == ["cifar10", "mnist"]
    assert len(job.rows) == 24 + 20


def test_a_remedy_is_part_of_what_a_training_is(loaded: LoadedBase, make_job) -> None:
    tune(make_job("linear"), loaded, shown=False)
    with pytest.raises(EmtError, match="holds a training of another recipe"):
        tune(make_job("linear", {"against_forgetting.l2_sp": {"alpha": 1}}), loaded, shown=False)


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"l2sp": {"alpha": 1}}, UnknownName, "against_forgetting.l2_sp"),
        ({"replay": ["cifar11"]}, UnknownName, "cifar10"),
        ({"l2_sp": {"alpha": 0}}, EmtError, "greater than 0"),
        ({"l2_sp": {"alpha": 1, "beta": 1}}, EmtError, "beta is for prompt"),
        ({"interpolation": [1.0]}, EmtError, "below 1"),
        ({"layer_decay": 1.5}, EmtError, "less than or equal to 1"),
        ({"early_stopping": {"watch": "emt_mnist", "patience": 0}}, EmtError, "greater than 0"),
    ],
)
def test_what_means_nothing_is_refused_by_name(fields: dict, error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        read_recipe("lora", {"against_forgetting": fields})
