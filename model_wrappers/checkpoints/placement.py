"""Where this process computes: its device, and its rank among those that share an evaluation."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from accelerate import Accelerator
from accelerate.state import is_initialized

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments


@dataclass(frozen=True, slots=True)
class Placement:
    """One process of an evaluation.

    Attributes:
        accelerator: What the harness gathers counts with.
        device: Where inputs go; also where the harness puts the tensors it gathers.
        rank: 0 .. world_size - 1, over all machines.
        world_size: The number of processes.
    """

    accelerator: Accelerator
    device: torch.device
    rank: int
    world_size: int


def placement(device: str | None, device_map: str | Mapping[str, Any] | None) -> Placement:
    """The place of this process, started alone or by `accelerate launch` or `torchrun`.

    Raises:
        EmtError: if the device does not exist here or does not go with how the processes were started.
    """
    wanted = device_of(device)
    started = int(os.environ.get("WORLD_SIZE", "1"))
    # By itself accelerate takes torchrun's processes on a machine without GPU for strangers to each other.
    accelerator = (
        Accelerator(cpu=True) if wanted.type == "cpu" and started > 1 and not is_initialized() else Accelerator()
    )
    grouped = dist.is_available() and dist.is_initialized()
    rank, ranks = (dist.get_rank(), dist.get_world_size()) if grouped else (0, 1)
    if ranks > 1 and device_map is not None:
        raise EmtError(
            f"device_map={device_map} spreads one model over the GPUs, and {ranks} processes hold a copy each. "
            "Drop device_map, or start one process."
        )
    if ranks > 1 and accelerator.device.type != wanted.type:
        raise EmtError(
            f"the {ranks} processes were started on {accelerator.device.type} and the model is asked for on {wanted}. "
            "For CPU start them with ACCELERATE_USE_CPU=true; else drop the device argument."
        )
    return Placement(accelerator, wanted, rank, ranks)


def spread(said: Arguments, device: torch.device) -> dict[str, Any]:
    """How `from_pretrained` lays a model out over devices, memory and disk; nothing for one that goes to a CPU whole.

    Raises:
        EmtError: what only a device map can use was said without one, or the folder can't be made.
    """
    if said.device_map is None:
        if said.max_memory or said.offload_folder:
            raise EmtError("max_memory and offload_folder say how to spread a model: add device_map=auto.")
        return {} if device.type == "cpu" else {"device_map": {"": device}}
    options: dict[str, Any] = {"device_map": said.device_map}
    if said.max_memory:
        # Devices are numbers where they are GPUs; JSON has only text for names.
        options["max_memory"] = {int(k) if str(k).isdecimal() else k: v for k, v in said.max_memory.items()}
    if said.offload_folder:
        try:
            Path(said.offload_folder).expanduser().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmtError(f"offload_folder={said.offload_folder} can't be made ({error}). Name another.") from error
        options["offload_folder"] = str(Path(said.offload_folder).expanduser())
    return options


def input_device(model: Any) -> torch.device:
    """Where the inputs of a spread model go: to its first weights that are on a device, and not on disk."""
    there = (weights.device for weights in model.parameters() if weights.device.type != "meta")
    return next(there, torch.device("cpu"))


def device_of(name: str | None) -> torch.device:
    """The device of that name, on this rank; None takes a GPU where there is one.

    Raises:
        EmtError: there is no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise EmtError(f"no device {name!r}. Known: cpu, cuda, cuda:<number>, mps.") from error
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise EmtError("this machine has no Apple GPU that torch can use. Pass device=cpu.")
    if device.type != "cuda":
        return device
    index = int(os.environ.get("LOCAL_RANK", device.index or 0))
    if index >= torch.cuda.device_count():
        raise EmtError(f"torch sees {torch.cuda.device_count()} GPUs, so there is no cuda:{index}. Pass device=cpu.")
    return torch.device("cuda", index)
