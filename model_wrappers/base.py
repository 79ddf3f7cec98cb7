"""What every wrapper of a transformers model shares; a family's file holds only what differs."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

from lmms_eval.api.instance import Instance

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.likelihood import Likelihood
from model_wrappers.arguments import Arguments, check_arguments
from model_wrappers.checkpoints.adapters import Tuning
from model_wrappers.checkpoints.fingerprint import fingerprint
from model_wrappers.checkpoints.llava_templates import ends_of
from model_wrappers.checkpoints.loading import load_config, load_model, load_processor, require_config
from model_wrappers.checkpoints.placement import input_device
from model_wrappers.checkpoints.soft_prompt import learnt_tokens, prompted
from model_wrappers.closed_set.choices import by_row, reported
from model_wrappers.closed_set.continuations import answer_length, values
from model_wrappers.closed_set.label_scoring import LabelScorer
from model_wrappers.encoders import encoder_of
from model_wrappers.generating.allocation import keep_freed_memory
from model_wrappers.generating.inputs import WRITTEN, Batch, on_device
from model_wrappers.generating.lanes import Lanes, lanes_for
from model_wrappers.generating.preparation import Preparation, Prepared
from model_wrappers.generating.prompts import PLAIN
from model_wrappers.generating.questions import generation_questions, scoring_questions
from model_wrappers.wrapper import ModelInput, Wrapper


class HFModel(Wrapper):
    """A transformers image-text-to-text model as lmms-eval's *simple* models are, in batches and with adapters.

    A family is a class over this one that says `name`, and of the rest what differs: `model_types`,
    `default_pretrained`, `default_template`, `complete_processor`, `stop_strings`, `scored`.
    docs/adding-a-model.md makes one.

    Args:
        **given: the fields of `arguments.Arguments`, as `--model_args` and the harness's own flags give them.

    Attributes:
        default_pretrained: the base where none is named; None where one has to be.
        default_template: the chat template of checkpoints that bring none.
        model_types: transformers' names of the family (`config.model_type`); empty for any. Scores of a named family
            are taken for equal to full passes, which `emt contract` holds it to; of others a part is compared first.

    Raises:
        EmtError: an argument is wrong, or base, adapter and projector are not there or do not go together.
    """

    default_pretrained: ClassVar[str | None] = None
    default_template: ClassVar[str] = PLAIN
    model_types: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **given: Any) -> None:
        self.arguments = said = self.check(given)
        super().__init__(said.device, said.batch_size, said.max_batch_size, said.device_map)
        if self._device.type == "cpu":
            keep_freed_memory()
        config = load_config(said.pretrained, said.revision, said.trust_remote_code)
        self._require_family(config)
        self.processor = load_processor(said)
        self.complete_processor(config)
        self._model = load_model(said, config, self._device)
        if said.device_map:
            self._device = input_device(self._model)
        # Its own processor: tokenizers keep how they pad, and this one is used on another thread.
        self._preparation = Preparation(deepcopy(self.processor), self.default_template)
        lanes = 1 if said.device_map or said.trust_remote_code else lanes_for(self._model, self._device)
        self._generator = Lanes(self._model, self.processor.tokenizer, lanes)
        self._scorer = LabelScorer(self._model, self.processor.tokenizer, known=bool(self.model_types))
        self._tuning = Tuning(self._model, said.pretrained)
        self._whole: str | None = None  # what the base was trained into
        self.use_adapter(said.peft, said.projector)

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> Arguments:
        """As of `Wrapper`."""
        return check_arguments(cls, given)

    @classmethod
    def locate(cls, given: Mapping[str, Any]) -> Mapping[str, str]:
        """As of `Wrapper`: the base. Whether adapters fit it is `checkpoints.adapters.check_adapter`'s question."""
        said = cls.check(given)
        require_config(said.pretrained, said.revision)
        return {"pretrained": said.pretrained}

    def complete_processor(self, config: Any) -> None:
        """Tell `self.processor` what `config` says and a family's older checkpoints left out.

        It may be replaced by another that is called as transformers' are, and that has their `tokenizer` and
        `image_processor`.
        """

    @property
    def stop_strings(self) -> tuple[str, ...]:
        """What ends every answer, beside the checkpoint's end tokens and what the task says: the template's own."""
        return ends_of(self._preparation.template)

    def model_input(self, request: Instance) -> ModelInput:
        """As of `Wrapper`."""
        [ready] = self._preparation.prepared(generation_questions([request]), self.task_dict)
        return ModelInput(self._model, self.tokenizer, ready.prompts[0], self._placed(ready.inputs))

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """One answer for each request, in order, whatever the batch size.

        Raises:
            EmtError: a row's image can't be read, a setting is wrong, or memory does not suffice.
        """
        questions = generation_questions(requests)
        by_chance = any(question.settings and question.settings.samples for question in questions)
        # Side by side, which batch draws first from torch's one source of chance would be chance itself.
        lanes = 1 if by_chance else self._generator.count
        return self._answered(questions, self._preparation, self._generate, lanes=lanes)

    def loglikelihood(self, requests: list[Instance]) -> list[Likelihood]:
        """(loss, greedy) of each request's answer, in order; the harness takes the least loss for the likeliest.

        Several answers to one row and prompt are scored in one forward pass.

        Raises:
            EmtError: a row's image can't be read, an answer is empty, or memory does not suffice.
        """
        # Where the model reads a prompt otherwise than an answer, even one answer can't be put into the prompt's text.
        choices, alone = by_row(scoring_questions(requests), least=1 if self.config.model_type in WRITTEN else 2)
        found: list[Any] = [None] * len(requests)
        asked = [choice.question for choice in choices]
        chosen = self._answered(asked, self._preparation, self._score_labels, reported(choices))
        for choice, its_values in zip(choices, chosen, strict=True):
            for question, value in choice.spread(its_values):
                found[question.index] = value
        places = [replace(question, index=place) for place, question in enumerate(alone)]
        for question, value in zip(alone, self._answered(places, self._preparation, self.scored), strict=True):
            found[question.index] = value
        return found

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

    def changed_to(self, model_args: Mapping[str, str]) -> None:
        """Take note that the weights in memory were changed in place, by training, to those of a checkpoint on disk.

        Args:
            model_args: `peft`, `projector` or `pretrained` of that checkpoint; none of them for the base itself.
        """
        self._scorer.forget()
        self._generator.restart()
        self._whole = model_args.get("pretrained")
        self._tuned = (model_args.get("peft"), model_args.get("projector"))

    def weights_fingerprint(self) -> str:
        """The sha256, in hex, of the content of base, adapter and projector as they lie on disk."""
        if self._whole is not None:
            return fingerprint(self._whole)
        return fingerprint(self.arguments.pretrained, *self._tuned, self.arguments.revision)

    @property
    def encoder(self) -> str:
        """The vision encoder that it looks through (`encoders.encoder_of`)."""
        return encoder_of(self.config)

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

    def scored(self, ready: Prepared) -> list[Likelihood]:
        """The likelihood of `ready.answers`, each after its prompt: of a text that is both, in one pass."""
        pairs = zip(ready.prompts, ready.answers, strict=True)
        lengths = [answer_length(self.tokenizer, prompt, answer) for prompt, answer in pairs]
        return values(self._model, self._placed(ready.inputs), lengths)

    def _generate(self, ready: Prepared) -> list[str]:
        settings = ready.questions[0].settings
        assert settings is not None, "scoring questions are scored"
        ended = replace(settings, until=tuple(dict.fromkeys((*settings.until, *self.stop_strings))))
        return self._generator.answers(self._placed(ready.inputs), ready.prompts, ended)

    def _score_labels(self, ready: Prepared) -> list[list[Likelihood]]:
        assert ready.closed_set is not None, "choices have answers"
        return self._scorer.likelihoods(self._placed(ready.inputs), ready.closed_set, self._placed)

    def _placed(self, inputs: Batch) -> Batch:
        return on_device(prompted(inputs, learnt_tokens(self._model)), self._device, self._model.dtype)
