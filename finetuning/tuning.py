"""A job done: trained, kept at each epoch, and continued where it was interrupted."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor
from transformers import TrainingArguments, set_seed

from emt_tasks.errors import EmtError
from emt_tasks.progress import ImageProgress
from emt_tasks.runs.manifest import rank, ranks, write_json
from finetuning.additions import Additions
from finetuning.answer_trainer import AnswerTrainer, Hooks, newest_state
from finetuning.base_model import LoadedBase, load_base
from finetuning.checkpoint import Checkpoint, is_whole, read_checkpoint, write_checkpoint
from finetuning.collation import AnswerCollator
from finetuning.curve import Point, points
from finetuning.job import Job
from finetuning.methods import Prepared, learnt_tokens, prepare, write_weights
from finetuning.remedies import compares_with_start, guarded
from finetuning.schedule import Schedule, folder_of
from model_wrappers.checkpoints.fingerprint import fingerprint

INPUTS = "inputs.json"  # in the state's folder: what the training depends on
DONE = "training.json"  # in the job's folder, once it is done
LOGS = 100  # points of the loss curve, about


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a job left.

    Attributes:
        folder: its own.
        checkpoints: that were kept, by step.
        curve: of the loss.
        kept: whether an earlier start had done all of it.
        images_per_second: of this start.
        stopped: whether it ended before the recipe's last epoch, because somebody said stop.
    """

    folder: Path
    checkpoints: tuple[Checkpoint, ...]
    curve: tuple[Point, ...]
    kept: bool
    images_per_second: float = 0.0
    stopped: bool = False


