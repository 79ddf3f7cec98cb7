"""A study done: the base and its encoder are asked, every cell is tuned and asked, from wherever it stopped."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import versions
from finetuning.studies.clock import Clock
from finetuning.studies.plan import ENCODER, Cell, Plan
from finetuning.studies.speeds import speeds_of
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.tuning.in_the_loop import Evaluations
from finetuning.tuning.tune import tune
from finetuning.tuning.whole_runs import evaluated_once
from model_wrappers.checkpoints.fingerprint import file_hash, folder_fingerprint
from model_wrappers.zero_shot.arguments import CONFIG, IN_FOLDER

Tell = Callable[[str], None]


def run_study(plan: Plan, loaded: LoadedBase, clock: Clock, tell: Tell, shown: bool = True) -> None:
    """Do what is left of a study; what was finished is kept, and told as such.

    Args:
        plan: the study.
        loaded: its base; it is as it was afterwards.
        clock: of what is left.
        tell: gets a line for each thing done.
        shown: whether progress within a training is shown.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    evaluations = Evaluations(plan.asked, plan.study.base, plan.study.revision, tell, clock.asked)
    evaluations.of_base(loaded)
    if plan.encoder:
        ask_encoder(plan, tell)
    for place, cell in enumerate(plan.cells, start=1):
        tell(f"[{place}/{len(plan.cells)}] {cell.job.name}: {_in_words(cell)}; {clock.said()}")
        started, before = time.monotonic(), clock.seconds_asked
        tuned = tune(cell.job, loaded, Additions(on_checkpoint=evaluations.on_checkpoint), shown)
        evaluations.after(tuned, loaded)
        clock.trained(cell, time.monotonic() - started - (clock.seconds_asked - before), tuned.kept)
        if tuned.stopped:
            tell(f"  {cell.job.name} stopped early, as its recipe asks")


def started(plan: Plan, tell: Tell) -> tuple[LoadedBase, Clock]:
    """The base in memory, and a clock that knows this machine."""
    tell(f"loading {plan.study.base} ...")
    loaded = load_base(plan.study.base, plan.device, plan.study.revision)
    tell("measuring a few steps of each recipe and a few rows of each task ...")
    return loaded, Clock(plan, speeds_of(plan, loaded))


def ask_encoder(plan: Plan, tell: Tell) -> None:
    """Evaluate what the base looks through, as a zero-shot classifier.

    An encoder that was found by itself and can't be had is told of, and gone without.

    Raises:
        EmtError: the one that the study names can't be had.
    """
    assert plan.encoder is not None
    folder = plan.runs / ENCODER
    asked = Evaluation(plan.study.tasks, folder, plan.study.batch_size, plan.study.limit, shown=False)
    identity = answer_key(contents(plan.encoder), plan.study.tasks, plan.study.limit, str(plan.data_dir), versions())
    try:
        evaluated_once(
            lambda: harness.load_model("emt_clip", dict(plan.encoder or {}), asked.batch_size, plan.device),
            "emt_clip", plan.encoder, asked, identity, plan.data_dir, lambda said: tell(f"  {ENCODER}: {said}"),
        )  # fmt: skip
    except EmtError as error:
        if plan.study.encoder != "auto":
            raise
        tell(f"  {ENCODER}: gone without ({error})")


def contents(encoder: Mapping[str, str]) -> dict[str, list[str]]:
    """An encoder's arguments with what its files and folders hold in place of where they lie.

    So one that is made anew is asked anew, and one that was moved, or is named by another path, is not.
    """
    return {name: _content(name, value) for name, value in encoder.items()}


def _content(name: str, value: str) -> list[str]:
    place = Path(value.removeprefix(IN_FOLDER)).expanduser()
    named = value.startswith(IN_FOLDER) or name != "model"  # which else is an architecture's name
    if not (named and place.exists()):
        return [value]
    config = place / CONFIG
    return [folder_fingerprint(place), *([file_hash(config)] if config.is_file() else [])]


def _in_words(cell: Cell) -> str:
    recipe = cell.job.recipe
    return (
        f"{len(cell.job.rows):,} rows x {recipe.epochs:g} epochs, {cell.steps:,} steps, {cell.checkpoints} checkpoints"
    )
