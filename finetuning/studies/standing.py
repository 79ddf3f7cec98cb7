"""How far a study is: which of what is asked now has been done, by the same hashes that the run keeps things by."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from emt_tasks.errors import EmtError
from finetuning.training.checkpoint import Checkpoint, checkpoints_in
from finetuning.tuning.in_the_loop import Asked, Evaluations
from finetuning.tuning.job_folder import DONE, Tuned, finished, made_of, require_own
from finetuning.tuning.tune import inputs_of

if TYPE_CHECKING:
    from finetuning.studies.plan import Cell


class Standing:
    """What of a study is done; what was found done is not looked at again.

    Args:
        asked: what every checkpoint is asked.
        base: folder or hub id of what is tuned.
        revision: of it on the hub.
    """

    def __init__(self, asked: Asked, base: str, revision: str | None) -> None:
        self._given = asked, base, revision
        self._tuned: dict[str, Tuned] = {}
        self._evaluated: set[Path | None] = set()

    @cached_property
    def _evaluations(self) -> Evaluations:
        return Evaluations(*self._given)

    def trained(self, cell: "Cell") -> bool:
        """Whether a cell's training is done as it is asked now, with every checkpoint whole."""
        return self._finished(cell) is not None

    def evaluations_left(self, cell: "Cell") -> int:
        """How many checkpoints of a cell are still to be made and asked, or asked in another way than they were."""
        done = self._finished(cell)
        if done is None and not made_of(cell.job.home):
            return cell.checkpoints
        try:
            there = checkpoints_in(cell.job.folder)
        except EmtError:  # a damaged one is made anew, and those beside it with it
            return cell.checkpoints
        asked = sum(self._is_asked(checkpoint) for checkpoint in there)
        return (len(there) if done is not None else max(cell.checkpoints, asked)) - asked

    def base_is_asked(self) -> bool:
        """Whether the base has been asked what is asked now."""
        return self._is_asked(None)

    def require_own(self, cell: "Cell", on_this_base: bool = True) -> None:
        """Refuse a folder of another training, as the cell's own training would.

        Args:
            cell: whose folder it is.
            on_this_base: whether the study's base is the one that will be tuned, and no stand-in of its sizes.

        Raises:
            EmtError: it is; what differs is named.
        """
        home = cell.job.home
        if not home.folder.exists():
            return
        inputs = inputs_of(cell.job)
        there = made_of(home)
        require_own(home, inputs if on_this_base or not there else inputs | {"base": there.get("base")})

    def _finished(self, cell: "Cell") -> Tuned | None:
        name = cell.job.name
        if name not in self._tuned and (cell.job.folder / DONE).is_file():
            done = finished(cell.job, inputs_of(cell.job))
            if done is not None:
                self._tuned[name] = done
        return self._tuned.get(name)

    def _is_asked(self, checkpoint: Checkpoint | None) -> bool:
        """Whether a checkpoint, None the base, has been asked."""
        place = checkpoint.folder if checkpoint else None
        if place not in self._evaluated:
            done = self._evaluations.is_done(checkpoint) if checkpoint else self._evaluations.base_is_done()
            if done:
                self._evaluated.add(place)
        return place in self._evaluated
