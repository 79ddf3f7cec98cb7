"""From questions to tensors: rows fetched, pictures decoded, prompts put in the template. Runs beside the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model_wrappers.closed_set.label_scores import content_free_image
from model_wrappers.closed_set.label_scoring import ClosedSet, seam_of
from model_wrappers.closed_set.label_tokens import fitting
from model_wrappers.generating.batching import ordered
from model_wrappers.generating.inputs import Batch, Preprocessor, shorter
from model_wrappers.generating.pictures import pictures_of
from model_wrappers.generating.prompts import Prompts
from model_wrappers.generating.questions import Question, rows_of

BLANK_SIZE = (224, 224)  # of the image without content, one for all rows, so that no row's prior depends on another
CLOSED_SETS = 64  # kept at once


@dataclass(frozen=True, slots=True)
class Prepared:
    """Questions ready for one pass.

    Attributes:
        questions: B questions with the same number of pictures each.
        prompts: their B prompts in the chat template.
        answers: the B texts to score after them; "" where answers are generated.
        inputs: tensors of B rows of prompt and answer, on the CPU.
        closed_set: the answers to score after all B prompts, which are one, instead of those; None elsewhere.
    """

    questions: list[Question]
    prompts: list[str]
    answers: list[str]
    inputs: Batch
    closed_set: ClosedSet | None = None


class Preparation:
    """Makes batches ready.

    Args:
        processor: a transformers processor that pads on the left.
        default_template: the chat template where the checkpoint has none.
    """

    def __init__(self, processor: Any, default_template: str) -> None:
        self._processor = processor
        self._prompts = Prompts(processor, default_template)
        self._preprocessor = Preprocessor(processor)
        self._tokenizer = processor.tokenizer
        self._lengths: dict[str, int] = {}
        self._closed_sets: dict[tuple[str, tuple[str, ...], int, bool], ClosedSet] = {}

    @property
    def template(self) -> str:
        """The chat template that prompts are put in."""
        return self._prompts.template

    def prepared(self, questions: Sequence[Question], task_dict: Any) -> list[Prepared]:
        """The questions of one batch, apart by the number of their pictures (mostly all one).

        Those with several answers are also apart by prompt, which is one for all rows of a task.

        Raises:
            EmtError: a row or its picture can't be read, or a prompt does not go with its pictures.
        """
        pictures, plain, ready = [], [], []
        for question, row in zip(questions, rows_of(questions, task_dict), strict=True):
            pictures.append(pictures_of(question, row))
            plain.append(question.answer_text(row))

        def group(place: int) -> tuple[int, str]:
            return len(pictures[place]), questions[place].context if questions[place].answers else ""

        for places in ordered(range(len(questions)), group, length=lambda _: 0):
            prompts = [self._prompts.text(questions[place].context, len(pictures[place])) for place in places]
            answers = [fitting(prompt, plain[place]) for prompt, place in zip(prompts, places, strict=True)]
            texts = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
            inputs = self._preprocessor.inputs(texts, [pictures[place] for place in places])
            asked = [questions[place] for place in places]
            closed = self._closed_set(asked[0], prompts[0], len(pictures[places[0]])) if asked[0].answers else None
            if closed is not None:
                inputs = shorter(inputs, closed.cut)
            ready.append(Prepared(asked, prompts, answers, inputs, closed))
        return ready

    def _closed_set(self, question: Question, prompt: str, images: int) -> ClosedSet:
        """The question's answers after `prompt`; made once for all rows of a task."""
        key = (prompt, question.answers, images, question.wants_prior)
        if key not in self._closed_sets:
            if len(self._closed_sets) > CLOSED_SETS:  # tasks whose prompts or answers all differ
                self._closed_sets.clear()
            cut, trie = seam_of(self._tokenizer, prompt, [fitting(prompt, answer) for answer in question.answers])
            blank = None
            if question.wants_prior and images:
                picture = content_free_image(BLANK_SIZE, *self._mean_colour())
                blank = shorter(self._preprocessor.inputs([prompt], [[picture] * images]), cut)
            self._closed_sets[key] = ClosedSet(prompt, cut, trie, blank)
        return self._closed_sets[key]

    def _mean_colour(self) -> list[tuple[float, float, float]]:
        """What the image processor takes for the middle, if it says so."""
        mean = getattr(getattr(self._processor, "image_processor", None), "image_mean", None)
        return [(mean[0], mean[1], mean[2])] if mean is not None and len(mean) == 3 else []

    def length(self, question: Question) -> int:
        """Tokens of the prompt alone, before its row has been looked at."""
        if question.context not in self._lengths:
            self._lengths[question.context] = len(self._tokenizer(question.context)["input_ids"])
        return self._lengths[question.context]
