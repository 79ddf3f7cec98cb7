"""Any open_clip encoder as a zero-shot classifier on the rows that the MLLMs are asked about."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from lmms_eval.api.instance import Instance

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from emt_tasks.tasks import require_scorer
from model_wrappers.checkpoints.misfits import listed
from model_wrappers.generating.conduct import Answered
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question, generation_questions, rows_of, scoring_questions
from model_wrappers.wrapper import Wrapper
from model_wrappers.zero_shot.arguments import ClipArguments, read_clip_arguments, source_of
from model_wrappers.zero_shot.classifier import Classifiers, image_features
from model_wrappers.zero_shot.loading import load_encoder, source_fingerprint
from model_wrappers.zero_shot.locating import locate_encoder
from model_wrappers.zero_shot.prompt_templates import read_templates
from model_wrappers.zero_shot.questions import ClipPreparation

Values = Mapping[str, Likelihood]
"""What each label of a row is worth."""


class EmtClip(Wrapper):
    """An encoder that answers with the label whose sentences are most like the image; prompts are not read.

    Args:
        **given: the fields of `clip_arguments.ClipArguments`.

    Raises:
        EmtError: an argument is wrong, or the checkpoint or the templates can't be used.
    """

    name: ClassVar[str] = "emt_clip"
    not_applicable: ClassVar[Mapping[str, str]] = {
        "padding": "prompts are not read",
        "stops": "answers are labels, nothing is generated",
        "scoring": "labels are weighed against each other in one softmax, no language model reads them",
        "adapters": "an encoder has no place for one",
    }

    def __init__(self, **given: Any) -> None:
        self.arguments = said = self.check(given)
        super().__init__(said.device, said.batch_size, said.max_batch_size)
        self._templates = read_templates(said.template)
        self._encoder = load_encoder(source_of(said.model, said.pretrained), said.dtype, self.device)
        self._classifiers = Classifiers(self._encoder.model, self._encoder.tokenizer, self._templates, self.device)
        self._preparation = ClipPreparation(self._encoder)

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> ClipArguments:
        """The arguments as the constructor will read them; what they name is looked for and not loaded.

        Raises:
            EmtError: an argument is wrong, or names an architecture, tag, file or template that does not exist.
        """
        said = read_clip_arguments(given, cls.name)
        source_of(said.model, said.pretrained)
        read_templates(said.template)
        return said

    @classmethod
    def locate(cls, given: Mapping[str, Any]) -> Mapping[str, str]:
        """As of `Wrapper`."""
        said = cls.check(given)
        return {"pretrained": locate_encoder(source_of(said.model, said.pretrained), "pretrained")}

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """The likeliest label of each request's row, in order.

        Raises:
            EmtError: a row has no labels or no image, or its image can't be read.
        """
        return self._answered(generation_questions(requests), self._preparation, self._likeliest)

    def loglikelihood(self, requests: list[Instance]) -> list[Likelihood]:
        """(loss, likeliest) of each request's answer, which must be one of its row's labels, in order.

        The loss is -log softmax(scale * similarity) in nats; the harness takes the least for the answer.

        Raises:
            EmtError: an answer is no label of its row, or stands in a sentence; or a row can't be read.
        """
        asked = scoring_questions(requests)
        require_scorer(dict.fromkeys(question.task for question in asked), self.name, chat=False)
        by_row: dict[tuple[str, str, int], list[Question]] = defaultdict(list)
        for question in asked:
            by_row[question.task, question.split, question.doc_id].append(question)
        rows = [replace(members[0], index=place) for place, members in enumerate(by_row.values())]
        asked_by = {id(row.request): members for row, members in zip(rows, by_row.values(), strict=True)}

        def each(batch: Answered) -> Answered:
            return [(one.request, self._worth(one, values)) for row, values in batch for one in asked_by[id(row)]]

        tables = self._answered(rows, self._preparation, self._values, each)
        worth = {
            one.index: self._worth(one, values)
            for members, values in zip(by_row.values(), tables, strict=True)
            for one in members
        }
        return [worth[place] for place in range(len(requests))]

    def weights_fingerprint(self) -> str:
        """The sha256, in hex, of the encoder's weights as they lie on disk."""
        return source_fingerprint(self._encoder.source)

    @property
    def encoder(self) -> str:
        """Itself, as MLLMs name the encoder that they look through."""
        return self._encoder.source.name

    @property
    def details(self) -> dict[str, str]:
        """What the manifest says beside the arguments: the encoder, and which sentences it was asked with."""
        return {
            "encoder": self.encoder,
            "template": self._templates.name,
            "template_fingerprint": self._templates.fingerprint,
        }

    def _likeliest(self, ready: Prepared) -> list[str]:
        """Each row's likeliest label, the first of equals."""
        return [labels[losses.index(min(losses))] for labels, losses in self._losses(ready)]

    def _values(self, ready: Prepared) -> list[Values]:
        """Each row's labels with what they are worth."""
        return [
            {
                label: Likelihood(loss, place == losses.index(min(losses)), total=-loss)
                for place, (label, loss) in enumerate(zip(labels, losses, strict=True))
            }
            for labels, losses in self._losses(ready)
        ]

    def _losses(self, ready: Prepared) -> list[tuple[tuple[str, ...], list[float]]]:
        """Each row's labels, and -log softmax(scale * similarity) of each in nats."""
        pixels = ready.inputs["pixel_values"].to(self.device, self._encoder.dtype, non_blocking=True)
        features, asked = image_features(self._encoder.model, pixels), ready.inputs["labels"]
        found: dict[int, list[float]] = {}
        for labels in dict.fromkeys(asked):
            places = [place for place, other in enumerate(asked) if other == labels]
            similarities = features[places] @ self._classifiers.of(labels).T  # (rows, classes)
            losses = -(self._encoder.scale * similarities).log_softmax(dim=-1)
            found.update(zip(places, losses.tolist(), strict=True))
        return [(labels, found[place]) for place, labels in enumerate(asked)]

    def _worth(self, question: Question, values: Values) -> Likelihood:
        answer = question.answer
        if callable(answer):
            answer = question.answer_text(next(rows_of([question], self.task_dict)))
        if (label := str(answer).strip()) not in values:
            raise EmtError(f"{question.place}: the answer {label!r} is none of the row's labels ({listed([*values])}).")
        return values[label]
