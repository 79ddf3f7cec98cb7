"""Early stopping on a foreign set: is it being forgotten?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.manifest import write_json
from finetuning.recipes.against_forgetting import EarlyStopping, is_task
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template
from finetuning.told import read_told
from finetuning.training.answer_loss import answer_loss, takes_places
from finetuning.training.checkpoint import Checkpoint
from finetuning.training.collation import IGNORED, AnswerCollator
from finetuning.training.job import Job
from finetuning.training.methods import Prepared, learnt_tokens

FILE = "watched.json"  # in the job's folder: the score after each step that was looked at
BATCH_SIZE = 16


def forgets(scores: Sequence[float], patience: int, tolerance: float) -> bool:
    """Whether the last `patience` scores all lie more than `tolerance` below the best before them.

    >>> forgets([0.9, 0.8], 1, 0.05), forgets([0.9, 0.8], 2, 0.05), forgets([0.9, 0.8, 0.7], 2, 0.05)
    (True, False, True)
    """
    before, last = scores[:-patience], scores[-patience:]
    return bool(before) and all(score < max(before) - tolerance for score in last)


class Watch:
    """Looks at a foreign set after each checkpoint of a job.

    The start of the training is looked at as well, so that a first checkpoint that forgets is known to; not with learnt
    prompt tokens, of which there is no state without.

    Args:
        job: whose checkpoints are looked at.
        said: at what, and how long to wait.
    """

    def __init__(self, job: Job, said: EarlyStopping) -> None:
        self._job, self._said = job, said

    def __call__(self, checkpoint: Checkpoint, prepared: Prepared) -> bool:
        """Whether to stop at this checkpoint, whose weights are in memory."""
        path = self._job.folder / FILE
        scores = {step: score for step, score in _read(path).items() if step < checkpoint.step}
        if 0 not in scores and prepared.recipe.method != "prompt":
            scores[0] = self._at_start(prepared)
        scores[checkpoint.step] = self._score(prepared, checkpoint.model_args, checkpoint.folder.name)
        in_order = [scores[step] for step in sorted(scores)]
        stop = forgets(in_order, self._said.patience, self._said.tolerance)
        told = {"watched": self._said.watch, "scores": {str(step): scores[step] for step in sorted(scores)}}
        write_json(path, told | {"stopped_at": checkpoint.step if stop else None})
        return stop

    def _at_start(self, prepared: Prepared) -> float:
        trained = {name: weight.clone() for name, weight in prepared.tensors().items()}
        prepared.set_tensors(prepared.start)
        try:
            return self._score(prepared, {}, "start")
        finally:
            prepared.set_tensors(trained)

    def _score(self, prepared: Prepared, model_args: Mapping[str, str], name: str) -> float:
        """What is watched, the higher the better: mean accuracy of the tasks, or the answers' mean loss, negative."""
        with prepared.loaded.answering(model_args) as lm, harness.reading_from(self._job.data_dir):
            if not is_task(self._said.watch):
                return -self._loss(prepared)
            asked = Evaluation(
                (self._said.watch,), self._job.state / "watched" / name, BATCH_SIZE, self._said.limit, shown=False
            )
            harness.quiet()
            run = harness.evaluate_loaded(lm, lm.name, {"pretrained": self._job.base, **model_args}, asked)
        assert run is not None, "only the first rank looks"
        first = {result.task: result.accuracy for result in reversed(run.results)}
        return sum(first.values()) / len(first)

    def _loss(self, prepared: Prepared) -> float:
        """Mean loss of an answer's token over the watched rows, in nats."""
        recipe, base = prepared.recipe, prepared.loaded
        template = read_template(recipe.template, recipe.list_labels)
        rows = instruction_rows([self._said.watch], template, self._job.seed, self._job.data_dir)
        collate = AnswerCollator(base.processor, base.prompts, learnt_tokens(base.model))
        narrow, device, total, tokens = takes_places(base.model), base.lm.device, 0.0, 0
        for start in range(0, len(rows), BATCH_SIZE):
            some = [rows[place] for place in range(start, min(start + BATCH_SIZE, len(rows)))]
            batch = {name: value.to(device) for name, value in collate(some).items()}
            total += float(answer_loss(base.model, batch, 1, narrow))
            tokens += int((batch["labels"] != IGNORED).sum())
        if not torch.isfinite(torch.tensor(total)):
            raise EmtError(f"the loss on {self._said.watch} is no number any more. Lower the learning rate.")
        return total / tokens


def _read(path: Path) -> dict[int, float]:
    """The scores of an earlier start, by step."""
    return {int(step): float(score) for step, score in read_told(path).get("scores", {}).items()}


__all__ = ["FILE", "Watch", "forgets"]
