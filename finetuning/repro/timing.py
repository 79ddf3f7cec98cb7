"""Where an epoch's time goes."""

import time
from dataclasses import dataclass, field

import torch


@dataclass(slots=True)
class Seconds:
    """Where an epoch's time went: in the network, and in all."""

    model: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def share(self) -> float:
        """Of the network, a fraction in [0, 1]."""
        return self.model / max(time.perf_counter() - self.started, 1e-9)


class InModel:
    """Counts the seconds within as the network's."""

    def __init__(self, seconds: Seconds, device: torch.device) -> None:
        self._seconds, self._device = seconds, device

    def __enter__(self) -> None:
        self._wait()
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._wait()
        self._seconds.model += time.perf_counter() - self._start

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
