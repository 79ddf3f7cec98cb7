"""Recipes: shipped ones are whole, a misspelled field is named with the nearest, `like` inherits."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from emt_tasks.cli.finetune import command
from emt_tasks.errors import EmtError, UnknownName
from finetuning.recipes.recipe import FOLDER, Recipe, read_recipe, recipe_names, require_read


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_is_one_of_its_name(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.method == name.removeprefix("toy-")


@pytest.mark.parametrize("name", ["linear", "lora", "prompt", "full"])
def test_every_number_of_a_recipe_has_a_source(name: str) -> None:
    for line in (FOLDER / f"{name}.yaml").read_text().splitlines():
        if re.match(r"\s*\w+:.*\d", line.split("#")[0]):
            assert "#" in line, f"{name}.yaml: {line.strip()} does not say where it is from"


def test_the_papers_three_epochs_and_llavas_lora_of_july_2023() -> None:
    recipe = read_recipe("lora")
    assert (recipe.epochs, recipe.optimizer.learning_rate, recipe.optimizer.schedule) == (3, 2e-4, "cosine")
    assert (recipe.lora.rank, recipe.lora.alpha, recipe.lora.dropout) == (64, 16, 0.05)
    assert (recipe.optimizer.warmup, recipe.optimizer.weight_decay, recipe.device_batch_size) == (0.03, 0, 4)


@pytest.mark.parametrize(
    ("field", "near"),
    [("epoch", "epochs"), ("optimizer.lerning_rate", "optimizer.learning_rate"), ("lora.rnk", "lora.rank"),
     ("metod", "method")],
)  # fmt: skip
def test_a_misspelled_field_is_named_with_the_nearest(field: str, near: str) -> None:
    with pytest.raises(UnknownName, match=rf"no field of recipe lora '{field}'. Did you mean '{near}'\?"):
        read_recipe("lora", {field: 1})


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("epochs", -1, "greater than 0"), ("epochs", "many", "valid number"), ("fractions", [1.5], "between 0 and 1"),
     ("name", "../../etc", "pattern"), ("optimizer", 3, "valid dictionary"), ("method", "magic", "'linear', 'lora'")],
)  # fmt: skip
def test_a_value_that_can_not_be_is_refused_by_its_field(field: str, value: object, said: str) -> None:
    with pytest.raises(EmtError, match=rf"recipe lora: {field}.*{said}"):
        read_recipe("lora", {field: value})


@pytest.mark.parametrize(
    ("recipe", "fields", "said"),
    [
        (
            "linear",
            {"lora.rank": 8},
            "lora.rank would change nothing, as method linear has no adapters. Only method lora",
        ),
        ("toy-full", {"lora": {"rank": 8}}, "recipe toy-full: lora would change nothing"),
        ("lora", {"epochs": 1, "prompt.tokens": 5}, "method lora has no learnt tokens. Only method prompt reads it"),
        ("lora", {"lora.rank": 8, "method": "linear"}, "method linear has no adapters"),
    ],
)
def test_a_field_that_the_method_passes_over_is_refused(recipe: str, fields: dict, said: str) -> None:
    with pytest.raises(EmtError, match=said):
        require_read(read_recipe(recipe, fields), fields)


@pytest.mark.parametrize(
    ("recipe", "fields"),
    [("lora", {"lora.rank": 8}), ("prompt", {"prompt": {"tokens": 5}}), ("linear", {"method": "lora", "lora.rank": 8}),
     ("linear", {"optimizer.projector_learning_rate": 1e-3, "template": "paper"})],
)  # fmt: skip
def test_fields_that_the_method_reads_are_not(recipe: str, fields: dict) -> None:
    require_read(read_recipe(recipe, fields), fields)


def test_what_a_recipe_inherits_may_be_of_another_method(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("like: lora\nmethod: linear\nlora: {rank: 2}\n")
    require_read(read_recipe(str(tmp_path / "mine.yaml"), {"epochs": 1}), {"epochs": 1})


def test_emt_finetune_refuses_it_before_anything_is_loaded() -> None:
    words = ["linear", "--base", "nowhere", "--data", "mnist", "--set-field", "lora.rank=8", "--check"]
    said = CliRunner().invoke(command, words)
    assert isinstance(said.exception, EmtError)
    assert "lora.rank would change nothing" in str(said.exception)


def test_a_recipe_of_ones_own_says_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("like: lora\noptimizer: {learning_rate: 1.0e-5}\n")
    (tmp_path / "mine-too.yaml").write_text("like: mine\nepochs: 1\n")
    mine, lora = read_recipe(str(tmp_path / "mine-too.yaml")), read_recipe("lora")
    assert mine == Recipe(**lora.model_dump() | {
        "name": "mine-too", "epochs": 1, "optimizer": lora.optimizer.model_dump() | {"learning_rate": 1e-5},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [("like: b", "is like"), ("- a", "no mapping"), ("a: [", "no YAML"), ("like: lra", "Did you mean 'lora'"),
     ("1: 2", "no mapping")],
)  # fmt: skip
def test_a_file_that_is_no_recipe_says_why(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text("like: a")
    with pytest.raises(EmtError, match=said):
        read_recipe(str(tmp_path / "a.yaml"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"epochs": float("inf")}, "epochs = inf"),
        ({"epochs": 1e9}, "epochs = 1000000000.0: Input should be less than or equal to 1000"),
        ({"optimizer.learning_rate": float("nan")}, "learning_rate = nan"),
        ({"lora.alpha": float("inf")}, "lora.alpha = inf"),
        ({"against_forgetting.l2_sp": {"alhpa": 1}}, "Did you mean 'against_forgetting.l2_sp.alpha'"),
    ],
)
def test_numbers_without_end_and_misspellings_deep_inside_are_refused(fields: dict, said: str) -> None:
    with pytest.raises(EmtError) as caught:
        read_recipe("toy-linear", fields)
    assert said in str(caught.value)
