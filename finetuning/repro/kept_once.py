"""A job's folder around its training: begun once, gone on with after a kill, and found finished the next time."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import shown_command, versions, write_json
from finetuning.repro.job import ReproJob
from finetuning.repro.training import Row
from finetuning.told import read_told
from finetuning.training.checkpoint import is_whole, read_checkpoint
from finetuning.tuning.job_folder import DONE, digest, own


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What a job left.

    Attributes:
        folder: its own.
        set: name of the set.
        history: what was measured after each epoch.
        told: everything that `training.json` says.
        kept: whether an earlier start had done all of it.
    """

    folder: Path
    set: str
    history: list[Row]
    told: dict[str, Any]
    kept: bool


def once(
    job: ReproJob,
    inputs: dict[str, Any],
    do: Callable[[], list[Row]],
    facts: Callable[[], dict[str, Any]],
    fresh: bool = False,
) -> Reproduced:
    """Do a job unless it was done before with these `inputs`.

    Args:
        job: whose folder it is.
        inputs: everything that the result depends on.
        do: trains, from where an earlier start stopped, and returns what was measured.
        facts: what else there is to say in `training.json`.
        fresh: whether what an earlier start left is thrown away.

    Raises:
        EmtError: the folder is another's, or can't be written.
    """
    known = None if fresh else finished(job.home.folder, inputs)
    if known is not None:
        return known
    with own(job.home, inputs, fresh):
        started = time.monotonic()
        try:
            history = do()
            told = {
                "digest": digest(inputs), "inputs": inputs, "set": job.source.name, "history": history,
                "checkpoints": sorted(path.name for path in job.home.folder.glob("epoch-*") if path.is_dir()),
                **facts(), **_made(time.monotonic() - started),
            }  # fmt: skip
            write_json(job.home.folder / DONE, told)
        except (OSError, SafetensorError) as error:
            raise EmtError(
                f"{job.home.folder} can't be written ({error}). What was finished is kept: make room, or choose "
                "another --out, and run the same command again."
            ) from error
        shutil.rmtree(job.home.state, ignore_errors=True)
    return Reproduced(job.home.folder, job.source.name, history, told, kept=False)


def _made(seconds: float) -> dict[str, Any]:
    """How and when."""
    return {
        "seconds_of_last_start": round(seconds, 1),
        "versions": versions(),
        "command": shown_command(sys.argv),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def finished(folder: Path, inputs: dict[str, Any]) -> Reproduced | None:
    """What an earlier start has finished, if it was this and all of it is there."""
    done = read_told(folder / DONE)
    if done.get("digest") != digest(inputs):
        return None
    whole = all(is_kept(folder / name) for name in done["checkpoints"])
    return Reproduced(folder, done["set"], done["history"], done, kept=True) if whole else None


def is_kept(folder: Path) -> bool:
    """Whether a checkpoint is there, with the files that were written."""
    try:
        return is_whole(read_checkpoint(folder))
    except EmtError:  # not there, or damaged: to be written
        return False
