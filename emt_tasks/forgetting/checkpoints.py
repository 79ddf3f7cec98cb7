"""What lies in a checkpoint's folder beside its weights, where that folder is at hand."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from emt_tasks.forgetting.lineage import Recorded
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Run

FILE = "emt_checkpoint.json"
LARGEST = 2**20  # bytes; the file has a few thousand


class _Checkpoint(BaseModel):
    """The fields that are used of what `emt finetune` writes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: str
    set: str
    epoch: float = Field(ge=0, allow_inf_nan=False)
    base: str | None = None
    recipe_name: str | None = None
    seed: int | None = None
    alpha: float | None = Field(None, ge=0, le=1)


def recorded(run: Run) -> Recorded | Problem | None:
    """What the checkpoint that `run` loaded says of itself; None where its folder is not here or says nothing."""
    for folder in _folders(run):
        path = folder / FILE
        if not _there(path):
            continue
        try:
            with path.open("rb") as file:
                found = _Checkpoint.model_validate(json.loads(file.read(LARGEST)))
        except (OSError, ValueError, RecursionError) as error:
            what = f"{path} is not what emt finetune writes ({type(error).__name__})"
            todo = "Put it right, or say in a mapping file what the run is."
            return Problem(Trouble.UNREADABLE, run.name, what, todo)
        sets = tuple(part for part in found.set.split("+") if part)
        return Recorded(found.method, sets, found.epoch, found.base, found.recipe_name, found.seed, found.alpha)
    return None


def _there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _folders(run: Run) -> Iterator[Path]:
    """Where what was loaded may lie: as it was named, here or beside a folder above the run."""
    for named in (run.identity.adapter, run.identity.projector, run.identity.pretrained):
        if not named or "\0" in named:
            continue
        path = Path(named)
        places = [path] if path.is_absolute() else [path, *(above / path for above in run.folder.absolute().parents)]
        for place in places:
            yield place
            yield place.parent  # a projector is named by its file
