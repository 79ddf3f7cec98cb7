"""From where a killed training goes on: weights, optimiser and what was measured, whole or not at all."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from finetuning.told import json_in

PREFIX = "epoch-"
WEIGHTS, OPTIMIZER, TOLD = "weights.safetensors", "optimizer.safetensors", "told.json"


@dataclass(frozen=True, slots=True)
class State:
    """What an earlier start left.

    Attributes:
        epoch: that is done, counted from 1.
        history: what was measured after each epoch.
        scaler: of mixed precision.
        folder: where the tensors are.
    """

    epoch: int
    history: list[dict[str, Any]]
    scaler: Mapping[str, Any]
    folder: Path

    def into(self, module: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Give a module, and an optimiser over its weights, the values that they had.

        Raises:
            EmtError: the files are damaged, or another network's.
        """
        try:
            module.load_state_dict(load_file(self.folder / WEIGHTS))
            if optimizer is not None:
                _set_optimizer(optimizer, load_file(self.folder / OPTIMIZER))
        except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
            first = str(error).strip().split("\n")[0]
            raise EmtError(f"the state in {self.folder} can't be used ({first}). Start again with --fresh.") from error


def write_state(
    home: Path,
    epoch: int,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: list[dict[str, Any]],
    scaler: Mapping[str, Any],
) -> None:
    """Write the state after `epoch` below `home`; older ones go."""
    part, whole = home / f".{PREFIX}{epoch}.part", home / f"{PREFIX}{epoch}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, part / WEIGHTS)
    save_file(_optimizer_tensors(optimizer), part / OPTIMIZER)
    write_json(part / TOLD, {"epoch": epoch, "history": history, "scaler": dict(scaler)})
    shutil.rmtree(whole, ignore_errors=True)
    part.rename(whole)
    for older in home.glob(f"*{PREFIX}*"):
        if older != whole:
            shutil.rmtree(older)


def newest_state(home: Path) -> State | None:
    """The newest state below `home`, if there is one.

    Raises:
        EmtError: it is damaged.
    """
    found = [path for path in home.glob(f"{PREFIX}*") if path.is_dir()]
    newest = max(found, key=lambda path: int(path.name.removeprefix(PREFIX)), default=None)
    if newest is None:
        return None
    try:
        told = json_in(newest / TOLD)
        return State(int(told["epoch"]), list(told["history"]), dict(told["scaler"]), newest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmtError(f"the state in {newest} is damaged ({error}). Start again with --fresh.") from error


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers, by number of the weight and name."""
    return {
        f"{weight} {name}": value.detach().clone().contiguous()
        for weight, some in optimizer.state_dict()["state"].items()
        for name, value in some.items()
        if isinstance(value, Tensor)
    }


def _set_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    remembered: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        weight, _, name = key.partition(" ")
        remembered.setdefault(int(weight), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": remembered})
