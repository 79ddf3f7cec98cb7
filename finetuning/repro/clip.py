"""A CLIP's image tower is tuned on one set, and asked about all after each epoch (the paper, 3.2)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from emt_tasks.preflight import Check
from finetuning.repro.asking import BASE, Asking, Questions
from finetuning.repro.batches import Batches, Look
from finetuning.repro.checks import data_looks, looked, picture_looks, room, seconds_of, time_said
from finetuning.repro.job import ReproJob
from finetuning.repro.kept_once import Reproduced, once
from finetuning.repro.neural_collapse import class_means, collapse, nearest_means
from finetuning.repro.operations import flops_per_picture
from finetuning.repro.pictures import Pictures
from finetuning.repro.resnet import libraries
from finetuning.repro.tower import TowerClassifier
from finetuning.repro.tower_folders import TowerFolders
from finetuning.repro.training import Part, Row, Training
from finetuning.repro.wording import read_wording
from finetuning.training.checkpoint import read_checkpoint
from model_wrappers.checkpoints.placement import placement
from model_wrappers.zero_shot.arguments import Source, source_of
from model_wrappers.zero_shot.loading import Encoder, load_encoder, source_fingerprint

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Start:
    """Where tuning starts: emt_clip's own arguments."""

    model: str
    pretrained: str

    @property
    def source(self) -> Source:
        """The checkpoint as open_clip is asked for it.

        Raises:
            EmtError: there is no such thing.
        """
        return source_of(self.model, self.pretrained)

    def load(self, device: str | None) -> Encoder:
        """The encoder, in float32.

        Raises:
            EmtError: there is no such thing, or it can't be loaded.
        """
        return load_encoder(self.source, "float32", placement(device, None).device)


def reproduce(
    job: ReproJob,
    start: Start,
    questions: Questions,
    tell: Tell = lambda _: None,
    shown: bool = True,
    fresh: bool = False,
) -> Reproduced:
    """Do a job, or what is left of it, and ask each of its checkpoints.

    Args:
        job: what to tune on and how.
        start: from which weights.
        questions: what is asked.
        tell: gets a line for each thing done.
        shown: whether progress is told on stderr.
        fresh: whether what an earlier start left is thrown away.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    asking, weights = Asking(job, questions, tell), source_fingerprint(start.source)
    asking.ask(BASE, {"model": start.model, "pretrained": start.pretrained}, weights)
    classifier, batches = made(job, start)
    training, folders = _training(job, classifier, batches), TowerFolders(job, start.source.name, classifier)

    def after(_epoch: int, row: Row) -> None:
        tell(_said(row))
        for checkpoint in folders.keep(row["epoch"]):
            asking.checkpoint(checkpoint)

    def facts() -> dict[str, Any]:
        classifier.eval()
        forward, both = flops_per_picture(classifier, next(batches.plain(np.arange(1), 1))[0])
        return {"base": start.source.name, "flops": {"forward": forward, "step": both}}

    inputs = _inputs(job, weights)
    done = once(job, inputs, lambda: training.run(job.home.state, after, shown), facts, fresh)
    if done.kept:
        for name in done.told["checkpoints"]:
            asking.checkpoint(read_checkpoint(job.home.folder / name))
    return done


def _training(job: ReproJob, classifier: TowerClassifier, batches: Batches) -> Training:
    rows = np.arange(len(job.pictures.targets))
    parts = (Part(rows, job.course.epochs),)
    measure = partial(measured, job.pictures)
    return Training(classifier, classifier.tower, batches, parts, job.course, job.seed, measure, len(rows))


def _inputs(job: ReproJob, weights: str) -> dict[str, Any]:
    """All that the result depends on."""
    said = read_wording(job.course.template).said(job.source.labels, job.source.name)
    return job.inputs() | {"network": "clip", "start": weights, "sentences": list(said), "libraries": libraries()}


def _said(row: Row) -> str:
    return (
        f"  epoch {row['epoch']}: loss {row['loss']:.3f}, {100 * row['accuracy']:.1f} % of the training pictures, "
        f"{100 * row['share_in_model']:.0f} % of the time in the network"
    )


def made(job: ReproJob, start: Start) -> tuple[TowerClassifier, Batches]:
    """The tower as a classifier of the job's classes, and its batches.

    Raises:
        EmtError: the weights, the wording or the device can't be used.
    """
    encoder = start.load(job.device)
    sentences = read_wording(job.course.template).said(job.source.labels, job.source.name)
    classifier = TowerClassifier(encoder, sentences, job.course)
    seen = encoder.model.visual.preprocess_cfg
    side = side_of_model(encoder)
    flip = job.course.flip if job.course.flip is not None else job.pictures.noun != "number"
    crop = round(job.course.crop * job.pictures.side)
    look = Look(tuple(seen["mean"]), tuple(seen["std"]), side, crop, flip)
    return classifier, Batches(job.pictures, look, placement(job.device, None).device)


def side_of_model(encoder: Encoder) -> int:
    """Pixels along the edge of the pictures that a tower takes."""
    size = encoder.model.visual.image_size
    return int(size[0] if isinstance(size, tuple | list) else size)


def checks(job: ReproJob, start: Start, others: int) -> Iterator[Check]:
    """Everything of a job that can be known to fail, and how long it will take; the last has a problem, if any has.

    Args:
        job: what is tuned on.
        start: from which weights.
        others: checkpoints that further jobs will write.
    """
    loaded: list[tuple[TowerClassifier, Batches]] = []

    def model() -> str:
        loaded.append(made(job, start))
        tower = loaded[0][0].tower
        learnt = sum(weight.numel() for weight in tower.parameters() if weight.requires_grad)
        whole = sum(weight.numel() for weight in tower.parameters())
        return f"{start.source.name}; {learnt:,} of its image tower's {whole:,} numbers learn"

    def words() -> str:
        return read_wording(job.course.template).said(job.source.labels, job.source.name)[0]

    def disk() -> str:
        return room(job.out, [loaded[0][0].clip], others + job.course.epochs * (1 + len(job.course.alphas)))

    def duration() -> str:
        rows, epochs = len(job.pictures.targets), job.course.epochs
        learnt = rows * epochs
        return time_said(seconds_of(*loaded[0], job.course.batch_size, learnt, learnt, rows), epochs)

    looks = {"words": words, **picture_looks(job), "model": model, "disk": disk, "time": duration}
    yield from looked({**data_looks(job), **looks})


def measured(pictures: Pictures, training: Training, _epoch: int) -> Row:
    """Accuracy and neural collapse on the pictures that are learnt; the classifier's rows are the text features."""
    targets = torch.from_numpy(pictures.targets)
    features, said = training.features(np.arange(len(targets)))
    rows = training.classifier.rows.float().cpu()
    nearest = nearest_means(features, class_means(features, targets, len(rows)))
    found = asdict(collapse(features, targets, rows, said))
    return {
        "accuracy": float((said == targets).double().mean()),
        "nearest": float((nearest == targets).double().mean()),
        "collapse": {name: value if math.isfinite(value) else None for name, value in found.items()},
    }
