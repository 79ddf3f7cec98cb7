"""A recipe's remedies, put to work in a training."""

from collections.abc import Callable

from torch import Tensor

from finetuning.against_forgetting.early_stopping import Watch
from finetuning.against_forgetting.interpolation import interpolated, write_interpolated
from finetuning.against_forgetting.l2_sp import Penalty
from finetuning.recipes.recipe import Recipe
from finetuning.training.additions import Additions
from finetuning.training.checkpoint import Checkpoint
from finetuning.training.job import Job
from finetuning.training.methods import Prepared

OnCheckpoint = Callable[[Checkpoint, Prepared], bool]
OnStep = Callable[[Prepared], Tensor]


def compares_with_start(recipe: Recipe) -> bool:
    """Whether the weights before tuning have to be kept beside those that learn."""
    said = recipe.against_forgetting
    return bool(said.interpolation or said.l2_sp or said.early_stopping)


def guarded(job: Job, additions: Additions) -> Additions:
    """`additions`, and what the job's recipe does against forgetting (replay and layer-wise rates are the job's)."""
    said = job.recipe.against_forgetting
    penalties: list[OnStep] = [Penalty(said.l2_sp)] if said.l2_sp else []
    if additions.penalty is not None:
        penalties.append(additions.penalty)
    after: list[OnCheckpoint] = [additions.on_checkpoint] if additions.on_checkpoint else []
    if said.interpolation:
        after.append(_Between(said.interpolation, additions.on_checkpoint))
    if said.early_stopping:
        after.append(Watch(job, said.early_stopping))
    return Additions(_sum(penalties), _all(after), additions.told)


def _sum(penalties: list[OnStep]) -> OnStep | None:
    if len(penalties) < 2:
        return penalties[0] if penalties else None
    first, second = penalties
    return lambda prepared: first(prepared) + second(prepared)


def _all(after: list[OnCheckpoint]) -> OnCheckpoint | None:
    """Every one of them in turn; any of them may say stop."""
    if not after:
        return None

    def told(checkpoint: Checkpoint, prepared: Prepared) -> bool:
        said = [each(checkpoint, prepared) for each in after]
        return any(said)

    return told


class _Between:
    """Writes the points between base and checkpoint, and hands each to who is told of checkpoints."""

    def __init__(self, shares: tuple[float, ...], tell: OnCheckpoint | None) -> None:
        self._shares, self._tell = shares, tell

    def __call__(self, checkpoint: Checkpoint, prepared: Prepared) -> bool:
        for share in self._shares:
            folder = checkpoint.folder.with_name(f"{checkpoint.folder.name}-alpha-{share:g}")
            made = write_interpolated(checkpoint, prepared, share, folder)
            if self._tell is None:
                continue
            trained = {name: weight.clone() for name, weight in prepared.tensors().items()}
            prepared.set_tensors(interpolated(trained, prepared.start, share))
            try:
                self._tell(made, prepared)
            finally:
                prepared.set_tensors(trained)
        return False
