"""What lies in a checkpoint's folder beside its weights, where that folder is at hand."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from emt_tasks.forgetting.lineage import Recorded
from emt_tasks.runs.records import Run

FILE = "emt_checkpoint.json"
LARGEST = 2**20  # bytes; the file has a few thousand


class _Checkpoint(BaseModel):
    """The fields that are used of what `emt finetune` writes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: str
    set: str
    epoch: float
    base: str | None = None
    recipe_name: str | None = None
    seed: int | None = None


def recorded(run: Run) -> Recorded | None:
    """What the checkpoint that `run` loaded says of itself; None where its folder is not here or says nothing."""
    for folder in _folders(run):
        path = folder / FILE
        try:
            if not path.is_file() or path.stat().st_size > LARGEST:
                continue
            found = _Checkpoint.model_validate(json.loads(path.read_text(encoding="utf8")))
        except (OSError, ValueError, ValidationError, RecursionError):
            continue
        sets = tuple(part for part in found.set.split("+") if part)
        return Recorded(found.method, sets, found.epoch, found.base, found.recipe_name, found.seed)
    return None


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
