"""From questions to tensors: rows fetched, pictures decoded, prompts put in the template. Runs beside the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model_wrappers.batching import ordered
from model_wrappers.inputs import Batch, Preprocessor
from model_wrappers.pictures import pictures_of
from model_wrappers.prompts import Prompts
from model_wrappers.questions import Question, rows_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """Questions ready for one pass.

    Attributes:
        questions: B questions with the same number of pictures each.
        prompts: their B prompts in the chat template.
        answers: the B texts to score after them; "" where answers are generated.
        inputs: tensors of B rows of prompt and answer, on the CPU.
    """

    questions: list[Question]
    prompts: list[str]
    answers: list[str]
    inputs: Batch


class Preparation:
    """Makes batches ready.

    Args:
        processor: a transformers processor that pads on the left.
        default_template: the chat template where the checkpoint has none.
    """

    def __init__(self, processor: Any, default_template: str) -> None:
        self._prompts = Prompts(processor, default_template)
        self._preprocessor = Preprocessor(processor)
        self._tokenizer = processor.tokenizer
        self._lengths: dict[str, int] = {}

    def prepared(self, questions: Sequence[Question], task_dict: Any) -> list[Prepared]:
        """The questions of one batch, apart by the number of their pictures (mostly all one).

        Raises:
            EmtError: a row or its picture can't be read, or a prompt does not go with its pictures.
        """
        rows = rows_of(questions, task_dict)
        pictures = [pictures_of(question, row) for question, row in zip(questions, rows, strict=True)]
        ready = []
        for places in ordered(range(len(questions)), group=lambda place: len(pictures[place]), length=lambda _: 0):
            prompts = [self._prompts.text(questions[place].context, len(pictures[place])) for place in places]
            answers = [questions[place].answer_text(rows[place]) for place in places]
            texts = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
            inputs = self._preprocessor.inputs(texts, [pictures[place] for place in places])
            ready.append(Prepared([questions[place] for place in places], prompts, answers, inputs))
        return ready

    def length(self, question: Question) -> int:
        """Tokens of the prompt alone, before its row has been looked at."""
        if question.context not in self._lengths:
            self._lengths[question.context] = len(self._tokenizer(question.context)["input_ids"])
        return self._lengths[question.context]
