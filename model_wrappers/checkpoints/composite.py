"""What wrappers of something else than one transformers model share: their place, batches, the harness's manners."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.placement import placement
from model_wrappers.generating.batching import BatchSize
from model_wrappers.generating.conduct import Answered, Prepares, answered
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question


class Composite(lmms):
    """A *simple* model of the harness that answers in batches; a family says how.

    Args:
        device: where it computes; None takes a GPU where there is one.
        batch_size: rows in a batch; None finds the largest that fits.
        max_batch_size: where that search starts.

    Attributes:
        on_batch: called after each batch with its requests and their answers, for journals and progress.

    Raises:
        EmtError: there is no such device.
    """

    is_simple = True
    name: ClassVar[str]

    def __init__(self, device: str | None, batch_size: int | None, max_batch_size: int | None) -> None:
        super().__init__()
        self.on_batch: Callable[[Answered], None] | None = None
        here = placement(device, None)
        self.accelerator, self._rank, self._world_size = here.accelerator, here.rank, here.world_size
        self._device = here.device
        self._batch_size = BatchSize(batch_size, max_batch_size, here.device)

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        """Not had here.

        Raises:
            EmtError: always.
        """
        raise EmtError(f"{self.name} answers one question about an image; these {len(requests)} have several rounds.")

    def clean(self) -> None:
        """Give back what memory can be had without the model, which may be evaluated again."""
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def use_adapter(self, peft: str | None, projector: str | None = None) -> None:
        """Nothing for None and None.

        Raises:
            EmtError: there is an adapter or a projector, which has no place here.
        """
        if peft or projector:
            raise EmtError(f"{self.name} has no place for an adapter ({peft or projector}). Drop it.")

    @property
    def device(self) -> torch.device:
        """Where inputs go, and where the harness puts what it gathers from ranks."""
        return self._device

    @property
    def batch_size(self) -> int:
        """Rows that are answered together."""
        return self._batch_size.now

    def _answered(
        self,
        questions: Sequence[Question],
        preparation: Prepares,
        ask: Callable[[Prepared], Sequence[Any]],
        each: Callable[[Answered], Answered] = list,
    ) -> list[Any]:
        """What `ask` answers to each question; `each` says which requests a batch of them has answered."""
        told = self.on_batch
        title = self.name if self._rank == 0 and told is None and questions else None
        report = None if told is None else lambda batch: told(each(batch))
        return answered(questions, preparation, self.task_dict, self._batch_size, ask, report, title)
