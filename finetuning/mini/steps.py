"""A training of some thousand steps that can be killed at any of them and ends with the same weights."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer

from emt_tasks.errors import EmtError
from finetuning.declared import Fields

STATE_EVERY = 100  # steps; the most that a kill can cost


class Diverged(EmtError):  # noqa: N818  # reads as what it says
    """A training's loss is no number any more: its learning rate is too high."""


class PaceFields(Fields):
    """How long and how fast a stage learns: a linear warm-up, then a cosine to zero.

    Attributes:
        epochs: how often every row is seen.
        batch_size: rows of a step.
        learning_rate: at its highest.
        weight_decay: of matrices; vectors and tables of embeddings have none.
        warmup: share of the steps, at their start, over which the rate rises.
        horizon: epochs after which the cosine would be zero; None is `epochs`. A larger one keeps the rate up.
        cooldown: share of the steps, at their end, over which the rate falls to zero in a line besides.
    """

    epochs: float = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warmup: float = Field(0.05, ge=0, lt=1)
    horizon: float | None = Field(None, gt=0)
    cooldown: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _falls_to_the_end(self) -> Self:
        if self.horizon is not None and self.horizon < self.epochs:
            raise ValueError(
                f"horizon ({self.horizon:g}) must be epochs ({self.epochs:g}) or more: past it the rate rises"
            )
        return self

    def steps(self, rows: int) -> int:
        """Steps of the optimiser when an epoch has so many rows."""
        return max(1, round(self.epochs * rows / self.batch_size))

    def share(self, step: int, rows: int) -> float:
        """The learning rate of a step as a share of the highest, in (0, 1]."""
        steps = self.steps(rows)
        whole = max(1, round((self.horizon or self.epochs) * rows / self.batch_size))
        rising = (step + 1) / max(1.0, self.warmup * whole)
        falling = (steps - step) / (self.cooldown * steps) if self.cooldown else 1.0
        return min(1.0, rising) * min(1.0, falling) * 0.5 * (1 + math.cos(math.pi * step / whole))


