"""All questions through a model, batch by batch, in an order that wastes nothing; answers come back in theirs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

import torch
from lmms_eval.api.instance import Instance
from tqdm import tqdm

from emt_tasks.errors import EmtError
from model_wrappers.generating.batching import BatchSize, ahead, in_batches, ordered
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question

Answered = list[tuple[Instance, Any]]
Pairs = list[tuple[Question, Any]]


class Prepares(Protocol):
    """What makes batches ready: `preparation.Preparation`, or a family's own."""

    def prepared(self, questions: Sequence[Question], task_dict: Any) -> list[Prepared]:
        """The questions of one batch, ready for the model."""

    def length(self, question: Question) -> int:
        """How long a question is, for the order of batches."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """How one batch is made ready and asked; fields as `answered` has them."""

    preparation: Prepares
    task_dict: Any
    size: BatchSize
    ask: Callable[[Prepared], Sequence[Any]]
    one_at_a_time: Lock = field(default_factory=Lock)

    def ready(self, batch: Sequence[Question]) -> list[Prepared]:
        """The batch, ready for the model; rows are read by one lane at a time."""
        with self.one_at_a_time:
            return self.preparation.prepared(batch, self.task_dict)

    def through(self, batch: Sequence[Question], ready: list[Prepared]) -> Pairs:
        """Each question with its answer, in halves where memory does not suffice for all and its user said `auto`.

        Raises:
            EmtError: memory does not suffice.
        """
        try:
            return [pair for part in ready for pair in zip(part.questions, self.ask(part), strict=True)]
        except torch.OutOfMemoryError as error:
            if not self.size.auto or len(batch) == 1:
                raise EmtError(
                    f"{len(batch)} images at once are too many for the GPU's memory. Pass --batch_size auto, or less."
                ) from error
        torch.cuda.empty_cache()
        self.size.failed(len(batch))
        middle = len(batch) // 2
        return [pair for half in (batch[:middle], batch[middle:]) for pair in self.through(half, self.ready(half))]

    def done(self, batches: Iterator[list[Question]], lanes: int) -> Iterator[tuple[list[Question], Pairs]]:
        """Batches with their answers as they come; each is made ready while the one before it is asked."""
        if lanes == 1:
            return ((batch, self.through(batch, ready)) for batch, ready in ahead(batches, self.ready))
        threads = torch.get_num_threads() // lanes
        return ahead(batches, lambda batch: self.through(batch, self.ready(batch)), lanes, threads)


def answered(
    questions: Sequence[Question],
    preparation: Prepares,
    task_dict: Any,
    size: BatchSize,
    ask: Callable[[Prepared], Sequence[Any]],
    report: Callable[[Answered], None] | None = None,
    title: str | None = None,
    lanes: int = 1,
) -> list[Any]:
    """What `ask` answers to each of `questions`, in their order.

    Args:
        questions: those of one kind, generation or scoring.
        preparation: makes a batch ready while the one before it is asked.
        task_dict: the harness's rows by task and split.
        size: of batches; halved where memory does not suffice and its user said `auto`.
        ask: has one answer for each question of what was prepared.
        report: called after each batch with the questions' requests and their answers.
        title: of a progress bar on stderr; None shows none.
        lanes: batches that `ask` takes at once, each on its share of the cores.

    Raises:
        EmtError: a row can't be read, or memory does not suffice.
    """
    asking = _Asking(preparation, task_dict, size, ask)
    found: list[Any] = [None] * len(questions)
    groups = ordered(questions, group=lambda question: (question.settings, question.answers), length=preparation.length)
    done = asking.done(in_batches(groups, size, lanes), lanes)
    with tqdm(total=len(questions), desc=title, unit="image", disable=title is None) as bar:
        for batch, pairs in done:
            for question, answer in pairs:
                found[question.index] = answer
            bar.update(len(batch))
            if report is not None:
                report([(question.request, answer) for question, answer in pairs])
    return found
