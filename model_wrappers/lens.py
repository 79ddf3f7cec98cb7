"""LENS: a language model reads what vision modules say of an image (arXiv 2306.16410)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from lmms_eval.api.instance import Instance
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
)

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.fingerprint import fingerprint
from model_wrappers.checkpoints.loading import (
    FAILURES,
    load_config,
    load_options,
    pretrained_path,
    require_config,
    whole_model,
)
from model_wrappers.checkpoints.placement import input_device
from model_wrappers.closed_set.choices import by_row, reported
from model_wrappers.closed_set.label_scoring import ClosedSet, LabelScorer, seam_of
from model_wrappers.closed_set.label_tokens import fitting
from model_wrappers.generating.generation import Generator
from model_wrappers.generating.inputs import Batch, shorter
from model_wrappers.generating.pictures import pictures_of
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.questions import Question, generation_questions, rows_of, scoring_questions
from model_wrappers.lens_stages.arguments import LensArguments, read_lens_arguments
from model_wrappers.lens_stages.encoding import encoded
from model_wrappers.lens_stages.modules import LensModules
from model_wrappers.lens_stages.prompts import lens_prompt
from model_wrappers.lens_stages.vocabulary import locate_vocabulary
from model_wrappers.wrapper import ModelInput, Wrapper
from model_wrappers.zero_shot.arguments import source_of
from model_wrappers.zero_shot.loading import source_fingerprint
from model_wrappers.zero_shot.locating import locate_encoder


class EmtLens(Wrapper):
    """LENS's tags, attributes and captions, and a language model (Flan-T5 by default) that reads them.

    Args:
        **given: the fields of `lens_arguments.LensArguments`.

    Raises:
        EmtError: an argument is wrong, or a model or vocabulary can't be used.
    """

    name: ClassVar[str] = "emt_lens"
    not_applicable: ClassVar[Mapping[str, str]] = {"adapters": "adapters go on models that see, its own only reads"}

    def __init__(self, **given: Any) -> None:
        self.arguments = said = self.check(given)
        super().__init__(said.device, said.batch_size, said.max_batch_size, said.device_map)
        dtype = _dtype(said.dtype, self.device)
        self._model, self._tokenizer = _language_model(said.of_language_model, self.device)
        self._reads_on = input_device(self._model) if said.device_map else self.device
        self._modules = LensModules(said, dtype, self.device)
        self._preparation = LensPreparation(self._modules)
        self._generator = Generator(self._model, self._tokenizer)
        self._scorer = LabelScorer(self._model, self._tokenizer, known=False)

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> LensArguments:
        """The arguments as the constructor will read them; what they name is looked for and not loaded.

        Raises:
            EmtError: one of them is wrong.
        """
        return read_lens_arguments(given, cls.name)

    @classmethod
    def locate(cls, given: Mapping[str, Any]) -> Mapping[str, str]:
        """As of `Wrapper`: language model, captioner, encoder and both vocabularies."""
        said = cls.check(given)
        require_config(said.pretrained)
        require_config(said.blip, what="blip")
        encoder = locate_encoder(source_of(said.clip_model, said.clip_pretrained), "clip_pretrained")
        phrases = {kind: locate_vocabulary(kind, getattr(said, kind)) for kind in ("tags", "attributes")}
        return {"pretrained": said.pretrained, "blip": said.blip, "clip_pretrained": encoder, **phrases}

    def model_input(self, request: Instance) -> ModelInput:
        """As of `Wrapper`: what the language model reads, which holds what the modules said of the picture."""
        [ready] = self._preparation.prepared(generation_questions([request]), self.task_dict)
        [prompt] = self.prompts(ready)
        return ModelInput(self._model, self._tokenizer, prompt, self._tokens([prompt]))

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """One answer for each request, in order, whatever the batch size.

        Raises:
            EmtError: a row's image can't be read, or a setting is wrong.
        """
        return self._answered(generation_questions(requests), self._preparation, self._generate)

    def loglikelihood(self, requests: list[Instance]) -> list[Likelihood]:
        """The likelihood of each request's answer, in order.

        Raises:
            EmtError: a row's image can't be read, or an answer has to be made from its row.
        """
        choices, alone = by_row(scoring_questions(requests))
        if made := next((question for question in alone if callable(question.answer)), None):
            raise EmtError(f"{made.place}: {self.name} scores answers that are text, not ones made from the row.")
        found: list[Any] = [None] * len(requests)
        asked = [choice.question for choice in choices]
        chosen = self._answered(asked, self._preparation, self._score, reported(choices))
        for choice, values in zip(choices, chosen, strict=True):
            for question, value in choice.spread(values):
                found[question.index] = value
        single = [replace(one, index=place, answers=(str(one.answer),)) for place, one in enumerate(alone)]
        first = self._answered(single, self._preparation, lambda ready: [row[0] for row in self._score(ready)])
        for question, value in zip(alone, first, strict=True):
            found[question.index] = value
        return found

    def weights_fingerprint(self) -> str:
        """The sha256, in hex, of all three models' weights and both vocabularies."""
        parts = (
            fingerprint(self.arguments.pretrained),
            fingerprint(self.arguments.blip),
            source_fingerprint(self._modules.encoder.source),
            self._modules.tags.fingerprint,
            self._modules.attributes.fingerprint,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def encoder(self) -> str:
        """The vision encoder that its tags and attributes come from, by open_clip's names."""
        return self._modules.encoder.source.name

    @property
    def details(self) -> dict[str, str]:
        """What the manifest says beside the arguments."""
        said = self.arguments
        return {"encoder": self.encoder, "llm": said.pretrained, "captioner": said.blip, "mode": said.mode}

    def prompts(self, ready: Prepared) -> list[str]:
        """What the language model is given for each question."""
        said = self._modules.descriptions(ready.inputs)
        return [lens_prompt(one, text, self.arguments.mode) for one, text in zip(said, ready.prompts, strict=True)]

    def _generate(self, ready: Prepared) -> list[str]:
        settings = ready.questions[0].settings
        assert settings is not None, "scoring questions are scored"
        prompts = self.prompts(ready)
        return self._generator.answers(encoded(self._model, self._tokens(prompts)), prompts, settings)

    def _score(self, ready: Prepared) -> list[list[Likelihood]]:
        """Of each row the likelihood of its question's answers, which are one batch's; all prompts end alike."""
        prompts = self.prompts(ready)
        answers = [fitting(prompts[0], answer) for answer in ready.questions[0].answers]
        cut, trie = seam_of(self._tokenizer, prompts[0], answers)
        inputs = encoded(self._model, shorter(self._tokens(prompts), cut))
        return self._scorer.likelihoods(inputs, ClosedSet(prompts[0], cut, trie, None), dict)

    def _tokens(self, prompts: Sequence[str]) -> Batch:
        made = self._tokenizer(list(prompts), padding=True, return_tensors="pt", verbose=False)
        return {name: made[name].to(self._reads_on) for name in ("input_ids", "attention_mask")}


class LensPreparation:
    """Makes pictures ready for the modules, beside the models.

    Args:
        modules: whose preprocessing it is.
    """

    def __init__(self, modules: LensModules) -> None:
        self._modules = modules

    def prepared(self, questions: Sequence[Question], task_dict: Any) -> list[Prepared]:
        """The questions of one batch; `inputs` is what `LensModules.inputs` makes.

        Raises:
            EmtError: a row has not one picture, or it can't be read.
        """
        seen = [pictures_of(*each) for each in zip(questions, rows_of(questions, task_dict), strict=True)]
        for question, pictures in zip(questions, seen, strict=True):
            if len(pictures) != 1:
                raise EmtError(f"{question.place} has {len(pictures)} images; emt_lens answers about one.")
        contexts = [question.context for question in questions]
        inputs = self._modules.inputs([pictures[0] for pictures in seen])
        return [Prepared(list(questions), contexts, [""] * len(contexts), inputs)]

    def length(self, question: Question) -> int:
        """Characters of the question: what the modules add is not known yet."""
        return len(question.context)


def _dtype(name: str, device: torch.device) -> torch.dtype | str:
    """The dtype to load in; `auto` is float32 on a CPU, else the checkpoint's own."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else "auto"
    found: torch.dtype = getattr(torch, name)
    return found


def _language_model(said: Arguments, device: torch.device) -> tuple[Any, Any]:
    name = said.pretrained
    config = load_config(name, None, trust_remote_code=False)
    seq2seq = config.is_encoder_decoder
    if type(config) not in (MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING if seq2seq else MODEL_FOR_CAUSAL_LM_MAPPING):
        raise EmtError(
            f"pretrained={name} is a {config.model_type}, which can't be loaded as a language model. Name one that "
            f"reads and writes text, as {LensArguments().pretrained}."
        )
    kind = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
    options = load_options(said, config, device)
    model = whole_model(kind, name, **options)
    try:
        tokenizer = AutoTokenizer.from_pretrained(pretrained_path(name))
    except FAILURES as error:
        raise EmtError(f"pretrained={name} can't be loaded as a language model: its tokenizer. {error}") from error
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    laid_out = "device_map" in options or "quantization_config" in options
    return model if laid_out else model.to(device), tokenizer
