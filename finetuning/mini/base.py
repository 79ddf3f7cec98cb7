"""The base of a study that has none: a miniature, planned and made in the study's folder."""

import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from finetuning.mini.estimate import seconds_of
from finetuning.mini.making import Making
from finetuning.mini.miniature import read_miniature
from finetuning.studies.study import Study
from finetuning.toy.stages import MANIFEST, finished, stage
from finetuning.tuning.spent import Spent

FOLDER = "miniature"
UNTRAINED = ".untrained"
DEFAULT = "mini"


class MiniatureBase:
    """The miniature that a study asks for.

    Args:
        study: without a base.
        out: its folder.
        data_dir: where our own sets lie as on the hub.
        tell: gets a line for each stage.
        live: whether progress within a stage is shown.

    Raises:
        EmtError: a field is wrong, or a set can't be had.
    """

    def __init__(
        self, study: Study, out: Path, data_dir: Path | None, tell: Callable[[str], None], live: bool = True
    ) -> None:
        fields = dict(study.miniature or {})
        self._study, self._out, self._tell = study, out, tell
        self._making = Making(
            read_miniature(str(fields.pop("like", DEFAULT)), fields), out / FOLDER, data_dir, tell, live
        )

    @property
    def finished(self) -> bool:
        """Whether an earlier start has made it."""
        return self._making.finished

    @property
    def cost(self) -> Mapping[str, Spent | None]:
        """What each stage has cost that is done, by its name; None where that is not recorded."""
        return self._making.cost

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows of each set it learns from."""
        return {name: sum(counts.values()) for name, counts in self._making.rows.class_counts().items()}

    def planned(self) -> tuple[Study, Mapping[str, float]]:
        """The study of an untrained base of the same sizes, and the seconds that each stage takes which is left.

        Both are kept for the next start. Of a stage that was begun, what is left counts.

        Raises:
            EmtError: the miniature is too large for this machine, or its folder is another's or can't be written.
        """
        self._making.require_own()
        self._making.warn()
        whole = self._measured()
        seconds = {name: whole[name] * (1 - self._making.share_done(name)) for name in self._making.left}
        return self._study.model_copy(update={"base": str(self._out / UNTRAINED), "encoder": None}), seconds

    def _measured(self) -> Mapping[str, float]:
        """Seconds of each stage, measured unless an earlier start has done so; the untrained base is there then."""
        making, folder = self._making, self._out / UNTRAINED
        inputs = {"making": making.digest, "cores": os.cpu_count()}
        kept = finished(folder, inputs)
        known = kept and _sound(kept.outcome, making.stages)
        if known:
            return known
        if folder.is_dir() and not folder.is_symlink() and (kept or not (folder / MANIFEST).is_file()):
            shutil.rmtree(folder, ignore_errors=True)  # of an older version, or damaged; nothing else is ever in it
        self._tell("measuring a few steps of each stage, and an untrained base of its sizes ...")
        made = stage(folder, inputs, lambda part: seconds_of(making.miniature, making.rows, part))
        return made.outcome

    def made(self) -> Study:
        """The study of the miniature, which is made unless it has been.

        Raises:
            EmtError: anything that its user can mend; what was finished is kept.
        """
        self._making.run()
        for leftover in (UNTRAINED, f".{UNTRAINED}.part"):
            shutil.rmtree(self._out / leftover, ignore_errors=True)
        encoder = self._study.encoder
        if encoder == "auto":
            encoder = {"model": f"local-dir:{self._making.encoder}"}
        return self._study.model_copy(update={"base": str(self._making.base), "encoder": encoder})


def _sound(outcome: Mapping[str, Any], stages: Sequence[str]) -> Mapping[str, float] | None:
    """The seconds of all stages that a record tells; None where it does not."""
    try:
        seconds = {name: float(outcome[name]) for name in stages}
    except (KeyError, TypeError, ValueError):
        return None
    return seconds if all(math.isfinite(each) and each >= 0 for each in seconds.values()) else None
