"""Where this process computes: its device, and its rank among those that share an evaluation."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from accelerate import Accelerator
from accelerate.state import is_initialized

from emt_tasks.errors import EmtError


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


def placement(device: str | None, device_map: str | None) -> Placement:
    """The place of this process, started alone or by `accelerate launch` or `torchrun`.

    Raises:
        EmtError: if the device does not exist here or does not go with how the processes were started.
    """
    wanted = _device(device)
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


def _device(name: str | None) -> torch.device:
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
