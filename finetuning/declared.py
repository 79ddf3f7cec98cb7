"""Recipes, templates and studies as files: YAML, shipped or a user's own, over the model that names their fields."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from emt_tasks.errors import EmtError, UnknownName

Model = TypeVar("Model", bound=BaseModel)

LIST = "Input should be a list, as ['a', 'b?c=1'], words with signs in quotes"
MOST_VALUES = 100_000  # in one file, aliases unfolded


class Fields(BaseModel):
    """Fields of a description (a recipe, set or study): unknown ones are refused, and nothing changes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def file_of(kind: str, named: str, folder: Path) -> Path:
    """The file that `named` means: a path to a YAML file, or the name of one in `folder`.

    Raises:
        EmtError: there is no such file or name.
    """
    if named.endswith((".yaml", ".yml")):
        path = Path(named).expanduser()
        if not path.is_file():
            raise EmtError(f"there is no {kind} file {named!r} (looked at {path.absolute()}).")
        return path
    known = {path.stem: path for path in folder.glob("*.yaml")}
    if named not in known:
        raise UnknownName(kind, named, known)
    return known[named]


def read_mapping(path: Path, kind: str) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        EmtError: it is no YAML, or no mapping, or one that unfolds without end.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise EmtError(f"{kind} {path} is no YAML ({' '.join(str(error).split())}).") from error
    if next(islice(_values(said), MOST_VALUES, None), None) is not None:
        raise EmtError(f"{kind} {path} unfolds to more than {MOST_VALUES:,} values: its aliases hold one another.")
    if not isinstance(said, dict) or not all(isinstance(name, str) for name in said):
        raise EmtError(f"{kind} {path} is no mapping of fields to values.")
    return said


def _values(said: Any) -> Iterator[bool]:
    """As many values as `said` has with its aliases unfolded."""
    open_ends = [said]
    while open_ends:
        value = open_ends.pop()
        yield True
        if isinstance(value, Mapping):
            open_ends += value.values()
        elif isinstance(value, list):
            open_ends += value


def validated(model: type[Model], said: Mapping[str, Any], what: str) -> Model:
    """`said` as a `model`.

    Raises:
        UnknownName: a field does not exist; the nearest is named.
        EmtError: a value can't be one of its field.
    """
    try:
        return model.model_validate(dict(said))
    except ValidationError as error:
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")  # a misspelling first
        place = [str(part) for part in first["loc"]]
        if first["type"] == "extra_forbidden":
            known = [".".join([*place[:-1], name]) for name in _fields_at(model, place[:-1])]
            raise UnknownName(f"field of {what}", ".".join(place), known) from error
        given = "" if first["type"] == "missing" else f" = {shortened(first['input'])}"
        message = LIST if first["type"] == "tuple_type" else first["msg"]
        raise EmtError(f"{what}: {'.'.join(place)}{given}: {message}.") from error


def over(base: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `above` says in its place, mappings within them likewise.

    >>> over({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    both = dict(base)
    for name, value in above.items():
        inner = both.get(name)
        both[name] = over(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return both


def _fields_at(model: type[BaseModel], place: list[str]) -> list[str]:
    """The fields of the model nested in `model` at `place`, whose numbers are places in lists."""
    for name in place:
        if name.isdecimal():
            continue
        inner = _models_in(model.model_fields[name].annotation) if name in model.model_fields else []
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _models_in(kind: Any) -> list[type[BaseModel]]:
    """The models that a type speaks of: itself, or one of several, or what a list holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models_in(part)]
