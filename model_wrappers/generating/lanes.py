"""Generation of several batches side by side on a CPU's cores, by copies of one model that share its weights."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from queue import SimpleQueue
from typing import Any

import torch

from model_wrappers.generating.drafts import Drafts
from model_wrappers.generating.generation import Generator
from model_wrappers.generating.settings import Settings

LANES = 2
SMALLEST, LARGEST = 1_000_000, 100_000_000  # weights


def lanes_for(model: Any, device: torch.device) -> int:
    """How many batches should be generated at once.

    Two on a CPU with cores for both, for small models: much of their time is spent between computations, and two
    threads that wait for each other after each lose the more, the busier the machine is. For large ones computation is
    all, and a second batch in memory too much; for the smallest Python is all, which threads take turns at; a GPU has
    its own ways.
    """
    fits = SMALLEST <= sum(weights.numel() for weights in model.parameters()) <= LARGEST
    return LANES if device.type == "cpu" and torch.get_num_threads() >= LANES and fits else 1


class Lanes:
    """A model's generators.

    Args:
        model: a transformers model that generates, in eval mode.
        tokenizer: turns its tokens into text.
        count: batches at once; 1 takes the model itself and copies nothing.
    """

    def __init__(self, model: Any, tokenizer: Any, count: int) -> None:
        self._model, self._tokenizer, self.count = model, tokenizer, count
        self.drafts = Drafts()
        self.restart()

    def restart(self) -> None:
        """Forget what was learnt and copied: the model has changed."""
        self.drafts.forget()
        self._free: SimpleQueue[Generator | None] = SimpleQueue()
        self._free.put(Generator(self._model, self._tokenizer, self.drafts))
        for _ in range(self.count - 1):
            self._free.put(None)  # made when it is needed

    def answers(self, inputs: Mapping[str, Any], prompts: Sequence[str], settings: Settings) -> list[str]:
        """As of `Generator`; may be called on `count` threads at once."""
        generator = self._free.get()
        try:
            if generator is None:
                generator = Generator(_sharing_weights(self._model), self._tokenizer, self.drafts)
            return generator.answers(inputs, prompts, settings)
        finally:
            self._free.put(generator)


def _sharing_weights(model: Any) -> Any:
    """A copy of `model` whose tensors are those of the model: what it keeps between passes is its own."""
    tensors = [*model.parameters(), *model.buffers()]
    return deepcopy(model, {id(tensor): tensor for tensor in tensors})
