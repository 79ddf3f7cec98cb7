"""A CLIP's image tower is tuned on one set, and asked about all after each epoch (the paper, 3.2)."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emt_tasks import harness
from emt_tasks.preflight import Check
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import versions
from finetuning.against_forgetting.interpolation import interpolated
from finetuning.repro.batches import Batches, Look
from finetuning.repro.checks import data_looks, looked, picture_looks, room, seconds_of, time_said
from finetuning.repro.job import ReproJob
from finetuning.repro.kept_once import Reproduced, is_kept, once
from finetuning.repro.neural_collapse import class_means, collapse, nearest_means
from finetuning.repro.pictures import Pictures
from finetuning.repro.resnet import libraries
from finetuning.repro.tower import TowerClassifier, written_as
from finetuning.repro.training import Part, Row, Training, flops_per_picture
from finetuning.repro.wording import read_wording
from finetuning.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from finetuning.training.schedule import folder_of
from finetuning.tuning.whole_runs import evaluated_once
from model_wrappers.checkpoints.placement import placement
from model_wrappers.zero_shot.arguments import source_of
from model_wrappers.zero_shot.loading import Encoder, load_encoder, source_fingerprint

MODEL = "emt_clip"
BASE = "base"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Questions:
    """What a tower is asked after each epoch.

    Attributes:
        tasks: names of tasks or groups.
        runs: where runs go: `runs`/base, `runs`/JOB/epoch-N.
        limit: rows of each task; None is all.
        template: of emt_clip.
        batch_size: rows of a batch.
    """

    tasks: tuple[str, ...]
    runs: Path
    limit: int | None = None
    template: str = "clip_benchmark"
    batch_size: int = 64


@dataclass(frozen=True, slots=True)
class Start:
    """Where tuning starts: emt_clip's own arguments."""

    model: str
    pretrained: str

    def load(self, device: str | None) -> Encoder:
        """The encoder, in float32.

        Raises:
            EmtError: there is no such thing, or it can't be loaded.
        """
        return load_encoder(source_of(self.model, self.pretrained), "float32", placement(device, None).device)

    @property
    def name(self) -> str:
        """As a run of it is called."""
        return source_of(self.model, self.pretrained).name


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
    ask = partial(asked, job, questions, tell=tell)
    ask(BASE, {"model": start.model, "pretrained": start.pretrained}, source_fingerprint(_source(start)))
    classifier, batches = made(job, start)
    wording = read_wording(job.course.template).said(job.source.labels, job.source.name)
    inputs = job.inputs() | {
        "network": "clip",
        "start": source_fingerprint(_source(start)),
        "sentences": list(wording),
        "libraries": libraries(),
    }
    writer = _Writer(job, start, classifier)
    every = torch.arange(len(job.pictures.targets)).numpy()
    parts = (Part(every, job.course.epochs),)
    training = Training(
        classifier, classifier.tower, batches, parts, job.course, job.seed, partial(measured, job.pictures), len(every)
    )

    def after(epoch: int, row: Row) -> None:
        tell(
            f"  epoch {epoch}: loss {row['loss']:.3f}, {100 * row['accuracy']:.1f} % of the training pictures, "
            f"{100 * row['share_in_model']:.0f} % of the time in the network"
        )
        for checkpoint in writer.keep(epoch, len(every)):
            name = f"{job.name}/{checkpoint.folder.name}"
            ask(name, {"pretrained": str(checkpoint.folder)}, answer_key(checkpoint.told["weights"]))

    def facts() -> dict[str, Any]:
        classifier.eval()
        forward, both = flops_per_picture(classifier, next(batches.plain(every[:1], 1))[0])
        return {"base": start.name, "flops": {"forward": forward, "step": both}}

    done = once(job, inputs, lambda: training.run(job.state, after, shown), facts, fresh)
    if done.kept:
        for name in done.told["checkpoints"]:
            checkpoint = read_checkpoint(job.folder / name)
            ask(f"{job.name}/{name}", {"pretrained": str(checkpoint.folder)}, answer_key(checkpoint.told["weights"]))
    return done


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
        return f"{start.name}; {learnt:,} of its image tower's {whole:,} numbers learn"

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
    features, said = training.features(torch.arange(len(targets)).numpy())
    rows = training.classifier.rows.float().cpu()
    nearest = nearest_means(features, class_means(features, targets, len(rows)))
    found = asdict(collapse(features, targets, rows, said))
    return {
        "accuracy": float((said == targets).double().mean()),
        "nearest": float((nearest == targets).double().mean()),
        "collapse": {name: value if math.isfinite(value) else None for name, value in found.items()},
    }


def asked(job: ReproJob, questions: Questions, name: str, args: Mapping[str, str], weights: str, *, tell: Tell) -> None:
    """Ask a tower, unless that was done: a run of emt_clip like any other.

    Raises:
        EmtError: something is missing.
    """
    given = {**args, "template": questions.template}
    wanted = Evaluation(questions.tasks, questions.runs / name, questions.batch_size, questions.limit, shown=False)
    identity = answer_key(weights, questions.template, questions.tasks, questions.limit, str(job.data_dir), versions())
    evaluated_once(
        lambda: harness.load_model(MODEL, given, questions.batch_size, job.device), MODEL, given, wanted, identity,
        job.data_dir, lambda said: tell(f"  {name}: {said}"),
    )  # fmt: skip


class _Writer:
    """Writes a job's checkpoints."""

    def __init__(self, job: ReproJob, start: Start, classifier: TowerClassifier) -> None:
        self._job, self._start, self._classifier = job, start, classifier
        self._as = written_as(classifier.encoder)
        self._first = {name: value.detach().cpu().clone() for name, value in classifier.tower.state_dict().items()}

    def keep(self, epoch: int, rows: int) -> list[Checkpoint]:
        """The checkpoints of an epoch: the tower as it is, and the points on the way to it."""
        now = {name: value.detach().cpu() for name, value in self._classifier.tower.state_dict().items()}
        kept = [self._kept(folder_of(epoch), epoch, rows, now, {})]
        for alpha in self._job.course.alphas:
            floats = {name: value for name, value in now.items() if value.is_floating_point()}
            between = now | interpolated(floats, self._first, alpha)
            kept.append(self._kept(f"{folder_of(epoch)}-alpha-{alpha:g}", epoch, rows, between, {"alpha": alpha}))
        return kept

    def _kept(
        self, name: str, epoch: int, rows: int, tower: Mapping[str, Tensor], more: Mapping[str, Any]
    ) -> Checkpoint:
        job, course = self._job, self._job.course
        folder = job.folder / name
        if is_kept(folder):
            return read_checkpoint(folder)
        alpha = f"-alpha-{more['alpha']:g}" if more else ""
        told = {
            "recipe_name": f"{course.name}{alpha}",
            "method": "wise-ft" if more else "full" if course.learns == "tower" else "linear-probe",
            "set": job.source.name,
            "epoch": epoch,
            "step": epoch * math.ceil(rows / course.batch_size),
            "seed": job.seed,
            "base": self._start.name,
            **more,
        }

        def write(part: Path) -> dict[str, str]:
            self._as.write(self._classifier.clip, tower, part)
            return {"pretrained": str(part)}

        return write_checkpoint(folder, told, write)


def _source(start: Start) -> Any:
    return source_of(start.model, start.pretrained)
