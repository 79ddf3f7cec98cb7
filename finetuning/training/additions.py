"""What else happens while a job is done: hooks into the training, from outside of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from finetuning.training.checkpoint import Checkpoint
from finetuning.training.methods import Prepared


@dataclass(frozen=True, slots=True)
class Additions:
    """What else happens while a job is done.

    Attributes:
        penalty: added to each step's loss.
        on_checkpoint: called on the first rank after each checkpoint, with what trains; True ends the training.
        told: what the additions are, as JSON: a training is continued only with the same.
    """

    penalty: Callable[[Prepared], Tensor] | None = None
    on_checkpoint: Callable[[Checkpoint, Prepared], bool] | None = None
    told: dict[str, Any] = field(default_factory=dict)
