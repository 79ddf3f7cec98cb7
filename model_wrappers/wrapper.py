"""What every wrapper has of the harness's manners, whatever it asks: its place, its batches, what it says of itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.placement import placement
from model_wrappers.generating.batching import BatchSize
from model_wrappers.generating.conduct import Answered, Prepares, answered
from model_wrappers.generating.inputs import Batch
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question


class ModelInput(NamedTuple):
    """What a language model is given for one request.

    Attributes:
        model: a transformers model.
        tokenizer: its.
        prompt: the text.
        inputs: of that text and its pictures, (1, n, ...), on the model's device.
    """

    model: Any
    tokenizer: Any
    prompt: str
    inputs: Batch


class Wrapper(lmms):
    """A *simple* model of the harness that answers in batches; `base.HFModel` is the one for a transformers model.

    A class over this one says `name`, `check`, `locate`, `generate_until`, `loglikelihood`,
    `weights_fingerprint` and `encoder`. `emt contract` finds out whether it keeps to what they promise.

    Args:
        device: where it computes; None takes a GPU where there is one.
        batch_size: rows in a batch; None finds the largest that fits.
        max_batch_size: where that search starts.
        device_map: of a model that is spread over several devices.

    Attributes:
        name: as `--model` has it.
        not_applicable: checks of `model_wrappers.contract` that can't be made of this kind of model, with the reason.
        on_batch: called after each batch with its requests and their answers, for journals and progress; while it is
            set no progress bar is shown.

    Raises:
        EmtError: there is no such device.
    """

    is_simple = True
    name: ClassVar[str]
    not_applicable: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        device: str | None,
        batch_size: int | None,
        max_batch_size: int | None,
        device_map: str | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.on_batch: Callable[[Answered], None] | None = None
        here = placement(device, device_map)
        self.accelerator, self._rank, self._world_size = here.accelerator, here.rank, here.world_size
        self._device = here.device
        self._batch_size = BatchSize(batch_size, max_batch_size, here.device)

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> Any:
        """The arguments as the constructor will read them; what they name is looked for and not loaded.

        Raises:
            EmtError: one of them is wrong; a name that does not exist comes with the nearest one.
        """
        raise NotImplementedError(f"{cls.__name__} says what arguments it takes")

    @classmethod
    def locate(cls, given: Mapping[str, Any]) -> Mapping[str, str]:
        """The checkpoints that `given` and the defaults name, by argument; each was found, none is loaded.

        Raises:
            EmtError: an argument is wrong, or a checkpoint is neither here nor on the hub.
        """
        raise NotImplementedError(f"{cls.__name__} says where its checkpoints are")

    @property
    def encoder(self) -> str:
        """The vision encoder that it looks through, by open_clip's name where it has one: what it is compared with."""
        raise NotImplementedError(f"{type(self).__name__} names its encoder")

    @property
    def details(self) -> dict[str, str]:
        """What the manifest says beside the arguments: the encoder, and what else a family makes known."""
        return {"encoder": self.encoder}

    def model_input(self, request: Instance) -> ModelInput:
        """What the language model is given for a generation request: what its scores are checked against.

        Raises:
            EmtError: the row can't be read.
        """
        raise NotImplementedError(f"{type(self).__name__} does not show what its language model is given")

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        """Not had here.

        Raises:
            EmtError: always.
        """
        tasks = ", ".join(sorted({str(request.args[-2]) for request in requests}))
        raise EmtError(
            f"{self.name} answers one question about an image; {tasks} has several rounds. Use another model."
        )

    def clean(self) -> None:
        """Give back what memory can be had without the model, which may be evaluated again."""
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def use_adapter(self, peft: str | None, projector: str | None = None) -> None:
        """Put an adapter and a projector on, instead of what is on; here there is no place for one.

        Raises:
            EmtError: there is an adapter or a projector.
        """
        if peft or projector:
            raise EmtError(f"{self.name} has no place for an adapter ({peft or projector}). Drop it.")

    @property
    def device(self) -> torch.device:
        """Where inputs go, and where the harness puts what it gathers from ranks."""
        return self._device

    @property
    def batch_size(self) -> int:
        """Rows that are answered together; with `auto` as many as fit at the moment."""
        return self._batch_size.now

    @batch_size.setter
    def batch_size(self, rows: int) -> None:
        self._batch_size = BatchSize(rows, None, self._device)

    def _answered(
        self,
        questions: Sequence[Question],
        preparation: Prepares,
        ask: Callable[[Prepared], Sequence[Any]],
        each: Callable[[Answered], Answered] = list,
        lanes: int = 1,
    ) -> list[Any]:
        """What `ask` answers to each question; `each` says which requests a batch of them has answered."""
        told = self.on_batch
        title = self.name if self._rank == 0 and told is None and questions else None
        report = None if told is None else lambda batch: told(each(batch))
        return answered(questions, preparation, self.task_dict, self._batch_size, ask, report, title, lanes)
