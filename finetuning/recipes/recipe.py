"""Recipes: what learns, how long and how fast. YAML in `recipes/`, where each number carries its source."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from emt_tasks.errors import EmtError
from finetuning.declared import Fields, file_of, over, read_mapping, validated
from finetuning.recipes.against_forgetting import AgainstForgetting

FOLDER = Path(__file__).parent
Method = Literal["linear", "lora", "prompt", "full"]
OF_ONE = {"lora": "adapters", "prompt": "learnt tokens"}
"""The fields that one method alone reads, called as the method is, and what they are of."""


class OptimizerFields(Fields):
    """AdamW. `warmup` is a share of the steps; `projector_learning_rate` None means `learning_rate`."""

    learning_rate: float = Field(gt=0)
    projector_learning_rate: float | None = Field(None, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    warmup: float = Field(0.03, ge=0, lt=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    max_grad_norm: float = Field(1.0, ge=0)


class LoraSettings(Fields):
    """Size and strength of the adapters; LLaVA's own are rank 64, alpha 16, dropout 0.05."""

    rank: int = Field(64, gt=0)
    alpha: float = Field(16, gt=0)
    dropout: float = Field(0.05, ge=0, lt=1)


class PromptFields(Fields):
    """Tokens that are learnt and stand before every prompt."""

    tokens: int = Field(20, gt=0, le=1000)


class Recipe(Fields):
    """One way to fine-tune.

    Attributes:
        name: of its file, or given.
        method: what learns.
        epochs: how often every row is seen.
        fractions: of the first epoch, after which a checkpoint is kept besides those after each epoch; each in (0, 1).
        batch_size: rows that one step of the optimiser sees, over all ranks and accumulated passes.
        device_batch_size: rows in one pass on one device, at most.
        optimizer: how fast.
        lora: size of the adapters, for `lora`.
        prompt: number of learnt tokens, for `prompt`.
        gradient_checkpointing: activations are computed again instead of kept: less memory, a third more work.
        group_by_length: rows of like length stand in one batch.
        template: how rows are worded (`wording`).
        list_labels: whether questions end with the list of labels; None leaves it to the template.
        against_forgetting: remedies.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    method: Method
    epochs: float = Field(gt=0, le=1000)
    fractions: tuple[float, ...] = ()
    batch_size: int = Field(gt=0)
    device_batch_size: int = Field(gt=0)
    optimizer: OptimizerFields
    lora: LoraSettings = LoraSettings()
    prompt: PromptFields = PromptFields()
    gradient_checkpointing: bool = True
    group_by_length: bool = False
    template: str = "reproduction"
    list_labels: bool | None = None
    against_forgetting: AgainstForgetting = AgainstForgetting()

    @field_validator("fractions")
    @classmethod
    def _within_an_epoch(cls, fractions: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < fraction < 1 for fraction in fractions):
            raise ValueError("each fraction of the first epoch is between 0 and 1")
        return tuple(sorted(set(fractions)))

    @model_validator(mode="after")
    def _remedies_suit(self) -> "Recipe":
        misfit = self.against_forgetting.misfit(self.method)
        if misfit:
            raise EmtError(f"recipe {self.name}: against_forgetting.{misfit}.")
        return self


def recipe_names() -> tuple[str, ...]:
    """The recipes that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def read_recipe(named: str, fields: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe of that name, or in that YAML file, with some fields in place of its own.

    A recipe that is `like:` another has that one's fields where it says nothing.

    Args:
        named: one of `recipe_names()`, or a path that ends with .yaml.
        fields: dotted names to values, `{"optimizer.learning_rate": 1e-4}`; `name` names the result.

    Raises:
        UnknownName: there is no such recipe, or no such field; the nearest is named.
        EmtError: the file is no recipe, or a value can't be one.
    """
    path = file_of("recipe", named, FOLDER)
    said = over({"name": path.stem}, _inherited(path))
    for dotted, value in (fields or {}).items():
        for part in reversed(dotted.split(".")):
            value = {part: value}  # one level a turn
        said = over(said, value)
    return validated(Recipe, said, f"recipe {named}")


def require_read(recipe: Recipe, fields: Iterable[str]) -> None:
    """Refuse fields that a user gave for this training and that its method passes over.

    What a recipe's file carries is no fault: `like: linear` brings all fields along.

    Args:
        recipe: with the fields in it.
        fields: dotted names of those that were given.

    Raises:
        EmtError: one is of another method, which is named.
    """
    for name in fields:
        owner = name.partition(".")[0]
        if owner in OF_ONE and owner != recipe.method:
            raise EmtError(
                f"recipe {recipe.name}: {name} would change nothing, as method {recipe.method} has no {OF_ONE[owner]}. "
                f"Only method {owner} reads it: take a recipe of that method, or leave the field out."
            )


def _inherited(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The fields of a file over those of the recipe that it is like."""
    said = read_mapping(path, "recipe")
    like = said.pop("like", None)
    if like is None:
        return said
    beside = path.parent / f"{like}.yaml"
    above = beside if beside.is_file() else file_of("recipe", str(like), FOLDER)
    if above in (*seen, path):
        raise EmtError(f"recipe {path} is like {like}, which is like it: take one of the two out.")
    return over(_inherited(above, (*seen, path)), said)
