"""Rows as an encoder sees them: one picture each, preprocessed, and the labels to choose from."""

from collections.abc import Iterator, Sequence
from typing import Any

from PIL.Image import Image

from emt_tasks.errors import EmtError
from model_wrappers.generating.pictures import pictures_of
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question, rows_of
from model_wrappers.zero_shot.loading import Encoder


class ClipPreparation:
    """Makes batches ready.

    Args:
        encoder: whose preprocessing it is.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def prepared(self, questions: Sequence[Question], task_dict: Any) -> list[Prepared]:
        """The questions of one batch; `inputs` has `pixel_values` (B, 3, H, W) float32 and `labels`, B tuples.

        Raises:
            EmtError: a row has no labels, or not one picture, or the picture can't be read.
        """
        labels: list[tuple[str, ...]] = []

        def pictures() -> Iterator[Image]:
            """One after the other, so that no two large ones are there at once."""
            for question, row in zip(questions, rows_of(questions, task_dict), strict=True):
                seen = pictures_of(question, row)
                if len(seen) != 1:
                    raise EmtError(f"{question.place} has {len(seen)} images; emt_clip classifies one.")
                labels.append(labels_of(question, row))
                yield seen[0]

        prompts, answers = [question.context for question in questions], [""] * len(questions)
        inputs = {"pixel_values": self._encoder.pixels(pictures()), "labels": labels}
        return [Prepared(list(questions), prompts, answers, inputs)]

    def length(self, question: Question) -> int:  # noqa: ARG002  # all pictures become one size
        """The same for all."""
        return 0


def labels_of(question: Question, row: Any) -> tuple[str, ...]:
    """The words that a row may be answered with, in index order.

    Raises:
        EmtError: the row has none.
    """
    labels = row.get("labels") if isinstance(row, dict) else None
    if not labels:
        raise EmtError(
            f"{question.place} has no column `labels`: emt_clip chooses among a row's labels. Use an EMT task, or give "
            "the rows that column in process_docs."
        )
    return tuple(map(str, labels))
