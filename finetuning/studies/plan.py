"""What a study will do, cell by cell, known before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from emt_tasks import harness
from emt_tasks.errors import EmtError
from finetuning.studies.standing import Standing
from finetuning.studies.study import Study, parts
from finetuning.training.base_model import family_of
from finetuning.training.job import Job
from finetuning.training.schedule import Schedule
from finetuning.tuning.in_the_loop import BASE, Asked
from model_wrappers.checkpoints.loading import load_config
from model_wrappers.encoders import SHAPES, encoder_of

ENCODER = "encoder"  # its run's folder, below the runs


@dataclass(frozen=True)
class Cell:
    """One tuning of a study.

    Attributes:
        job: what is done.
    """

    job: Job

    @property
    def rows(self) -> int:
        """Pictures that the training sees, over all epochs."""
        return round(len(self.job.rows) * self.job.recipe.epochs)

    @property
    def checkpoints(self) -> int:
        """Checkpoints that are kept and evaluated, those between them and the base included."""
        between = len(self.job.recipe.against_forgetting.interpolation)
        return len(self._schedule.kept) * (1 + between)

    @property
    def steps(self) -> int:
        """Steps of the optimiser."""
        return self._schedule.steps

    @property
    def _schedule(self) -> Schedule:
        return Schedule(self.job.recipe, len(self.job.rows))


@dataclass(frozen=True)
class Speeds:
    """Measured on this machine.

    Attributes:
        images_per_second: of training, by recipe.
        each: seconds of an evaluation of no rows.
        row: seconds of a row.
    """

    images_per_second: Mapping[str, float]
    each: float
    row: float


@dataclass(frozen=True)
class Plan:
    """A study, cell by cell.

    Attributes:
        study: what was asked for.
        out: its folder: tunings lie in it, runs in `out`/runs.
        cells: in the order in which they are done.
        rows: of an evaluation, by task.
        encoder: `emt_clip`'s arguments; None for none.
    """

    study: Study
    out: Path
    cells: tuple[Cell, ...]
    data_dir: Path | None = None
    device: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    encoder: Mapping[str, str] | None = None

    @property
    def runs(self) -> Path:
        """Where the runs go."""
        return self.out / "runs"

    @property
    def places(self) -> tuple[str, ...]:
        """The folders below the runs that are the study's own; what else lies there is of others."""
        return BASE, *((ENCODER,) if self.encoder else ()), *(cell.job.name for cell in self.cells)

    @property
    def asked(self) -> Asked:
        """What every checkpoint is asked."""
        study = self.study
        return Asked(study.tasks, self.runs, study.limit, study.batch_size, self.data_dir)

    @cached_property
    def standing(self) -> Standing:
        """Which parts of it are done."""
        return Standing(self.asked, self.study.base, self.study.revision)

    @property
    def evaluations(self) -> int:
        """How many there are in all, the base's included."""
        return 1 + sum(cell.checkpoints for cell in self.cells)

    @property
    def evaluations_left(self) -> int:
        """How many of them are not done, as they are asked now."""
        return (not self.standing.base_is_asked()) + sum(map(self.standing.evaluations_left, self.cells))

    def seconds_of_evaluation(self, speeds: Speeds) -> float:
        """What one evaluation takes."""
        return speeds.each + speeds.row * sum(self.rows.values())

    def seconds_of_training(self, cell: Cell, speeds: Speeds) -> float:
        """What a cell's training takes, from its start, without evaluations."""
        return cell.rows / speeds.images_per_second[cell.job.recipe.name]

    def seconds_left(self, speeds: Speeds) -> float:
        """What is left of the study, evaluations included; a training that was begun counts whole."""
        training = sum(self.seconds_of_training(cell, speeds) for cell in self.cells if not self.standing.trained(cell))
        return training + self.evaluations_left * self.seconds_of_evaluation(speeds)


def plan_of(study: Study, out: Path, data_dir: Path | None, device: str | None) -> Plan:
    """The plan of a study; sets are opened, no model is.

    Raises:
        EmtError: a set or the base can't be had.
    """
    family_of(study.base, study.revision)
    cells = tuple(
        Cell(Job(recipe, study.base, parts(each), out, seed, data_dir, device, study.revision))
        for seed in study.seeds
        for recipe in study.read_recipes()
        for each in study.sets
    )
    names = [cell.job.name for cell in cells]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise EmtError(f"the study has {twice} twice: name a set, a seed and a recipe once, or name one recipe apart.")
    return Plan(study, out, cells, data_dir, device, rows_of(study, data_dir), _encoder(study))


def rows_of(study: Study, data_dir: Path | None) -> Mapping[str, int]:
    """How many rows of each task are asked; their sets are opened for that.

    Raises:
        EmtError: one can't be had, or has no row.
    """
    with harness.reading_from(data_dir):
        sizes = harness.sizes(study.tasks)
    empty = next((task for task, size in sizes.items() if not size), None)
    if empty:
        raise EmtError(f"the set of {empty} has no rows to ask about. Fetch its test split again.")
    return {task: min(size, study.limit or size) for task, size in sizes.items()}


def _encoder(study: Study) -> Mapping[str, str] | None:
    """What `emt_clip` is to be given to be the base's encoder."""
    if study.encoder != "auto":
        return study.encoder
    named = encoder_of(load_config(study.base, study.revision, trust_remote_code=False))
    if named not in SHAPES.values():
        return None
    model, pretrained = named.split(" ")
    return {"model": model, "pretrained": pretrained}
