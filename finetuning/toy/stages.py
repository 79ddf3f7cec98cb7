"""Work in stages that are done once: a second start goes on after the last one that was finished.

A stage owns a folder. It works in a hidden folder beside it that takes the name at the end, so that a stage which was
interrupted leaves nothing that looks finished. What was done is known by a hash of everything that it depends on, and
whether it is still whole by the hashes of its files.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from safetensors import SafetensorError

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from finetuning.told import read_told
from finetuning.training.checkpoint import file_sha256
from finetuning.tuning.spent import LEDGER, NOTHING, Account, account, record_of

MANIFEST = "stage.json"


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished stage.

    Attributes:
        folder: what it made.
        digest: sha256 of all that it depended on; a later stage depends on it.
        outcome: what it had to say, as JSON.
        kept: whether an earlier start had finished it.
    """

    folder: Path
    digest: str
    outcome: Mapping[str, Any]
    kept: bool


def finished(folder: Path, inputs: Mapping[str, Any]) -> Stage | None:
    """The stage in `folder` if it was made of these `inputs` and every file is as it was written."""
    told = read_told(folder / MANIFEST)
    if told.get("digest") != digest_of(inputs) or not _is_whole(folder, told.get("files")):
        return None
    outcome = told.get("outcome")
    return Stage(folder, told["digest"], outcome if isinstance(outcome, dict) else {}, kept=True)


def made_of(folder: Path) -> Mapping[str, Any] | None:
    """What the stage in `folder` was made of; None where there is none that says it."""
    inputs = read_told(folder / MANIFEST).get("inputs")
    return inputs if isinstance(inputs, dict) else None


def require_replaceable(folder: Path) -> None:
    """Refuse a folder that a stage can't put its result in the place of, before any of its work is done.

    Raises:
        EmtError: it is a link, or holds something that no stage has made.
    """
    if folder.is_symlink():
        raise EmtError(
            f"{folder} is a link, and what it leads to is not this stage's result, whole: a new one can't take its "
            f"place. Remove the link (what it leads to stays), or choose another --out and link that whole folder."
        )
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise EmtError(f"{folder} is there and was not made here, so it stays as it is. Choose another --out.")


def _is_whole(folder: Path, files: Any) -> bool:
    """Whether there are files, all as they were written; without any there is nothing to know a result by."""
    return (
        isinstance(files, dict)
        and bool(files)
        and all(_is_there(folder, name, files[name]) for name in map(str, files))
    )


def _is_there(folder: Path, name: str, known: Any) -> bool:
    """Whether a file of that content lies in `folder` itself: a link, or a name that leads out of it, is none."""
    inside = PurePath(name)
    if inside.is_absolute() or ".." in inside.parts:
        return False
    path = folder / inside
    above = (folder.joinpath(*inside.parts[:end]) for end in range(1, len(inside.parts) + 1))
    if any(place.is_symlink() for place in above):
        return False
    try:
        return path.is_file() and file_sha256(path) == known
    except (OSError, ValueError):  # it can't be read, or its name can't be one
        return False


def stage(
    folder: Path, inputs: Mapping[str, Any], make: Callable[[Path], Mapping[str, Any]], begun: bool = False
) -> Stage:
    """The stage in `folder`, made anew unless it was made of the same `inputs` before.

    Args:
        folder: where the result goes; an outdated one is replaced.
        inputs: everything that the result depends on, as JSON.
        make: writes the result into the folder that it is given, and returns what there is to say about it, as JSON.
        begun: whether `make` goes on from something that an earlier start has left.

    Raises:
        EmtError: `folder` is a link, holds something that no stage has made, or can't be written.
    """
    known = finished(folder, inputs)
    if known is not None:
        return known
    require_replaceable(folder)
    digest, part = digest_of(inputs), folder.with_name(f".{folder.name}.part")
    ledger = folder.with_name(f".{folder.name}{LEDGER}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with account(ledger, digest, None if begun else NOTHING) as opened:
            outcome = _made(part, inputs, make, opened)
            if folder.exists():
                shutil.rmtree(folder)
            part.rename(folder)
    except (OSError, SafetensorError) as error:
        raise EmtError(
            f"{folder} can't be written ({error}). What was finished is kept: make room or choose another --out, and "
            "run the same command again."
        ) from error
    return Stage(folder, digest, outcome, kept=False)


def _made(
    part: Path, inputs: Mapping[str, Any], make: Callable[[Path], Mapping[str, Any]], opened: Account
) -> Mapping[str, Any]:
    """What there is to say about a stage that has been made in `part`, which then says it too, and what it cost."""
    started = time.monotonic()
    outcome = make(part)
    seconds = round(time.monotonic() - started, 1)
    files = {path.relative_to(part).as_posix(): file_sha256(path) for path in _files(part)}
    told = {"digest": digest_of(inputs), "inputs": inputs, "seconds": seconds, "outcome": outcome, "files": files}
    write_json(part / MANIFEST, {**told, **record_of(opened.spent)})
    return outcome


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digest_of(inputs: Mapping[str, Any]) -> str:
    """The sha256, in hex, of everything that a stage depends on."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
