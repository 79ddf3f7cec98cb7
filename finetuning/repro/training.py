"""A classifier learns in parts, one after another; it is measured after each epoch and goes on after a kill."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emt_tasks.errors import EmtError
from emt_tasks.progress import ImageProgress
from finetuning.records.selection import Indices, generator
from finetuning.repro.batches import Batches
from finetuning.repro.course import Course, optimizer_of, rate_at
from finetuning.repro.networks import Classifier
from finetuning.repro.state import State, newest_state, write_state
from finetuning.repro.timing import InModel, Seconds

Row = dict[str, Any]
"""What is known after an epoch, as JSON."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are learnt for some epochs, with an optimiser of their own."""

    rows: Indices
    epochs: int


class Training:
    """One training.

    Args:
        classifier: what is asked; on its device.
        learns: the part of it whose weights learn and whose state is kept.
        batches: of all pictures.
        parts: what is learnt, in order.
        course: how.
        seed: of order and chance.
        measure: what there is to say after an epoch, by this training's `features`.
        measured: how many pictures that looks at.
    """

    def __init__(
        self,
        classifier: Classifier,
        learns: nn.Module,
        batches: Batches,
        parts: tuple[Part, ...],
        course: Course,
        seed: int,
        measure: Callable[["Training", int], Row],
        measured: int = 0,
    ) -> None:
        self.classifier, self.learns, self.batches, self.parts = classifier, learns, batches, parts
        self.course, self.seed = course, seed
        self._measure, self._measured = measure, measured
        self._device = batches.device
        self._half = half_of(self._device)
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._half is torch.float16)
        self._advance: Callable[[int], None] = lambda _: None
        self._seconds = Seconds()

    @property
    def epochs(self) -> int:
        """Of all parts."""
        return sum(part.epochs for part in self.parts)

    def part_of(self, epoch: int) -> tuple[int, int]:
        """The part to which `epoch` (from 1) belongs, and its number in it (from 0)."""
        for place, part in enumerate(self.parts):
            if epoch <= part.epochs:
                return place, epoch - 1
            epoch -= part.epochs
        raise ValueError(f"no epoch {epoch} after the last")

    def run(self, home: Path, after: Callable[[int, Row], None], shown: bool) -> list[Row]:
        """Learn from where an earlier start stopped; what was measured after each epoch.

        Args:
            home: where states are.
            after: called with each epoch (from 1) and what was measured, once its state is written; also with the
                last one of an earlier start, which may have been killed in it.
            shown: whether progress is told on stderr.

        Raises:
            EmtError: a state is damaged, or the loss is no number.
        """
        state = newest_state(home)
        history = [] if state is None else state.history
        optimizer: torch.optim.Optimizer | None = None
        if state is not None:
            optimizer = self._recovered(state)
            after(state.epoch, history[-1])
        done = 0 if state is None else state.epoch
        each = [len(part.rows) + self._measured for part in self.parts for _ in range(part.epochs)]
        with ImageProgress(sum(each), sum(each[:done]), shown) as progress:
            self._advance = progress.advance
            for epoch in range(done + 1, self.epochs + 1):
                if self.part_of(epoch)[1] == 0 or optimizer is None:
                    optimizer = optimizer_of(self.course, self._weights())
                history.append(self._epoch(epoch, optimizer))
                write_state(home, epoch, self.learns, optimizer, history, self._scaler.state_dict())
                after(epoch, history[-1])
        return history

    def features(self, rows: Indices) -> tuple[Tensor, Tensor]:
        """Features (N, d) float32 and predictions (N,) int64 of `rows`, as the network is, on the CPU.

        Raises:
            EmtError: the network has lost itself.
        """
        self.classifier.eval()
        found: list[tuple[Tensor, Tensor]] = []
        with torch.inference_mode():
            for pixels, _ in self.batches.plain(rows, self.course.batch_size):
                with self._timed(), self._precision():
                    features, logits = self.classifier(pixels)
                    found.append((features.float().cpu(), logits.argmax(dim=1).cpu()))
                self._advance(len(pixels))
        features, predictions = (torch.cat(some) for some in zip(*found, strict=True))
        if not bool(features.isfinite().all()):
            raise self._diverged("the network's features are")
        return features, predictions

    def _recovered(self, state: State) -> torch.optim.Optimizer:
        optimizer = optimizer_of(self.course, self._weights())
        state.into(self.learns, optimizer)
        self._scaler.load_state_dict(dict(state.scaler))
        return optimizer

    def _weights(self) -> list[Tensor]:
        return [weight for weight in self.learns.parameters() if weight.requires_grad]

    def _epoch(self, epoch: int, optimizer: torch.optim.Optimizer) -> Row:
        """Learn for one epoch, and measure."""
        place, within = self.part_of(epoch)
        part = self.parts[place]
        torch.manual_seed(int(generator(self.seed, "epoch", str(epoch)).integers(2**31)))
        self._seconds = Seconds()
        loss = self._learnt(epoch, part, within, optimizer)
        learning = time.perf_counter() - self._seconds.started
        told = self._measure(self, epoch)
        return {
            "epoch": epoch,
            "part": place,
            "loss": loss,
            **told,
            "images_per_second": round(len(part.rows) / learning, 2),
            "share_in_model": round(self._seconds.share, 4),
        }

    def _learnt(self, epoch: int, part: Part, within: int, optimizer: torch.optim.Optimizer) -> float:
        """One pass over the rows of a part; the mean loss of a row."""
        size = self.course.batch_size
        each = max(1, math.ceil(len(part.rows) / size))
        total = 0.0
        self.classifier.learning()
        for step, (pixels, targets) in enumerate(self.batches.of_epoch(part.rows, size, self.seed, epoch)):
            for group in optimizer.param_groups:
                group["lr"] = rate_at(within * each + step, part.epochs * each, self.course)
            with self._timed():
                total += self._step(pixels, targets, optimizer) * len(pixels)
            self._advance(len(pixels))
        mean = total / len(part.rows)
        if not math.isfinite(mean):
            raise self._diverged("the loss is")
        return mean

    def _diverged(self, what: str) -> EmtError:
        return EmtError(
            f"{what} no number: the learning rate {self.course.learning_rate:g} is too high. Start with --fresh "
            "--set-field learning_rate=... at a tenth of it."
        )

    def _step(self, pixels: Tensor, targets: Tensor, optimizer: torch.optim.Optimizer) -> float:
        optimizer.zero_grad(set_to_none=True)
        with self._precision():
            _, logits = self.classifier(pixels)
            loss = cross_entropy(logits.float(), targets)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch's own
        if self.course.max_grad_norm:
            self._scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(self._weights(), self.course.max_grad_norm)
        self._scaler.step(optimizer)
        self._scaler.update()
        return float(loss.detach())

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self._device.type, dtype=self._half, enabled=self._half is not None)

    def _timed(self) -> InModel:
        return InModel(self._seconds, self._device)


def half_of(device: torch.device) -> torch.dtype | None:
    """The type of mixed precision on a device: bfloat16 where a GPU has it, else float16; None, so none, on a CPU."""
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
