"""What every wrapper of a transformers model shares; a family's file holds only what differs."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.likelihood import Likelihood
from model_wrappers.arguments import read_arguments
from model_wrappers.checkpoints.adapters import Tuning
from model_wrappers.checkpoints.fingerprint import fingerprint
from model_wrappers.checkpoints.loading import load_config, load_model, load_processor
from model_wrappers.checkpoints.placement import placement
from model_wrappers.closed_set.choices import by_row, reported
from model_wrappers.closed_set.continuations import answer_length, values
from model_wrappers.closed_set.label_scoring import LabelScorer
from model_wrappers.encoders import encoder_details, encoder_of
from model_wrappers.generating.allocation import keep_freed_memory
from model_wrappers.generating.batching import BatchSize
from model_wrappers.generating.conduct import Answered, answered
from model_wrappers.generating.inputs import on_device
from model_wrappers.generating.lanes import Lanes, lanes_for
from model_wrappers.generating.preparation import Preparation, Prepared
from model_wrappers.generating.prompts import PLAIN
from model_wrappers.generating.questions import Question, generation_questions, scoring_questions


class HFModel(lmms):
    """A transformers image-text-to-text model as lmms-eval's *simple* models are, in batches and with adapters.

    Args:
        **given: the fields of `arguments.Arguments`, as `--model_args` and the harness's own flags give them.

    Attributes:
        on_batch: called after each batch with its requests and their answers, for journals and progress; while it is
            set no progress bar is shown.

    Raises:
        EmtError: an argument is wrong, or base, adapter and projector are not there or do not go together.
    """

    is_simple = True
    name: ClassVar[str]
    default_pretrained: ClassVar[str | None] = None
    default_template: ClassVar[str] = PLAIN  # where a checkpoint has no chat template
    model_types: ClassVar[tuple[str, ...]] = ()  # those of the family; empty for any

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.on_batch: Callable[[Answered], None] | None = None
        self.arguments = said = read_arguments(given, self.name, self.default_pretrained)
        here = placement(said.device, said.device_map)
        self.accelerator, self._rank, self._world_size = here.accelerator, here.rank, here.world_size
        if here.device.type == "cpu":
            keep_freed_memory()
        config = load_config(said.pretrained, said.revision, said.trust_remote_code)
        self._require_family(config)
        self.processor = load_processor(said)
        self.complete_processor(config)
        self._model = load_model(said, config, here.device)
        self._device: torch.device = self._model.device if said.device_map else here.device
        self._batch_size = BatchSize(said.batch_size, said.max_batch_size, self._device)
        # Its own processor: tokenizers keep how they pad, and this one is used on another thread.
        self._preparation = Preparation(deepcopy(self.processor), self.default_template)
        lanes = 1 if said.device_map or said.trust_remote_code else lanes_for(self._model, self._device)
        self._generator = Lanes(self._model, self.processor.tokenizer, lanes)
        self._scorer = LabelScorer(self._model, self.processor.tokenizer, known=bool(self.model_types))
        self._tuning = Tuning(self._model, said.pretrained)
        self.use_adapter(said.peft, said.projector)

    def complete_processor(self, config: Any) -> None:
        """Tell `self.processor` what `config` says and a family's older checkpoints left out."""

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """One answer for each request, in order, whatever the batch size.

        Raises:
            EmtError: a row's image can't be read, a setting is wrong, or memory does not suffice.
        """
        questions = generation_questions(requests)
        by_chance = any(question.settings and question.settings.samples for question in questions)
        # Side by side, which batch draws first from torch's one source of chance would be chance itself.
        return self._answered(questions, self._generate, lanes=1 if by_chance else self._generator.count)

    def loglikelihood(self, requests: list[Instance]) -> list[Likelihood]:
        """(loss, greedy) of each request's answer, in order; the harness takes the least loss for the likeliest.

        Several answers to one row and prompt are scored in one forward pass.

        Raises:
            EmtError: a row's image can't be read, an answer is empty, or memory does not suffice.
        """
        choices, alone = by_row(scoring_questions(requests))
        found: list[Any] = [None] * len(requests)
        chosen = self._answered([choice.question for choice in choices], self._score_labels, reported(choices))
        for choice, its_values in zip(choices, chosen, strict=True):
            for question, value in choice.spread(its_values):
                found[question.index] = value
        places = [replace(question, index=place) for place, question in enumerate(alone)]
        for question, value in zip(alone, self._answered(places, self._score), strict=True):
            found[question.index] = value
        return found

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        """Not had here.

        Raises:
            EmtError: always.
        """
        tasks = ", ".join(sorted({str(request.args[-2]) for request in requests}))
        raise EmtError(
            f"{self.name} answers one question about an image; {tasks} has several rounds. Use another model."
        )

    def clean(self) -> None:
        """Give back what memory can be had without the model, which may be evaluated again."""
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def use_adapter(self, peft: str | None, projector: str | None = None) -> None:
        """Put an adapter and a projector on the loaded base, instead of what is on; None and None leave the base alone.

        Raises:
            EmtError: one of them does not fit; the base is alone then.
        """
        self._scorer.forget()
        self._tuned: tuple[str | None, str | None] = (None, None)
        try:
            self._tuning.use(peft, projector)
        finally:
            self._generator.restart()
        self._tuned = (peft, projector)

    def weights_fingerprint(self) -> str:
        """The sha256, in hex, of the content of base, adapter and projector as they lie on disk."""
        return fingerprint(self.arguments.pretrained, *self._tuned, self.arguments.revision)

    @property
    def encoder(self) -> str:
        """The vision encoder that it looks through (`encoders.encoder_of`)."""
        return encoder_of(self.config)

    @property
    def details(self) -> dict[str, str]:
        """What the manifest says beside the arguments: the encoder."""
        return encoder_details(self.config)

    @property
    def device(self) -> torch.device:
        """Where inputs go, and where the harness puts what it gathers from ranks."""
        return self._device

    @property
    def batch_size(self) -> int:
        """Rows that go through the model together."""
        return self._batch_size.now

    @property
    def model(self) -> Any:
        """The transformers model, with what is put on it."""
        return self._model

    @property
    def config(self) -> Any:
        """The transformers config."""
        return self._model.config

    @property
    def tokenizer(self) -> Any:
        """The processor's tokenizer."""
        return self.processor.tokenizer

    def _require_family(self, config: Any) -> None:
        if self.model_types and config.model_type not in self.model_types:
            reason = UnknownName(f"model type of {self.name}", config.model_type, self.model_types)
            raise EmtError(f"pretrained={self.arguments.pretrained}: {reason} For other models use --model emt_hf.")

    def _answered(
        self,
        questions: Sequence[Question],
        ask: Callable[[Prepared], Sequence[Any]],
        each: Callable[[Answered], Answered] = list,
        lanes: int = 1,
    ) -> list[Any]:
        """What `ask` answers to each question; `each` tells of a batch which requests it has answered."""
        told = self.on_batch
        title = self.name if self._rank == 0 and told is None and questions else None
        report = None if told is None else lambda batch: told(each(batch))
        return answered(questions, self._preparation, self.task_dict, self._batch_size, ask, report, title, lanes)

    def _generate(self, ready: Prepared) -> list[str]:
        settings = ready.questions[0].settings
        assert settings is not None, "scoring questions are scored"
        inputs = on_device(ready.inputs, self._device, self._model.dtype)
        return self._generator.answers(inputs, ready.prompts, settings)

    def _score_labels(self, ready: Prepared) -> list[list[Likelihood]]:
        assert ready.closed_set is not None, "choices have answers"
        placed = partial(on_device, device=self._device, dtype=self._model.dtype)
        return self._scorer.likelihoods(placed(ready.inputs), ready.closed_set, placed)

    def _score(self, ready: Prepared) -> list[Likelihood]:
        inputs = on_device(ready.inputs, self._device, self._model.dtype)
        pairs = zip(ready.prompts, ready.answers, strict=True)
        return values(self._model, inputs, [answer_length(self.tokenizer, prompt, answer) for prompt, answer in pairs])
