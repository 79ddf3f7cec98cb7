"""Which questions go through the model together, in which order, and what is made ready meanwhile."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import TypeVar

import torch

Item = TypeVar("Item")
Made = TypeVar("Made")

AUTO_ON_CPU = 32  # past it a CPU computes no faster and only takes more memory
AUTO_ON_GPU = 64  # halved until it fits


class BatchSize:
    """How many questions go through the model together: as asked, or (`auto`) as many as fit.

    Args:
        asked: a number, or None for `auto`.
        largest: where `auto` starts; None is 32 on a CPU and 64 on a GPU.
        device: where the model is.
    """

    def __init__(self, asked: int | None, largest: int | None, device: torch.device) -> None:
        self.auto = asked is None
        self.now = asked or largest or (AUTO_ON_CPU if device.type == "cpu" else AUTO_ON_GPU)

    def failed(self, tried: int) -> None:
        """Take no more than half of what was tried from now on."""
        self.now = min(self.now, max(1, tried // 2))


def ordered(
    items: Sequence[Item], group: Callable[[Item], Hashable], length: Callable[[Item], int]
) -> list[list[Item]]:
    """`items` by group, and within one by falling length (longest first: if memory is short, it shows at once).

    Items of equal group and length keep their order.
    """
    places = {key: place for place, key in enumerate(dict.fromkeys(map(group, items)))}
    by_group = sorted(items, key=lambda item: (places[group(item)], -length(item)))
    return [list(some) for _, some in groupby(by_group, key=lambda item: places[group(item)])]


def in_batches(groups: Sequence[Sequence[Item]], size: BatchSize) -> Iterator[list[Item]]:
    """Batches of one group each, of the size of the moment when they are asked for."""
    for group in groups:
        start = 0
        while start < len(group):
            batch = list(group[start : start + size.now])
            start += len(batch)
            yield batch


def _compute_alone() -> None:
    """Have this thread compute on one core. Asked first how many it has, or torch sets it anew at its first work."""
    torch.get_num_threads()
    torch.set_num_threads(1)


def ahead(batches: Iterator[Item], make: Callable[[Item], Made]) -> Iterator[tuple[Item, Made]]:
    """Each batch with what `make` makes of it, the next one made on another thread meanwhile (one, never more).

    That thread computes on one core, so that it does not compete with the model's for all of them.

    Raises:
        Exception: whatever `make` raises, when its batch's turn has come.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="emt-preprocessing") as executor:
        threads = torch.get_num_threads()
        executor.submit(_compute_alone).result()
        torch.set_num_threads(threads)  # torch hands the latest number to threads that start later
        waiting: tuple[Item, Future[Made]] | None = None
        try:
            for batch in batches:
                coming = batch, executor.submit(make, batch)
                if waiting is not None:
                    yield waiting[0], waiting[1].result()
                waiting = coming
            if waiting is not None:
                yield waiting[0], waiting[1].result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
