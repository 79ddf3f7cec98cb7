"""Which questions go through the model together, in which order, and what is made ready meanwhile."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from threading import Barrier
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


def in_batches(groups: Sequence[Sequence[Item]], size: BatchSize, lanes: int = 1) -> Iterator[list[Item]]:
    """Batches of one group each, of the size of the moment when they are asked for.

    For several lanes each group is dealt out evenly, so that none stands idle while another takes the last batch.
    """
    for group in groups:
        turns = -(-len(group) // (lanes * size.now))
        even = -(-len(group) // (lanes * turns)) if lanes > 1 else size.now
        start = 0
        while start < len(group):
            batch = list(group[start : start + min(even, size.now)])
            start += len(batch)
            yield batch


def ahead(
    batches: Iterator[Item], make: Callable[[Item], Made], workers: int = 1, threads: int = 1
) -> Iterator[tuple[Item, Made]]:
    """Each batch with what `make` makes of it, those that come next being made on other threads meanwhile.

    Args:
        batches: taken one more than there are workers before their turn, never more.
        make: may run on several threads at once.
        workers: how many.
        threads: cores that torch computes on in each, so that they do not compete with others for all of them.

    Raises:
        Exception: whatever `make` raises, when its batch's turn has come.
    """
    waiting: deque[tuple[Item, Future[Made]]] = deque()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="emt-batches") as executor:
        _share_cores(executor, workers, threads)
        try:
            for batch in batches:
                waiting.append((batch, executor.submit(make, batch)))
                if len(waiting) > workers:
                    first, made = waiting.popleft()
                    yield first, made.result()
            while waiting:
                first, made = waiting.popleft()
                yield first, made.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def _share_cores(executor: ThreadPoolExecutor, workers: int, threads: int) -> None:
    """Have each of an executor's workers compute on `threads` cores."""
    together = Barrier(workers)

    def compute_on_few() -> None:
        torch.get_num_threads()  # asked first, or torch sets the number anew at the thread's first work
        torch.set_num_threads(threads)
        together.wait()

    here = torch.get_num_threads()
    for started in [executor.submit(compute_on_few) for _ in range(workers)]:
        started.result()
    torch.set_num_threads(here)  # torch hands the latest number to threads that start later
