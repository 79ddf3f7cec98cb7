"""The base that learns, held by the wrapper that will answer: what trains is what is evaluated."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from model_wrappers.base import HFModel
from model_wrappers.checkpoints.loading import load_config
from model_wrappers.generating.prompts import Prompts
from model_wrappers.hf import EmtHf
from model_wrappers.instructblip import EmtInstructBlip
from model_wrappers.llava import EmtLlava

FAMILIES: tuple[type[HFModel], ...] = (EmtLlava, EmtInstructBlip)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedBase:
    """A base in memory.

    Attributes:
        name: what its user calls it, a folder or hub id.
        lm: the wrapper around it; its model is trained in place, and can be evaluated at any time (`answering`).
        half: whether passes run in bfloat16 where that is safe (autocast).
    """

    name: str
    lm: HFModel
    half: bool

    @property
    def model(self) -> Any:
        """The transformers model."""
        return self.lm.model

    @property
    def processor(self) -> Any:
        """What makes inputs of prompts and pictures."""
        return self.lm.processor

    @property
    def prompts(self) -> Prompts:
        """How the wrapper words what it sends."""
        return Prompts(self.processor, self.lm.default_template)

    @contextmanager
    def answering(self, model_args: Mapping[str, str]) -> Iterator[HFModel]:
        """The wrapper, ready to be evaluated as what its weights have become, and as it was afterwards.

        Args:
            model_args: of the checkpoint that holds those weights, by whose content answers are known.
        """
        states = [(part, part.training) for part in self.model.modules()]
        self.model.eval()
        self.lm.changed_to(model_args)
        precision = torch.autocast(self.lm.device.type, torch.bfloat16) if self.half else nullcontext()
        try:
            with torch.no_grad(), precision:
                yield self.lm
        finally:
            for part, training in states:
                part.training = training
            self.lm.changed_to({})


def family_of(base: str, revision: str | None = None) -> type[HFModel]:
    """The wrapper for a base, by its config's model type.

    Raises:
        EmtError: there is no such base.
    """
    kind = load_config(base, revision, trust_remote_code=False).model_type
    return next((family for family in FAMILIES if kind in family.model_types), EmtHf)


def load_base(base: str, device: str | None = None, revision: str | None = None) -> LoadedBase:
    """The base, loaded: in bfloat16 on a GPU that has it, else in float32.

    Args:
        base: folder or hub id.
        device: cpu, cuda, ...; None takes a GPU where there is one.
        revision: of the base on the hub.

    Raises:
        EmtError: there is no such base, or it can't be loaded.
    """
    half = has_bfloat16(device)
    given = {"pretrained": base, "device": device, "revision": revision, "dtype": "bfloat16" if half else "float32"}
    lm = family_of(base, revision)(**{name: value for name, value in given.items() if value is not None})
    return LoadedBase(base, lm, half)


def has_bfloat16(device: str | None) -> bool:
    """Whether the hardware computes in bfloat16; a CPU does so more slowly than in float32, and is not asked to."""
    on_gpu = torch.cuda.is_available() if device is None else device.startswith("cuda")
    return on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
