"""A tuned tower on disk: each epoch, and the points on the way to it, as folders that emt_clip reads."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from finetuning.against_forgetting.interpolation import interpolated
from finetuning.repro.job import ReproJob
from finetuning.repro.kept_once import is_kept
from finetuning.repro.tower import TowerClassifier, written_as
from finetuning.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from finetuning.training.schedule import folder_of


class TowerFolders:
    """Writes a job's checkpoints.

    Args:
        job: whose folder they go to.
        start: what the weights began as, by the name that a run of it has.
        classifier: whose tower learns; it is as it began.
    """

    def __init__(self, job: ReproJob, start: str, classifier: TowerClassifier) -> None:
        self._job, self._start, self._classifier = job, start, classifier
        self._as = written_as(classifier.encoder)
        self._first = {name: value.detach().cpu().clone() for name, value in classifier.tower.state_dict().items()}

    def keep(self, epoch: int) -> list[Checkpoint]:
        """The checkpoints of an epoch, written unless they are there: the tower, and points on the way to it."""
        now = {name: value.detach().cpu() for name, value in self._classifier.tower.state_dict().items()}
        kept = [self._kept(folder_of(epoch), epoch, now, {})]
        for alpha in self._job.course.alphas:
            floats = {name: value for name, value in now.items() if value.is_floating_point()}
            between = now | interpolated(floats, self._first, alpha)
            kept.append(self._kept(f"{folder_of(epoch)}-alpha-{alpha:g}", epoch, between, {"alpha": alpha}))
        return kept

    def _kept(self, name: str, epoch: int, tower: Mapping[str, Tensor], more: Mapping[str, Any]) -> Checkpoint:
        folder = self._job.home.folder / name
        if is_kept(folder):
            return read_checkpoint(folder)

        def write(part: Path) -> dict[str, str]:
            self._as.write(self._classifier.clip, tower, part)
            return {"pretrained": str(part)}

        return write_checkpoint(folder, self._told(epoch, more), write)

    def _told(self, epoch: int, more: Mapping[str, Any]) -> dict[str, Any]:
        job, course = self._job, self._job.course
        alpha = f"-alpha-{more['alpha']:g}" if more else ""
        return {
            "recipe_name": f"{course.name}{alpha}",
            "method": "wise-ft" if more else "full" if course.learns == "tower" else "linear-probe",
            "set": job.source.name,
            "epoch": epoch,
            "step": epoch * math.ceil(len(job.rows) / course.batch_size),
            "seed": job.seed,
            "base": self._start,
            **more,
        }
