"""The wrapper under examination: loaded through the harness's registry when it is needed, one copy at a time."""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmms_eval.api.instance import Instance

from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.samples import SPLIT, TASK, rows

BATCH = 4  # what it is loaded with: batches of 1 to 4 are made of it
ROWS = 7
ROUNDING = 1e-5  # nats; the same sum from weights that lie elsewhere in memory may differ by less, on some processors


@dataclass(slots=True)
class Subject:
    """A registered model and the arguments to load it with.

    Attributes:
        model: as `--model` has it.
        model_args: as `--model_args` has them.
        device: `cpu`, `cuda`, ...; None leaves it to the wrapper.
    """

    model: str
    model_args: Mapping[str, Any]
    device: str | None = "cpu"
    _loaded: Any = field(default=None, repr=False)

    @property
    def model_class(self) -> Any:
        """The class that is registered."""
        from lmms_eval.models import get_model

        return get_model(self.model)

    @property
    def lm(self) -> Any:
        """The loaded wrapper; the same one until `forget`."""
        if self._loaded is None:
            self._loaded = self.load()
        return self._loaded

    def load(self, **changed: Any) -> Any:
        """The wrapper loaded as the harness does it, with `changed` arguments."""
        given = {**self.model_args, "batch_size": BATCH, **({"device": self.device} if self.device else {}), **changed}
        return self.model_class(**given)

    def forget(self) -> None:
        """Give the wrapper's memory back; `lm` loads it again."""
        self._loaded = None
        gc.collect()

    def answers(self, requests: Sequence[Instance]) -> list[str]:
        """The answer to each request, all asked at once."""
        return [str(answer) for answer in self._asked("generate_until", requests)]

    def likelihoods(self, requests: Sequence[Instance]) -> list[Any]:
        """(loss, greedy) for each request, all asked at once.

        Raises:
            DoesNotApply: the wrapper does not score.
        """
        try:
            return self._asked("loglikelihood", requests)
        except NotImplementedError as error:
            raise DoesNotApply("loglikelihood is not implemented, so the _choice tasks can't be had") from error

    def _asked(self, kind: str, requests: Sequence[Instance]) -> list[Any]:
        lm = self.lm
        lm.task_dict = {TASK: {SPLIT: rows(ROWS)}}
        if hasattr(lm, "on_batch"):
            lm.on_batch = _nobody_listens
        found = list(getattr(lm, kind)(list(requests)))
        if len(found) != len(requests):
            raise Broken(
                f"{kind} gave {len(found)} answers to {len(requests)} requests.",
                "Return one for each request, in the order of the requests.",
            )
        return found


def _nobody_listens(_answered: Any) -> None:
    """In place of a progress bar."""