def tune(
    job: Job,
    loaded: LoadedBase | None = None,
    additions: Additions | None = None,
    shown: bool = True,
    fresh: bool = False,
) -> Tuned:
    """Do a job, or what is left of it.

    Args:
        job: what to do.
        loaded: its base, if it is in memory; it is as it was afterwards. None loads it.
        additions: what else happens.
        shown: whether progress is told on stderr.
        fresh: whether what an earlier start left is thrown away.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    with_it = guarded(job, additions or Additions())
    schedule = Schedule(job.recipe, len(job.rows), ranks())
    inputs = job.inputs(fingerprint(job.base, revision=job.revision), ranks()) | {"additions": with_it.told}
    done = None if fresh else _finished(job, inputs)  # read before anything is written: alike on every rank
    if done is not None:
        return done
    if rank() == 0:
        if fresh and _is_ours(job):
            shutil.rmtree(job.folder)
        _claim(job, inputs)
    own = loaded is None
    base = load_base(job.base, job.device, job.revision) if loaded is None else loaded
    compared = with_it.penalty is not None or compares_with_start(job.recipe)
    prepared = prepare(base, job.recipe, job.seed, keep_start=compared or not own)
    try:
        return _Training(job, schedule, prepared, with_it, inputs, shown).run()
    except (OSError, SafetensorError) as error:
        raise EmtError(
            f"{job.folder} can't be written ({error}). What was finished is kept: make room, or choose another --out, "
            "and run the same command again."
        ) from error
    finally:
        if not own:
            prepared.undo()


class _Training:
    """One start of a job."""

    def __init__(
        self,
        job: Job,
        schedule: Schedule,
        prepared: Prepared,
        additions: Additions,
        inputs: dict[str, Any],
        shown: bool,
    ) -> None:
        self.job, self.schedule, self.prepared, self.additions = job, schedule, prepared, additions
        self._inputs, self._shown = inputs, shown and rank() == 0
        self._kept: dict[int, Checkpoint] = {}
        self._advance: Callable[[int], None] = lambda _: None

    def run(self) -> Tuned:
        """Train from where an earlier start stopped."""
        job, schedule = self.job, self.schedule
        resumed = newest_state(job.state)
        step = 0 if resumed is None else int(resumed.name.rpartition("-")[2])
        total = math.ceil(job.recipe.epochs * schedule.rows)
        trainer = self._trainer()
        if resumed is not None:
            self._recovered(trainer, resumed, step)
        with ImageProgress(total, min(total, step * job.recipe.batch_size), self._shown) as progress:
            self._advance = progress.advance
            set_seed(job.seed)  # dropout; what was made ready so far has drawn as well
            if step < schedule.steps and not self._has_stopped(step):
                trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
            speed = progress.speed
        history = _history(trainer, resumed)
        kept = tuple(self._kept[step] for step in sorted(self._kept))
        stopped = bool(kept) and kept[-1].step < schedule.steps
        tuned = Tuned(job.folder, kept, points(history), False, speed, stopped)
        if rank() == 0:
            _write_done(tuned, self._inputs)
            shutil.rmtree(job.state, ignore_errors=True)
        return tuned

    def _recovered(self, trainer: AnswerTrainer, resumed: Path, step: int) -> None:
        """Take note of the checkpoints up to `step`, and keep the one that was being written when the start ended."""
        for each, epoch in self.schedule.kept.items():
            folder = self.job.folder / folder_of(epoch)
            if each < step or (each == step and (self.job.state / f"told-{step}").is_file()):
                self._kept[each] = read_checkpoint(folder)
            elif each == step:
                trainer._load_from_checkpoint(str(resumed))
                trainer.keep(step)

    def _has_stopped(self, step: int) -> bool:
        mark = self.job.state / f"told-{step}"
        return mark.is_file() and mark.read_text() == "stop"

    def _keep(self, step: int, tensors: dict[str, Tensor]) -> bool:
        """Write the checkpoint of `step` and tell of it; whether to stop."""
        epoch = self.schedule.kept[step]
        stop = False
        if rank() == 0:
            folder = self.job.folder / folder_of(epoch)
            made = write_checkpoint(
                folder, self._told(step, epoch), lambda part: write_weights(self.prepared, tensors, part)
            )
            self._kept[step] = made
            stop = bool(self.additions.on_checkpoint and self.additions.on_checkpoint(made, self.prepared))
            mark = self.job.state / f"told-{step}"
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text("stop" if stop else "on")
        return _agreed(stop)

    def _told(self, step: int, epoch: float) -> dict[str, Any]:
        job, recipe = self.job, self.job.recipe
        return {
            "recipe_name": recipe.name,
            "method": recipe.method,
            "set": job.sets,
            "epoch": epoch,
            "step": step,
            "steps": self.schedule.steps,
            "seed": job.seed,
            "base": job.base,
            "made_of": self._inputs,
            "learnt": {
                "tensors": len(self.prepared.names),
                "numbers": sum(w.numel() for w in self.prepared.learnt.values()),
            },
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _trainer(self) -> AnswerTrainer:
        job, base = self.job, self.prepared.loaded
        collate = AnswerCollator(base.processor, base.prompts, learnt_tokens(base.model))
        hooks = Hooks(
            keep=self._keep,
            due=frozenset(self.schedule.kept),
            state_every=job.state_every,
            advance=lambda rows: self._advance(rows),
            penalty=self.additions.penalty,
        )
        lengths = _lengths(job, collate) if job.recipe.group_by_length else None
        return AnswerTrainer(
            self.prepared, hooks, lengths, args=_arguments(job, self.schedule, base), train_dataset=job.rows,
            data_collator=collate,
        )  # fmt: skip


def _arguments(job: Job, schedule: Schedule, base: LoadedBase) -> TrainingArguments:
    """The recipe in the Trainer's words."""
    said, on_cpu = job.recipe.optimizer, base.lm.device.type == "cpu"
    workers = job.workers if job.workers is not None else 0 if on_cpu else min(4, os.cpu_count() or 1)
    return TrainingArguments(
        output_dir=str(job.state),
        num_train_epochs=job.recipe.epochs,
        per_device_train_batch_size=schedule.device_batch,
        gradient_accumulation_steps=schedule.accumulation,
        learning_rate=said.learning_rate,
        warmup_steps=said.warmup,
        weight_decay=said.weight_decay,
        lr_scheduler_type=said.schedule,
        max_grad_norm=said.max_grad_norm,
        gradient_checkpointing=job.recipe.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if job.recipe.gradient_checkpointing else None,
        bf16=base.half,
        seed=job.seed,
        use_cpu=on_cpu,
        dataloader_num_workers=workers,
        dataloader_persistent_workers=workers > 0,
        dataloader_pin_memory=not on_cpu,
        save_strategy="no",
        logging_strategy="steps",
        logging_steps=max(1, schedule.steps // LOGS),
        logging_nan_inf_filter=False,
        report_to=list(job.report_to) or "none",
        run_name=job.name,
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
    )


def _lengths(job: Job, collate: AnswerCollator) -> list[int]:
    """The tokens of each row; a text is tokenised once, with the first picture that it is about."""
    known: dict[tuple[str, str], int] = {}
    lengths = []
    for place, text in enumerate(job.rows.texts()):
        if text not in known:
            known[text] = len(collate.tokens(job.rows[place]).ids)
        lengths.append(known[text])
    return lengths


def _history(trainer: AnswerTrainer, resumed: Path | None) -> Sequence[dict[str, Any]]:
    history: list[dict[str, Any]] = trainer.state.log_history
    if history or resumed is None:
        return history
    told: list[dict[str, Any]] = json.loads((resumed / "trainer_state.json").read_text())["log_history"]
    return told


def _digest(inputs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_ours(job: Job) -> bool:
    return (job.folder / DONE).is_file() or (job.state / INPUTS).is_file()


def _finished(job: Job, inputs: dict[str, Any]) -> Tuned | None:
    """What an earlier start has finished, if it was this job and all of it is there."""
    done = _read(job.folder / DONE)
    if done.get("digest") != _digest(inputs):
        return None
    try:
        checkpoints = tuple(read_checkpoint(job.folder / name) for name in done["checkpoints"])
    except EmtError:
        return None
    if not all(is_whole(checkpoint) for checkpoint in checkpoints):
        return None
    stopped = bool(done.get("stopped"))
    return Tuned(job.folder, checkpoints, tuple(Point(*point) for point in done["curve"]), True, 0.0, stopped)


def _write_done(tuned: Tuned, inputs: dict[str, Any]) -> None:
    names = [checkpoint.folder.name for checkpoint in tuned.checkpoints]
    write_json(
        tuned.folder / DONE,
        {
            "digest": _digest(inputs),
            "inputs": inputs,
            "checkpoints": names,
            "stopped": tuned.stopped,
            "curve": [list(point) for point in tuned.curve],
        },
    )


def _claim(job: Job, inputs: dict[str, Any]) -> None:
    """Make the folder this job's.

    Raises:
        EmtError: another training's is there.
    """
    known = _read(job.state / INPUTS) or _read(job.folder / DONE).get("inputs", {})
    if job.folder.is_dir() and any(job.folder.iterdir()) and not known:
        raise EmtError(f"{job.folder} is there and was not made here, so it stays as it is. Choose another --out.")
    if known and _digest(known) != _digest(inputs):
        other = ", ".join(sorted(name for name in inputs if known.get(name) != inputs[name]))
        raise EmtError(
            f"{job.folder} holds a training of another {other}. Choose another --out, or name, or start it --fresh."
        )
    try:
        job.state.mkdir(parents=True, exist_ok=True)
        write_json(job.state / INPUTS, inputs)
    except OSError as error:
        raise EmtError(f"{job.folder} can't be made ({error.strerror}). Choose another --out.") from error


def _agreed(stop: bool) -> bool:
    """What the first rank has decided, on every rank."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return stop
    said = [stop]
    dist.broadcast_object_list(said, src=0)
    return said[0]


__all__ = ["Additions", "Tuned", "tune"]
