"""How a recipe's epochs become steps: passes, batches, and where checkpoints are kept."""

import math
from dataclasses import dataclass
from functools import cached_property

from emt_tasks.errors import EmtError
from finetuning.recipes.recipe import Recipe


@dataclass(frozen=True)
class Schedule:
    """Steps of one training.

    Attributes:
        recipe: what was asked for.
        rows: in an epoch.
        ranks: processes that compute side by side.
    """

    recipe: Recipe
    rows: int
    ranks: int = 1

    @cached_property
    def device_batch(self) -> int:
        """Rows in one pass of one rank: the most that divide the batch evenly.

        Raises:
            EmtError: the batch can't be spread over the ranks.
        """
        each, rest = divmod(self.recipe.batch_size, self.ranks)
        if rest or not each:
            raise EmtError(
                f"a batch of {self.recipe.batch_size} can't be spread over {self.ranks} processes. Set batch_size to a "
                f"multiple of {self.ranks}."
            )
        most = min(each, self.recipe.device_batch_size)
        return next(size for size in range(most, 0, -1) if each % size == 0)

    @property
    def accumulation(self) -> int:
        """Passes whose gradients make one step."""
        return self.recipe.batch_size // self.ranks // self.device_batch

    @property
    def steps_per_epoch(self) -> int:
        """Steps of the optimiser in an epoch; the last may have fewer rows."""
        passes = math.ceil(self.rows / (self.device_batch * self.ranks))
        return math.ceil(passes / self.accumulation)

    @property
    def steps(self) -> int:
        """Steps of the optimiser in all."""
        return math.ceil(self.recipe.epochs * self.steps_per_epoch)

    def rows_by(self, step: int) -> int:
        """How many rows have been seen after `step` steps; the last step of an epoch may see fewer than others."""
        epochs, within = divmod(step, self.steps_per_epoch)
        return epochs * self.rows + min(self.rows, within * self.recipe.batch_size)

    @cached_property
    def kept(self) -> dict[int, float]:
        """The steps after which a checkpoint is kept, and the epochs that they stand for; where two meet, the later."""
        epochs = [*self.recipe.fractions, *range(1, math.floor(self.recipe.epochs) + 1), self.recipe.epochs]
        wanted = sorted({float(epoch) for epoch in epochs if epoch <= self.recipe.epochs})
        return {min(max(1, round(epoch * self.steps_per_epoch)), self.steps): epoch for epoch in wanted}


def folder_of(epoch: float) -> str:
    """The name of the folder of a checkpoint.

    >>> folder_of(1), folder_of(0.25)
    ('epoch-1.0', 'epoch-0.25')
    """
    return f"epoch-{float(epoch)!r}"
