"""A job's own folder: whose it is, what an earlier start left in it, and what it says once the job is done."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from finetuning.told import read_told
from finetuning.training.checkpoint import Checkpoint, is_whole, read_checkpoint
from finetuning.training.curve import Point
from finetuning.training.home import Home
from finetuning.training.job import Job
from finetuning.tuning.alone import alone_in

INPUTS = "inputs.json"  # in the state's folder: what the training depends on
DONE = "training.json"  # in the job's folder, once it is done
LONGEST_SAID = 60  # characters of two values that differ; hashes and lists are longer


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a job left.

    Attributes:
        folder: its own.
        checkpoints: that were kept, by step.
        curve: of the loss.
        kept: whether an earlier start had done all of it.
        images_per_second: of this start, without what is done at checkpoints.
        stopped: whether it ended before the recipe's last epoch, because somebody said stop.
    """

    folder: Path
    checkpoints: tuple[Checkpoint, ...]
    curve: tuple[Point, ...]
    kept: bool
    images_per_second: float = 0.0
    stopped: bool = False


def digest(inputs: dict[str, Any]) -> str:
    """The sha256, in hex, of all that a training depends on."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def finished(job: Job, inputs: dict[str, Any]) -> Tuned | None:
    """What an earlier start has finished, if it was this job and all of it is there."""
    done = read_told(job.folder / DONE)
    if done.get("digest") != digest(inputs):
        return None
    try:
        checkpoints = tuple(read_checkpoint(job.folder / str(name)) for name in done["checkpoints"])
        curve = tuple(Point(*point) for point in done["curve"])
    except (EmtError, KeyError, TypeError):
        return None
    if not all(is_whole(checkpoint) for checkpoint in checkpoints):
        return None
    stopped = bool(done.get("stopped"))
    return Tuned(job.folder, checkpoints, curve, True, 0.0, stopped)


def write_done(tuned: Tuned, inputs: dict[str, Any], cost: Mapping[str, Any]) -> None:
    """Say in the folder that the job is done, what it was, and in the words of `cost` what was spent on it."""
    names = [checkpoint.folder.name for checkpoint in tuned.checkpoints]
    write_json(
        tuned.folder / DONE,
        {
            "digest": digest(inputs),
            "inputs": inputs,
            "checkpoints": names,
            "stopped": tuned.stopped,
            "curve": [list(point) for point in tuned.curve],
            **cost,
        },
    )


def differences(there: Mapping[str, Any], here: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The names of what differs, dotted where it lies deeper, with both values where they are short.

    >>> list(differences({"recipe": {"epochs": 3}, "data": "a1"}, {"recipe": {"epochs": 1}, "data": "a1"}))
    ['recipe.epochs (3 there, 1 here)']
    """
    for name in sorted({*there, *here}):
        was, now = there.get(name), here.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from differences(was, now, f"{above}{name}.")
        elif was != now:
            said = f" ({_short(was)} there, {_short(now)} here)"
            yield above + name + (said if len(said) <= LONGEST_SAID else "")


def _short(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)


@contextmanager
def own(home: Home, inputs: dict[str, Any], fresh: bool) -> Iterator[None]:
    """Be the only one in a training's folder, which is of these `inputs` from then on.

    Args:
        home: the folder, made if it is not there.
        inputs: everything that the training depends on.
        fresh: whether what an earlier training left there is thrown away.

    Raises:
        EmtError: another is at work there, the folder is another training's, or it can't be written to.
    """
    with alone_in(home.out, f"training {home.name}", f".{home.name}.lock"):
        if fresh and ((home.folder / DONE).is_file() or (home.state / INPUTS).is_file()):
            shutil.rmtree(home.folder)
        _claim(home, inputs)
        yield


def made_of(home: Home) -> dict[str, Any]:
    """What the training in a folder depends on, or depended on; nothing where there is none that says it."""
    there = read_told(home.folder / DONE).get("inputs")
    return read_told(home.state / INPUTS) or (there if isinstance(there, dict) else {})


def require_own(home: Home, inputs: dict[str, Any]) -> None:
    """Refuse a folder that is not this training's.

    Raises:
        EmtError: another training's is there, or something else, or a damaged one.
    """
    known = made_of(home)
    if not known and (home.folder / DONE).is_file():
        raise EmtError(f"{home.folder / DONE} is damaged. Delete {home.folder} to have that training done again.")
    if home.folder.is_dir() and any(home.folder.iterdir()) and not known:
        raise EmtError(f"{home.folder} is there and was not made here, so it stays as it is. Choose another --out.")
    if known and digest(known) != digest(inputs):
        other = ", ".join(differences(known, inputs))
        raise EmtError(
            f"{home.folder} holds a training of another {other}. Choose another --out or name, or delete that folder "
            "to have this one done there."
        )


def _claim(home: Home, inputs: dict[str, Any]) -> None:
    """Make the folder this training's.

    Raises:
        EmtError: another training's is there, or it can't be written to.
    """
    require_own(home, inputs)
    try:
        home.state.mkdir(parents=True, exist_ok=True)
        write_json(home.state / INPUTS, inputs)
    except OSError as error:
        raise EmtError(f"{home.folder} can't be made ({error.strerror}). Choose another --out.") from error
