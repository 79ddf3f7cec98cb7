"""The base of a study that has none: a miniature, planned and made in the study's folder."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from finetuning.mini.estimate import seconds_of
from finetuning.mini.making import Making
from finetuning.mini.miniature import read_miniature
from finetuning.studies.study import Study
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
        self._study, self._out = study, out
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

    def planned(self) -> tuple[Study, Mapping[str, float]]:
        """The study of an untrained base of the same sizes, and the seconds that each stage takes which is left."""
        self._making.require_own()
        self._making.warn()
        folder = self._out / UNTRAINED
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        whole = seconds_of(self._making.miniature, self._making.rows, folder)
        seconds = {name: whole[name] for name in self._making.left}
        return self._study.model_copy(update={"base": str(folder), "encoder": None}), seconds

    def made(self) -> Study:
        """The study of the miniature, which is made unless it has been.

        Raises:
            EmtError: anything that its user can mend; what was finished is kept.
        """
        self._making.run()
        shutil.rmtree(self._out / UNTRAINED, ignore_errors=True)
        encoder = self._study.encoder
        if encoder == "auto":
            encoder = {"model": f"local-dir:{self._making.encoder}"}
        return self._study.model_copy(update={"base": str(self._making.base), "encoder": encoder})
