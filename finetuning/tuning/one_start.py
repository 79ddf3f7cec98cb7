"""One start of a job: from the state that an earlier one left to the last step, each checkpoint kept and told of."""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch.distributed as dist
from torch import Tensor
from transformers import set_seed
from transformers.integrations import TensorBoardCallback

from emt_tasks.errors import EmtError
from emt_tasks.progress import ImageProgress
from emt_tasks.runs.manifest import rank, ranks
from finetuning.training.additions import Additions
from finetuning.training.answer_trainer import AnswerTrainer, Hooks, newest_state
from finetuning.training.arguments import arguments_of
from finetuning.training.checkpoint import Checkpoint, is_whole, read_checkpoint, write_checkpoint
from finetuning.training.collation import AnswerCollator
from finetuning.training.curve import points
from finetuning.training.job import Job
from finetuning.training.methods import Prepared, learnt_tokens, write_weights
from finetuning.training.schedule import Schedule, folder_of
from finetuning.tuning.job_folder import Tuned, digest, write_done
from finetuning.tuning.spent import LEDGER, NOTHING, Account, account, record_of

TENSORBOARD = "tensorboard"  # in the job's folder, unless TENSORBOARD_LOGGING_DIR says otherwise


class OneStart:
    """One start of a job: it trains from where an earlier one stopped.

    Args:
        job: what to do.
        schedule: its steps.
        prepared: what learns.
        additions: what else happens.
        inputs: all that the weights depend on, as JSON.
        shown: whether progress is told on stderr.
    """

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
        self._progress: ImageProgress | None = None

    def run(self) -> Tuned:
        """Train from where an earlier start stopped."""
        resumed = newest_state(self.job.state)
        with self._account(begun=resumed is not None) as opened:
            return self._trained(resumed, opened)

    def _account(self, begun: bool) -> AbstractContextManager[Account]:
        """What this training costs; of several processes each knows only its own, so that nothing is told."""
        if ranks() > 1:
            return nullcontext(Account(None))
        return account(self.job.folder / LEDGER, digest(self._inputs), None if begun else NOTHING)

    def _trained(self, resumed: Path | None, opened: Account) -> Tuned:
        job, schedule = self.job, self.schedule
        step = 0 if resumed is None else int(resumed.name.rpartition("-")[2])
        trainer = self.trainer()
        if resumed is not None:
            self._recovered(trainer, resumed, step)
        with ImageProgress(schedule.rows_by(schedule.steps), schedule.rows_by(step), self._shown) as progress:
            self._progress = progress
            set_seed(job.seed)  # dropout; what was made ready so far has drawn as well
            if step < schedule.steps and not self._has_stopped(step):
                trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
            speed = progress.speed
        history = _history(trainer, resumed)
        kept = tuple(self._kept[step] for step in sorted(self._kept))
        stopped = bool(kept) and kept[-1].step < schedule.steps
        tuned = Tuned(job.folder, kept, points(history), False, speed, stopped)
        if rank() == 0:
            write_done(tuned, self._inputs, record_of(opened.spent))
            shutil.rmtree(job.state, ignore_errors=True)
        return tuned

    def _recovered(self, trainer: AnswerTrainer, resumed: Path, step: int) -> None:
        """Take note of the checkpoints up to `step`, and keep the one that was being written when the start ended."""
        for each, epoch in self.schedule.kept.items():
            folder = self.job.folder / folder_of(epoch)
            if each < step or (each == step and (self.job.state / f"told-{step}").is_file()):
                self._kept[each] = read_checkpoint(folder)
                if not is_whole(self._kept[each]):
                    raise EmtError(
                        f"{folder} is not as it was written. Delete {self.job.folder} to have that training done again."
                    )
            elif each == step:
                trainer._load_from_checkpoint(str(resumed))
                trainer.keep(step)

    def _has_stopped(self, step: int) -> bool:
        mark = self.job.state / f"told-{step}"
        return mark.is_file() and mark.read_text() == "stop"

    def _keep(self, step: int, tensors: dict[str, Tensor]) -> bool:
        """Write the checkpoint of `step` and tell of it; whether to stop."""
        epoch, began, stop = self.schedule.kept[step], time.monotonic(), False
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
        stop = _agreed(stop)
        if self._progress is not None:
            self._progress.set_aside(time.monotonic() - began)
        return stop

    def _advance(self, step: int) -> None:
        if self._progress is not None:
            self._progress.advance(self.schedule.rows_by(step) - self.schedule.rows_by(step - 1))

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

    def trainer(self) -> AnswerTrainer:
        """The Trainer of this start."""
        job, base = self.job, self.prepared.loaded
        collate = AnswerCollator(base.processor, base.prompts, learnt_tokens(base.model))
        hooks = Hooks(
            keep=self._keep,
            due=frozenset(self.schedule.kept),
            state_every=job.state_every,
            advance=self._advance,
            penalty=self.additions.penalty,
        )
        lengths = _lengths(job, collate) if job.recipe.group_by_length else None
        trainer = AnswerTrainer(
            self.prepared, hooks, lengths, args=arguments_of(job, self.schedule, base), train_dataset=job.rows,
            data_collator=collate,
        )  # fmt: skip
        for callback in trainer.callback_handler.callbacks:
            if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
                callback.logging_dir = str(job.folder / TENSORBOARD)  # its own choice goes when the state does
        return trainer


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


def _agreed(stop: bool) -> bool:
    """What the first rank has decided, on every rank."""
    if not (dist.is_available() and dist.is_initialized()):
        return stop
    said = [stop]
    dist.broadcast_object_list(said, src=0)
    return said[0]
