"""A kept checkpoint: weights that `emt_llava` loads, and `emt_checkpoint.json`, which says how they were made."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from finetuning.told import json_in

FILE = "emt_checkpoint.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One folder of weights.

    Attributes:
        folder: where it is.
        recipe: name of the recipe.
        method: what learnt.
        data: name of the set or sets, "cifar10+mnist".
        epoch: how often every row had been seen.
        step: of the optimiser.
        seed: of the training.
        model_args: what loads it, besides `pretrained` for all but `full`.
        told: everything that `emt_checkpoint.json` says.
    """

    folder: Path
    recipe: str
    method: str
    data: str
    epoch: float
    step: int
    seed: int
    model_args: Mapping[str, str]
    told: Mapping[str, Any]


def write_checkpoint(folder: Path, told: Mapping[str, Any], write: Callable[[Path], Mapping[str, str]]) -> Checkpoint:
    """Make `folder` whole or not at all; one that is there is replaced.

    Args:
        folder: its place.
        told: what made it.
        write: writes the weights into a folder, and returns the arguments that take it.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    describe(part, told, list(write(part)))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return read_checkpoint(folder)


def describe(folder: Path, told: Mapping[str, Any], takes: Sequence[str]) -> None:
    """Write `emt_checkpoint.json` into a folder that has its weights already.

    Args:
        folder: all files in it count as weights.
        told: what made it.
        takes: the arguments that load it: `peft`, `projector`.
    """
    weights = {file.name: file_sha256(file) for file in sorted(folder.iterdir()) if file.is_file()}
    write_json(folder / FILE, {"schema": SCHEMA, **told, "takes": list(takes), "weights": weights})


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`.

    Raises:
        EmtError: there is none, or its description is damaged.
    """
    try:
        told = json_in(folder / FILE)
        return Checkpoint(
            folder=folder,
            recipe=str(told["recipe_name"]),
            method=str(told["method"]),
            data=str(told["set"]),
            epoch=float(told["epoch"]),
            step=int(told["step"]),
            seed=int(told["seed"]),
            model_args={str(name): str(folder) for name in told["takes"]},
            told=told,
        )
    except OSError as error:
        raise EmtError(f"{folder} has no {FILE}: it is no checkpoint of `emt finetune`.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise EmtError(f"{folder / FILE} is damaged ({error}). Make the checkpoint again.") from error


def checkpoints_in(out: Path) -> tuple[Checkpoint, ...]:
    """Every checkpoint below `out`, by folder and then by step; those that are being written are left out."""
    found = [
        read_checkpoint(file.parent)
        for file in sorted(out.rglob(FILE))
        if not any(part.startswith(".") for part in file.relative_to(out).parts)
    ]
    return tuple(sorted(found, key=lambda each: (str(each.folder.parent), each.step)))


def is_whole(checkpoint: Checkpoint) -> bool:
    """Whether the folder's files are those that were written, by content."""
    wanted = checkpoint.told.get("weights") or {}
    files = {name: checkpoint.folder / name for name in wanted}
    return bool(wanted) and all(path.is_file() and file_sha256(path) == wanted[name] for name, path in files.items())


def file_sha256(path: Path) -> str:
    """The sha256, in hex, of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
