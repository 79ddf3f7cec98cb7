"""What can be known to fail before anything is learnt, and how long it will take on this machine."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from emt_tasks.errors import EmtError
from emt_tasks.preflight import Check
from finetuning.repro.batches import Batches
from finetuning.repro.job import ReproJob
from finetuning.repro.networks import Classifier
from finetuning.studies.clock import in_words
from finetuning.tuning.preflight import free_bytes

STATES = 2 * 3  # the newest state and the one being written; of each the weights and at most two moments
BYTES, ROOM = 4, 50_000_000  # of a number; for logs and figures besides
TIMED = 2  # batches, after one that warms up


Looks = dict[str, Callable[[], str]]


def data_looks(job: ReproJob) -> Looks:
    """Whether a job's set can be had and has pictures of each class; none is decoded."""
    return {"data": lambda: _data(job)}


def picture_looks(job: ReproJob) -> Looks:
    """Whether every picture can be read."""
    return {"pictures": lambda: f"{len(job.rows):,} can be read, at {job.pictures.side}x{job.pictures.side}"}


def looked(looks: Looks) -> Iterator[Check]:
    """Each finding as it is made; the first that is a problem ends it."""
    for name, look in looks.items():
        try:
            yield Check(name, look())
        except EmtError as error:
            yield Check(name, "", error)
            return


def room(out: Path, modules: list[nn.Module], kept: int) -> str:
    """Whether there is disk for the trainings of `modules`, each with `kept` checkpoints.

    Raises:
        EmtError: there is not.
    """
    numbers = [sum(tensor.numel() for tensor in module.state_dict().values()) for module in modules]
    needed = BYTES * (kept * sum(numbers) + STATES * max(numbers, default=0)) + ROOM
    free = free_bytes(out)
    found = f"{needed / 1e9:,.2f} GB needed of {free / 1e9:,.1f} GB free in {out}"
    if needed > free:
        raise EmtError(f"{found}. Make room, or choose another --out.")
    return found


def seconds_of(
    classifier: Classifier, batches: Batches, batch_size: int, learnt: int, measured: int, rows: int
) -> float:
    """How long so many pictures take to be learnt and measured, by a few batches of a network that stays as it is.

    Args:
        classifier: the network.
        batches: of the pictures.
        batch_size: of a step.
        learnt: pictures that are learnt, over all epochs.
        measured: pictures that are only looked at, over all epochs.
        rows: pictures that there are.
    """
    some = np.arange(min(rows, batch_size))
    kept = {name: value.clone() for name, value in classifier.state_dict().items()}
    steps, looks = [], []
    for _ in range(1 + TIMED):
        started = time.perf_counter()
        pixels, targets = next(batches.of_epoch(some, batch_size, seed=0, epoch=0))
        classifier.learning()
        cross_entropy(classifier(pixels)[1], targets).backward()  # type: ignore[no-untyped-call]  # torch's own
        steps.append(time.perf_counter() - started)
        classifier.eval()
        started = time.perf_counter()
        with torch.inference_mode():
            classifier(next(batches.plain(some, batch_size))[0])
        looks.append(time.perf_counter() - started)
    classifier.zero_grad(set_to_none=True)
    classifier.load_state_dict(kept)
    return (learnt * min(steps[1:]) + measured * min(looks[1:])) / len(some)


def time_said(seconds: float, epochs: int) -> str:
    """A time in words."""
    if not math.isfinite(seconds):
        return f"{epochs} epochs"
    return f"about {in_words(seconds)} for {epochs} epochs, measured on this machine"


def _data(job: ReproJob) -> str:
    counts = torch.bincount(torch.from_numpy(job.source.targets[job.rows]))
    most, least = int(counts.max()), int(counts.min())
    each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    source = job.source
    found = f"{source.name}: {len(job.rows):,} pictures, {len(source.labels)} classes, {each} each"
    return found + source.passed_over_said