def optimizers_of(model: nn.Module, pace: PaceFields) -> list[Optimizer]:
    """Muon for the matrices within blocks, AdamW for the rest of what learns.

    Muon (Jordan 2024, torch's own) learns from fewer rows than AdamW does, and rows are what is short here; its steps
    are scaled to AdamW's size (Liu et al. 2025, arXiv 2502.16982), so that one learning rate serves both.
    """
    learnt = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    tables = {id(part.weight) for part in model.modules() if isinstance(part, nn.Embedding)}
    blocks = {name for name, weight in learnt.items() if weight.ndim == 2 and ("blocks." in name or "layers." in name)}
    rest = [weight for name, weight in learnt.items() if name not in blocks]
    decayed = [weight for weight in rest if weight.ndim >= 2 and id(weight) not in tables]
    bare = [weight for weight in rest if not (weight.ndim >= 2 and id(weight) not in tables)]
    groups = [{"params": decayed, "weight_decay": pace.weight_decay}, {"params": bare, "weight_decay": 0.0}]
    made: list[Optimizer] = [
        AdamW([each for each in groups if each["params"]], lr=pace.learning_rate, betas=(0.9, 0.95))
    ]
    if blocks:
        inside = [learnt[name] for name in sorted(blocks)]
        decay = pace.weight_decay
        made.append(Muon(inside, lr=pace.learning_rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
    return made


def order_of(rows: int, batch_size: int, step: int, seed: int) -> Tensor:
    """The rows of a step, (batch_size,) int64: each epoch is a shuffle of all rows, and a batch may span two."""
    first = step * batch_size
    epochs = range(first // rows, (first + batch_size - 1) // rows + 1)
    shuffled = [torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 1000 + epoch)) for epoch in epochs]
    begin = first - epochs[0] * rows
    return torch.cat(shuffled)[begin : begin + batch_size]


def learn(
    model: nn.Module,
    loss_of: Callable[[int], Tensor],
    pace: PaceFields,
    rows: int,
    seed: int,
    state: Path,
    digest: str,
    advance: Callable[[int], None] = lambda _: None,
    every: int = STATE_EVERY,
) -> float:
    """Train the weights of `model` that require gradients, in place; the same seed repeats bit for bit on a machine.

    Args:
        model: what learns.
        loss_of: the loss of a step; it may draw from torch's own source of chance, which is seeded for every step.
        pace: how fast.
        rows: in an epoch.
        seed: of every draw.
        state: file that a killed training goes on from; it is left behind at the end.
        digest: what the training depends on; a state of another is not gone on from.
        advance: called with the steps done, those of an earlier start included.
        every: steps after which the state is written.

    Returns:
        The mean loss over the last tenth of the steps.

    Raises:
        Diverged: the loss is no number any more.
        EmtError: the state is of this training and can't be gone on from.
        OSError: the state can't be written.
    """
    optimizers, steps = optimizers_of(model, pace), pace.steps(rows)
    losses = _restored(state, digest, model, optimizers)
    for step in range(len(losses), steps):
        torch.manual_seed(seed * 1_000_003 + step)
        losses.append(_stepped(optimizers, pace.learning_rate * pace.share(step, rows), partial(loss_of, step)))
        if not math.isfinite(losses[-1]):
            raise Diverged(f"the training diverged: its loss is {losses[-1]} at step {step + 1} of {steps}.")
        if (step + 1) % every == 0 and step + 1 < steps:
            _keep(state, digest, model, optimizers, losses, steps)
        advance(step + 1)
    last = losses[-max(1, steps // 10) :]
    return sum(last) / len(last)


def _stepped(optimizers: Sequence[Optimizer], rate: float, loss_of: Callable[[], Tensor]) -> float:
    """The loss before a step of that learning rate, which is taken."""
    for group in (group for each in optimizers for group in each.param_groups):
        group["lr"] = rate
    loss = loss_of()
    for each in optimizers:
        each.zero_grad()
    torch.autograd.backward(loss)
    for each in optimizers:
        each.step()
    return loss.item()


def share_done(state: Path, digest: str) -> float:
    """The share of its steps that the state of a training has behind it, in [0, 1); 0 where there is none of it."""
    held = _held(state, digest)
    losses, steps = held.get("losses"), held.get("steps")
    if not isinstance(losses, list) or not isinstance(steps, int) or len(losses) >= steps:
        return 0.0
    return len(losses) / steps


def _keep(
    state: Path, digest: str, model: nn.Module, optimizers: Sequence[Optimizer], losses: Sequence[float], steps: int
) -> None:
    """Write the state, whole or not at all."""
    held = {
        "digest": digest,
        "steps": steps,
        "losses": list(losses),
        "model": model.state_dict(),
        "optimizers": [each.state_dict() for each in optimizers],
    }
    whole = BytesIO()
    torch.save(held, whole)
    part = state.with_name(f"{state.name}.part")
    part.write_bytes(whole.getbuffer())  # and not by torch, to whom a full disk is no OSError
    part.replace(state)


def _restored(state: Path, digest: str, model: nn.Module, optimizers: Sequence[Optimizer]) -> list[float]:
    """The losses so far, with model and optimizers as they were; none where there is no state of this training."""
    held = _held(state, digest)
    if not held:
        return []
    try:
        losses = [float(loss) for loss in held["losses"]]
        model.load_state_dict(held["model"])
        for each, kept in zip(optimizers, held["optimizers"], strict=True):
            each.load_state_dict(kept)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise EmtError(f"{state} can't be gone on from ({' '.join(str(error).split())}). Delete it.") from error
    return losses


def _held(state: Path, digest: str) -> Mapping[str, Any]:
    """What a file holds that is a state of this training; nothing where it is none."""
    try:
        held: Any = torch.load(state, weights_only=True)
    except (OSError, RuntimeError, EOFError, UnpicklingError):
        return {}
    return held if isinstance(held, dict) and held.get("digest") == digest else {}
