"""Studies: which sets, recipes and seeds a base is tuned by, and what every checkpoint is asked. YAML in `studies/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from emt_tasks.errors import EmtError
from emt_tasks.tasks import leaves
from finetuning.declared import Fields, file_of, over, read_mapping, validated
from finetuning.recipes.recipe import Recipe, read_recipe, require_read
from finetuning.records.set_spec import read_spec

FOLDER = Path(__file__).parent


class StudyRecipe(Fields):
    """A recipe by name or file, with fields in place of its own; `name` among them tells two forms of one apart."""

    recipe: str
    fields: dict[str, Any] = Field(default_factory=dict)


class Study(Fields):
    """A grid: every set by every recipe with every seed, every checkpoint asked every task.

    Attributes:
        base: folder or hub id of what is tuned; empty where a miniature is made to be it.
        miniature: made first where there is no base: fields of `finetuning.mini.miniature`, over those of the one that
            they are `like`. Its encoder is then what "auto" finds.
        revision: of the base on the hub.
        sets: each is tuned on alone, as `--data` names them; "cifar10+mnist" is a mixture.
        recipes: names, files, or either with fields of its own.
        fields: of every recipe, in place of its own; those of a single recipe go before.
        seeds: of the trainings.
        tasks: names of tasks or groups.
        limit: rows of each task; None is all.
        batch_size: of the evaluations.
        threads: that torch computes tunings and answers on, on a CPU; None is torch's own choice. The same number gives
            the same weights whatever the environment says.
        encoder: what the base looks through, as `emt_clip`'s arguments have it; "auto" finds it by the base's config;
            None asks no encoder.
    """

    base: str = ""
    miniature: dict[str, Any] | None = None
    revision: str | None = None
    sets: tuple[str, ...] = Field(min_length=1)
    recipes: tuple[StudyRecipe, ...] = Field(min_length=1)
    fields: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = Field((0,), min_length=1)
    tasks: tuple[str, ...] = Field(("emt_lite",), min_length=1)
    limit: int | None = Field(None, gt=0)
    batch_size: int = Field(16, gt=0)
    threads: int | None = Field(None, ge=1, le=64)
    encoder: Literal["auto"] | dict[str, str] | None = "auto"

    @field_validator("recipes", mode="before")
    @classmethod
    def _by_name(cls, recipes: Any) -> Any:
        if not isinstance(recipes, list | tuple):
            return recipes  # which is then told of
        return [{"recipe": each} if isinstance(each, str) else each for each in recipes]

    @field_validator("sets")
    @classmethod
    def _can_be_read(cls, sets: tuple[str, ...]) -> tuple[str, ...]:
        for each in sets:
            for one in parts(each):
                read_spec(one)
        return sets

    @field_validator("tasks")
    @classmethod
    def _exist(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        leaves(tasks)
        return tasks

    def read_recipes(self) -> tuple[Recipe, ...]:
        """The recipes with their fields.

        Raises:
            EmtError: one can't be read, or two have one name.
        """
        found = [read_recipe(each.recipe, over(_nested(self.fields), _nested(each.fields))) for each in self.recipes]
        for recipe, each in zip(found, self.recipes, strict=True):
            require_read(recipe, _nested(each.fields))
        names = [recipe.name for recipe in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise EmtError(f"two recipes of the study are called {twice!r}: give one of them a field `name`.")
        return tuple(found)


def parts(named: str) -> tuple[str, ...]:
    """The sets of a mixture.

    >>> parts("cifar10+mnist?weight=0.1")
    ('cifar10', 'mnist?weight=0.1')
    """
    return tuple(named.split("+")) if not named.startswith(("folder:", "hub:")) else (named,)


def study_names() -> tuple[str, ...]:
    """The studies that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def read_study(named: str, fields: Mapping[str, Any] | None = None) -> Study:
    """The study of that name, or in that YAML file, with some fields in place of its own.

    Args:
        named: one of `study_names()`, or a path that ends with .yaml.
        fields: dotted names to values, `{"fields.epochs": 1}`.

    Raises:
        UnknownName: there is no such study, field, set or task; the nearest is named.
        EmtError: a value can't be one of its field, or there is no base.
    """
    said = over(read_mapping(file_of("study", named, FOLDER), "study"), _nested(fields or {}))
    study = validated(Study, said, f"study {named}")
    if not study.base and study.miniature is None:
        raise EmtError(f"study {named} leaves open which model is tuned: give --base, a folder or hub id.")
    study.read_recipes()
    return study


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as mappings within mappings."""
    said: dict[str, Any] = {}
    for dotted, value in fields.items():
        for part in reversed(dotted.split(".")):
            value = {part: value}  # one level a turn
        said = over(said, value)
    return said
