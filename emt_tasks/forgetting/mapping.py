"""The mapping file: what each run is, said by its owner where the runs' own files do not."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.labels import ALL_SETS

HEAD = f"""\
# What each run is, for `emt report DIR --mapping THIS_FILE`. A run that is not named here stays as it was found.
#   role     encoder | base | tuned | leave_out
#   name     what the report calls it
#   encoder  of a base or a checkpoint: what it looks through, the run or the name of an encoder below
#   base     of a checkpoint: the run it was tuned from
#   sets     of a checkpoint: what it was tuned on ({", ".join(ALL_SETS)})
#   method   linear | lora | prompt | full, or a name of your own
#   epoch    passes over the tuning data, 0.5 for half of one
#   recipe, seed   tell apart tunings that are otherwise alike
"""
SAY_IT = "Say it in a mapping file: emt report DIR --write-mapping mapping.yaml makes one to fill in."


class MappedRun(BaseModel):
    """What the owner says of one run; what is left out stays as it was found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role | None = None
    name: str | None = None
    encoder: str | None = None
    base: str | None = None
    sets: tuple[str, ...] | None = None
    method: str | None = None
    epoch: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    recipe: str | None = None
    seed: int | None = None

    @field_validator("sets")
    @classmethod
    def _as_we_spell_them(cls, sets: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """`CIFAR-10` is cifar10; names that are none of ours stay as they are."""
        plain = {name: re.sub(r"[^a-z0-9]", "", name.lower()) for name in sets or ()}
        return None if sets is None else tuple(plain[name] if plain[name] in ALL_SETS else name for name in sets)


class Mapped(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: dict[str, MappedRun] = {}


class _Loader(yaml.SafeLoader):
    """Refuses a field or run that stands there twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_mapping(path: Path) -> Mapped:
    """The mapping file at `path`.

    Raises:
        EmtError: it is not there, no YAML, or has a field that means nothing; the field is named.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf8"), _Loader) or {}  # noqa: S506  # a SafeLoader
    except OSError as error:
        raise EmtError(
            f"the mapping {path} can't be read ({error.strerror}). `emt report DIR --write-mapping {path}` makes one."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EmtError(f"the mapping {path} is no YAML: {error}") from error
    try:
        return Mapped.model_validate(content)
    except ValidationError as error:
        raise EmtError(
            f"the mapping {path}: {_said(error)}. Fields of a run: {', '.join(MappedRun.model_fields)}."
        ) from error


def _said(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])


def mapped(places: Iterable[Place], mapping: Mapped) -> tuple[Place, ...]:
    """`places` with what the mapping says of them put over what was found.

    Raises:
        UnknownName: the mapping names a run, or a run's base, that is not among them.
        EmtError: it names as base what can be none: the run itself, or an encoder.
    """
    found = {place.run: place for place in places}
    for run, said in mapping.runs.items():
        if run not in found:
            raise UnknownName("run of the mapping in these folders", run, found)
        if said.base is not None and said.base not in found:
            raise UnknownName(f"base (of {run}) in these folders", said.base, found)
        found[run] = _with(found[run], said)
    for run, said in mapping.runs.items():
        if said.base is not None and (said.base == run or _strange(found[run], found[said.base])):
            what = "itself" if said.base == run else f"the encoder {said.base!r}"
            raise EmtError(f"the mapping: the base of {run!r} can't be {what}. Name the run that it was tuned from.")
    return tuple(found.values())


def _strange(tuned: Place, base: Place) -> bool:
    """Whether an encoder is called the base of something else than an encoder that began as it."""
    return base.role is Role.ENCODER and tuned.base_source != base.name


def _with(place: Place, said: MappedRun) -> Place:
    fields = {name: value for name, value in said.model_dump().items() if value is not None}
    kept = {name: getattr(place, name) for name in Place.__slots__}
    return Place(**{**kept, **fields, "known_from": "mapping file"}) if fields else place


def template(places: Iterable[Place]) -> str:
    """A mapping file that says of every run what was found, with how that was known, to be put right by hand."""
    parts = [HEAD, "runs:\n"]
    for place in places:
        block = yaml.safe_dump({place.run: _fields(place)}, sort_keys=False, allow_unicode=True, width=200)
        parts.append(f"  # known from {place.known_from}\n")
        parts += [f"  {line}\n" for line in block.splitlines()]
    return "".join(parts)


def _fields(place: Place) -> Mapping[str, Any]:
    fields: dict[str, Any] = {"role": place.role.value, "name": place.name}
    if place.role is not Role.ENCODER:
        fields["encoder"] = place.encoder
    if place.role is Role.TUNED:
        fields |= {"base": place.base, "sets": list(place.sets), "method": place.method, "epoch": place.epoch}
        fields |= {name: value for name in ("recipe", "seed") if (value := getattr(place, name)) is not None}
    return fields
