"""What a CLIP's tower is asked after each epoch: runs of emt_clip like any other, each made once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emt_tasks import harness
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import versions
from finetuning.repro.job import ReproJob
from finetuning.training.checkpoint import Checkpoint
from finetuning.tuning.whole_runs import evaluated_once

MODEL = "emt_clip"
BASE = "base"


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked.

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
class Asking:
    """Asks the towers of a job; `tell` gets a line with the accuracies of each."""

    job: ReproJob
    questions: Questions
    tell: Callable[[str], None]

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Ask a checkpoint, as it lies on disk.

        Raises:
            EmtError: something is missing.
        """
        name = f"{self.job.home.name}/{checkpoint.folder.name}"
        self.ask(name, {"pretrained": str(checkpoint.folder)}, answer_key(checkpoint.told["weights"]))

    def ask(self, name: str, args: Mapping[str, str], weights: str) -> None:
        """Ask a tower, unless that was done.

        Args:
            name: of its run.
            args: emt_clip's own that load it.
            weights: their fingerprint.

        Raises:
            EmtError: something is missing.
        """
        asked, data_dir = self.questions, self.job.data_dir
        given = {**args, "template": asked.template}
        wanted = Evaluation(asked.tasks, asked.runs / name, asked.batch_size, asked.limit, shown=False)
        identity = answer_key(weights, asked.template, asked.tasks, asked.limit, str(data_dir), versions())
        evaluated_once(
            lambda: harness.load_model(MODEL, given, asked.batch_size, self.job.device), MODEL, given, wanted, identity,
            data_dir, lambda said: self.tell(f"  {name}: {said}"),
        )  # fmt: skip
