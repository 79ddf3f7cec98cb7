"""Evaluation while a model is tuned: each checkpoint by the harness's own path, on the weights in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from emt_tasks.errors import EmtError
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import ranks, versions
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.training.checkpoint import Checkpoint, checkpoints_in
from finetuning.training.job import Job
from finetuning.training.methods import Prepared
from finetuning.tuning.job_folder import Tuned
from finetuning.tuning.tune import tune
from finetuning.tuning.whole_runs import accuracy_in_words, evaluated_once, known_accuracy
from model_wrappers.checkpoints.fingerprint import fingerprint

BASE = "base"


@dataclass(frozen=True, slots=True)
class Asked:
    """What checkpoints are asked.

    Attributes:
        tasks: names of tasks or groups.
        out: runs go to `out`/base and `out`/RECIPE-SET/epoch-N.
        limit: rows of each task; None is all.
        batch_size: rows in a batch.
        data_dir: where our own sets lie as on the hub.
    """

    tasks: tuple[str, ...]
    out: Path
    limit: int | None = None
    batch_size: int = 16
    data_dir: Path | None = None


def require_one_process() -> None:
    """Refuse to evaluate while several processes train.

    Raises:
        EmtError: there are several.
    """
    if ranks() > 1:
        raise EmtError(
            "evaluation while training is for one process. Leave it out here, and evaluate the checkpoints "
            "afterwards: torchrun ... -m emt_tasks run --checkpoints 'OUT/*/epoch-*' --tasks ..."
        )


class Evaluations:
    """Evaluates a base and its checkpoints, each once; what an earlier start has finished is kept.

    Args:
        asked: what.
        base: folder or hub id.
        revision: of the base on the hub.
        tell: gets a line for each evaluation.
        told: called with the seconds of each that was not kept.
    """

    def __init__(
        self,
        asked: Asked,
        base: str,
        revision: str | None,
        tell: Callable[[str], None] = lambda _: None,
        told: Callable[[float], None] = lambda _: None,
    ) -> None:
        require_one_process()
        self.asked, self._base, self._revision = asked, base, revision
        self._tell, self._told = tell, told

    def base_is_done(self) -> bool:
        """Whether the base has been evaluated so."""
        return known_accuracy(self.asked.out / BASE, self._identity({})) is not None

    def of_base(self, loaded: LoadedBase | None, device: str | None = None) -> LoadedBase | None:
        """Evaluate the base, which is epoch 0 of all; the base, if it had to be loaded for that, or was given."""
        known = known_accuracy(self.asked.out / BASE, self._identity({}))
        if known is not None:
            self._tell(f"  {BASE}: {accuracy_in_words(known)} (kept)")
            return loaded
        held = loaded or load_base(self._base, device, self._revision)
        with held.answering({}) as lm:
            self._evaluated(lm, {}, BASE)
        return held

    def on_checkpoint(self, checkpoint: Checkpoint, prepared: Prepared) -> bool:
        """Evaluate a checkpoint whose weights are in memory (`Additions.on_checkpoint`); never says stop."""
        with prepared.loaded.answering(checkpoint.model_args) as lm:
            self._evaluated(lm, checkpoint.model_args, _place(checkpoint))
        return False

    def after(self, tuned: Tuned, loaded: LoadedBase | None) -> Tuned:
        """Evaluate the checkpoints of a finished training that have not been, as where other tasks are asked now."""
        for checkpoint in checkpoints_in(tuned.folder):
            if not self.is_done(checkpoint):
                loaded = loaded or load_base(self._base, None, self._revision)
                self.from_disk(checkpoint, loaded)
        return tuned

    def is_done(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint has been evaluated so, with the weights that it has."""
        return known_accuracy(self.asked.out / _place(checkpoint), self._identity(checkpoint.model_args)) is not None

    def from_disk(self, checkpoint: Checkpoint, loaded: LoadedBase) -> None:
        """Evaluate a checkpoint that lies on disk."""
        if "pretrained" in checkpoint.model_args:
            own = load_base(checkpoint.model_args["pretrained"], str(loaded.lm.device))
            self._evaluated(own.lm, checkpoint.model_args, _place(checkpoint))
            return
        lm = loaded.lm
        lm.use_adapter(checkpoint.model_args.get("peft"), checkpoint.model_args.get("projector"))
        try:
            self._evaluated(lm, checkpoint.model_args, _place(checkpoint))
        finally:
            lm.use_adapter(None, None)

    def _evaluated(self, lm: Any, model_args: Mapping[str, str], name: str) -> None:
        asked = self.asked
        given = {"pretrained": self._base, **({"revision": self._revision} if self._revision else {}), **model_args}
        wanted = Evaluation(asked.tasks, asked.out / name, asked.batch_size, asked.limit, shown=False)
        seconds = evaluated_once(
            lambda: lm, lm.name, given, wanted, self._identity(model_args), asked.data_dir,
            lambda said: self._tell(f"  {name}: {said}"),
        )  # fmt: skip
        if seconds is not None:
            self._told(seconds)

    def _identity(self, model_args: Mapping[str, str]) -> str:
        """The sha256 of all that the answers depend on, but for what the sets' files hold."""
        whole = model_args.get("pretrained")
        weights = fingerprint(whole) if whole else fingerprint(
            self._base, model_args.get("peft"), model_args.get("projector"), self._revision
        )  # fmt: skip
        asked = self.asked
        return answer_key(weights, asked.tasks, asked.limit, str(asked.data_dir), versions())


def tune_and_ask(job: Job, asked: Asked, shown: bool = True, fresh: bool = False) -> Tuned:
    """Do a job, and evaluate its base and every checkpoint on the way.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    tell: Callable[[str], None] = Console(stderr=True, highlight=False, markup=False).print if shown else lambda _: None
    evaluations = Evaluations(asked, job.base, job.revision, tell)
    loaded = evaluations.of_base(None, job.device)
    return evaluations.after(
        tune(job, loaded, Additions(on_checkpoint=evaluations.on_checkpoint), shown, fresh), loaded
    )


def _place(checkpoint: Checkpoint) -> str:
    """Where the run of a checkpoint goes: named as its folder and that of its training."""
    return f"{checkpoint.folder.parent.name}/{checkpoint.folder.name}"
