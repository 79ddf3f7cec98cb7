"""How fast this machine does what a study is made of: a few steps and rows, measured once."""

import math
import shutil
import statistics
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import write_json
from emt_tasks.tasks import leaves
from finetuning.studies.plan import Plan, Speeds
from finetuning.told import read_told
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase
from finetuning.training.job import Job
from finetuning.training.methods import Prepared
from finetuning.training.schedule import Schedule
from finetuning.tuning.tune import tune
from model_wrappers.checkpoints.fingerprint import fingerprint

STEPS = 4  # of each recipe
MEASURED = "speeds.json"  # in the study's folder
TRIAL = ".trial"


def speeds_of(plan: Plan, loaded: LoadedBase) -> Speeds:
    """The speeds of this study, measured by a few steps and rows unless an earlier start has done so.

    Raises:
        EmtError: a trial went wrong, as the study would, or there is no room.
    """
    path, key = plan.out / MEASURED, _measured_on(plan, loaded)
    wanted = {cell.job.recipe.name: cell.job for cell in reversed(plan.cells)}
    known = _read_speeds(path, key)
    if known is not None and set(wanted) <= set(known.images_per_second):
        return known
    trial = plan.out / TRIAL
    shutil.rmtree(trial, ignore_errors=True)
    try:
        speed = {name: _training_speed(job, trial, loaded) for name, job in reversed(wanted.items())}
        each, row = _evaluation_speed(plan, trial, loaded)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    try:
        write_json(path, {"on": key, "images_per_second": speed, "each": each, "row": row})
    except OSError as error:
        raise EmtError(
            f"{path} can't be written ({error.strerror}). Make room or choose another --out, and run the same command "
            "again."
        ) from error
    return Speeds(speed, each, row)


def _measured_on(plan: Plan, loaded: LoadedBase) -> str:
    """What speeds depend on, but for what else the machine is doing."""
    study, threads = plan.study, torch.get_num_threads()
    weights = fingerprint(study.base, revision=study.revision)
    return answer_key(
        f"{loaded.lm.device}", threads, weights, [task.name for task in leaves(study.tasks)], study.batch_size
    )


def _read_speeds(path: Path, key: str) -> Speeds | None:
    told = read_told(path)
    try:
        trained = {str(name): float(speed) for name, speed in dict(told["images_per_second"]).items()}
        known = Speeds(trained, float(told["each"]), float(told["row"]))
    except (ValueError, KeyError, TypeError):
        return None
    sound = all(math.isfinite(each) and each >= 0 for each in (*trained.values(), known.each, known.row))
    return known if sound and all(trained.values()) and told.get("on") == key else None


def _training_speed(job: Job, trial: Path, loaded: LoadedBase) -> float:
    """Images a second over a few steps of a job, without what watches or interpolates between epochs."""
    steps = Schedule(job.recipe, len(job.rows)).steps_per_epoch
    quiet = job.recipe.against_forgetting.model_copy(update={"early_stopping": None, "interpolation": ()})
    short = {"epochs": min(1.0, STEPS / steps), "fractions": (), "against_forgetting": quiet}
    recipe = job.recipe.model_copy(update=short)
    tried = Job(recipe, job.base, job.data, trial, job.seed, job.data_dir, job.device, job.revision)
    passes = _Passes()
    tuned = tune(tried, loaded, Additions(penalty=passes), shown=False)
    each = Schedule(recipe, len(job.rows)).device_batch
    return each / passes.seconds if passes.seconds else tuned.images_per_second


class _Passes:
    """Notes when each pass of a training begins, and adds nothing to its loss."""

    def __init__(self) -> None:
        self._begun: list[float] = []

    def __call__(self, _: Prepared) -> Tensor:
        self._begun.append(time.monotonic())
        return torch.zeros(())

    @property
    def seconds(self) -> float:
        """The median of a pass, without the first, which has much to make ready; 0 where there were too few."""
        later = self._begun[1:]
        return statistics.median(b - a for a, b in pairwise(later)) if len(later) > 1 else 0.0


def _evaluation_speed(plan: Plan, trial: Path, loaded: LoadedBase) -> tuple[float, float]:
    """Seconds that an evaluation takes in any case, and seconds a row; from one row and one batch more of each task."""
    tasks, batch = len(leaves(plan.study.tasks)), plan.study.batch_size
    _timed(plan, trial, loaded, 1)  # what is imported and opened once
    one, more = (_timed(plan, trial, loaded, rows) for rows in (1, 1 + batch))
    row = max(more - one, 0.0) / (tasks * batch)
    return max(one - row * tasks, 0.0), row


def _timed(plan: Plan, trial: Path, loaded: LoadedBase, rows: int) -> float:
    asked = Evaluation(plan.study.tasks, trial / f"rows-{rows}", plan.study.batch_size, rows, keep=False, shown=False)
    started = time.monotonic()
    with loaded.answering({}) as lm, harness.reading_from(plan.data_dir):
        harness.quiet()
        harness.evaluate_loaded(lm, lm.name, {"pretrained": plan.study.base}, asked)
    return time.monotonic() - started
