"""A ResNet18 learns one half of a set's classes and then the other: what becomes of the first (the paper, 3.1)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor

from emt_tasks.errors import EmtError
from emt_tasks.preflight import Check
from finetuning.repro.batches import Batches, Look, channel_statistics
from finetuning.repro.checks import data_looks, looked, picture_looks, room, seconds_of, time_said
from finetuning.repro.halves import Halves, halves
from finetuning.repro.job import ReproJob
from finetuning.repro.kept_once import Reproduced, is_kept, once
from finetuning.repro.networks import ResNet18, Stem, stem_for
from finetuning.repro.neural_collapse import class_means, collapse, cosines, nearest_means
from finetuning.repro.operations import flops_per_picture
from finetuning.repro.pictures import Pictures
from finetuning.repro.training import Part, Row, Training
from finetuning.training.checkpoint import write_checkpoint
from finetuning.training.schedule import folder_of
from model_wrappers.checkpoints.placement import placement

WEIGHTS = "resnet18.safetensors"
Told = Callable[[Row], None]


def reproduce(
    job: ReproJob, stem: Stem | None = None, told: Told = lambda _: None, shown: bool = True, fresh: bool = False
) -> Reproduced:
    """Do a job, or what is left of it.

    Args:
        job: what to do.
        stem: of the network; None chooses by the pictures' size.
        told: gets what was measured after each epoch.
        shown: whether progress is told on stderr.
        fresh: whether what an earlier start left is thrown away.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    cut, pictures = halves(len(job.source.labels), job.source.name), job.pictures
    chosen = stem or stem_for(pictures.side)
    inputs = job.inputs() | {"network": "resnet18", "stem": chosen, "libraries": libraries()}
    network, batches = made(job, cut, chosen)
    of_half = [cut.rows(pictures.targets, half) for half in (0, 1)]
    parts = tuple(
        Part(rows, epochs) for rows, epochs in zip(of_half, (job.course.epochs, job.course.second_epochs), strict=True)
    )
    training = Training(
        network, network, batches, parts, job.course, job.seed, partial(measured, cut, pictures), len(pictures.targets)
    )

    def after(epoch: int, row: Row) -> None:
        if epoch in (parts[0].epochs, training.epochs):
            _keep(job, network, epoch, training)
        told(row)

    def facts() -> dict[str, Any]:
        network.eval()
        forward, both = flops_per_picture(network, next(batches.plain(parts[0].rows[:1], 1))[0])
        return {"classes": cut.classes, "first_half": cut.middle, "flops": {"forward": forward, "step": both}}

    return once(job, inputs, lambda: training.run(job.home.state, after, shown), facts, fresh)


def made(job: ReproJob, cut: Halves, stem: Stem) -> tuple[ResNet18, Batches]:
    """The untrained network and its batches, on the job's device.

    Raises:
        EmtError: there is no such device.
    """
    device = placement(job.device, None).device
    network = ResNet18(cut.classes, stem, job.seed).to(device)
    return network, Batches(job.pictures, look_of(job, job.pictures), device)


def checks(job: ReproJob, stem: Stem | None) -> Iterator[Check]:
    """Everything that can be known to fail, and how long it will take; the last has a problem, if any has."""

    def network() -> str:
        if not job.course.second_epochs:
            raise EmtError(f"course {job.course.name} has no second_epochs. Say how long the other half is learnt.")
        cut, chosen = halves(len(job.source.labels), job.source.name), stem or stem_for(job.read_at)
        return f"ResNet18, {chosen} stem; classes 0 to {cut.middle - 1} first, then {cut.middle} to {cut.classes - 1}"

    def disk() -> str:
        return room(job.out, [ResNet18(len(job.source.labels), "imagenet", 0)], 2)

    def duration() -> str:
        cut, rows = halves(len(job.source.labels), job.source.name), len(job.pictures.targets)
        built, batches = made(job, cut, stem or stem_for(job.read_at))
        epochs = (job.course.epochs, job.course.second_epochs)
        learnt = sum(n * len(cut.rows(job.pictures.targets, half)) for half, n in enumerate(epochs))
        return time_said(
            seconds_of(built, batches, job.course.batch_size, learnt, rows * sum(epochs), rows), sum(epochs)
        )

    yield from looked({**data_looks(job), "network": network, **picture_looks(job), "disk": disk, "time": duration})


def look_of(job: ReproJob, pictures: Pictures) -> Look:
    """How the network sees the set: scaled by its own mean and deviation, moved and mirrored as the course says."""
    mean, std = channel_statistics(pictures)
    flip = job.course.flip if job.course.flip is not None else pictures.noun != "number"
    return Look(mean, std, pictures.side, round(job.course.crop * pictures.side), flip)


def measured(cut: Halves, pictures: Pictures, training: Training, epoch: int) -> Row:
    """What an epoch has made of both halves; NC1 to NC4 are of the classes that are being learnt.

    `first` and `second` are accuracies on the training rows of the halves among all classes, `*_nearest` of the class
    with the nearest mean among the half's own. `absent_cosine` is the mean cosine of the classifier's rows of classes
    that are not being learnt: in minority collapse it goes to 1.
    """
    now, _ = training.part_of(epoch)
    rows = training.classifier.rows.float().cpu()
    told: Row = {}
    for half, name in enumerate(("first", "second")):
        own, start = cut.rows(pictures.targets, half), cut.of(half).start or 0
        features, said = training.features(own)
        targets = torch.from_numpy(pictures.targets[own]) - start
        own_rows = rows[cut.of(half)]
        told[name] = _share(said - start == targets)
        nearest = nearest_means(features, class_means(features, targets, len(own_rows)))
        told[f"{name}_nearest"] = _share(nearest == targets)
        if half == now:
            found = asdict(collapse(features, targets, own_rows, said - start))
            told["collapse"] = {measure: value if math.isfinite(value) else None for measure, value in found.items()}
        else:
            angles = cosines(own_rows)
            told |= {"absent_cosine": float(angles.mean()), "absent_cosine_least": float(angles.min())}
    return told


def libraries() -> dict[str, str]:
    """The versions that can change a weight."""
    return {"torch": torch.__version__, "torchvision": torchvision.__version__}


def _share(right: Tensor) -> float:
    return float(right.double().mean())


def _keep(job: ReproJob, network: ResNet18, epoch: int, training: Training) -> None:
    """Keep the network as it is after a half, unless an earlier start had."""
    folder = job.home.folder / folder_of(epoch)
    if is_kept(folder):
        return
    steps = [math.ceil(len(part.rows) / job.course.batch_size) for part in training.parts]
    done = steps[0] * min(epoch, training.parts[0].epochs) + steps[1] * max(0, epoch - training.parts[0].epochs)
    told = {
        "recipe_name": job.course.name, "method": "full", "set": job.source.name, "epoch": epoch, "step": done,
        "seed": job.seed, "network": "resnet18", "labels": list(job.source.labels),
    }  # fmt: skip

    def write(part: Path) -> dict[str, str]:
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, part / WEIGHTS)
        return {}

    write_checkpoint(folder, told, write)
