"""Answers of a model to a batch of prompts, through transformers' own `generate`."""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from model_wrappers.generating.drafts import Drafts, continued, may_draft
from model_wrappers.generating.settings import Settings
from model_wrappers.generating.stopping import StopStrings, cut, end_tokens


class Generator:
    """Generates answers.

    Args:
        model: a transformers model that generates, in eval mode.
        tokenizer: turns its tokens into text.
        drafts: what answers began with so far, shared with others that generate with the same weights.
    """

    def __init__(self, model: Any, tokenizer: Any, drafts: Drafts | None = None) -> None:
        self._model, self._tokenizer = model, tokenizer
        self.drafts = Drafts() if drafts is None else drafts

    @torch.inference_mode()
    def answers(self, inputs: Mapping[str, Any], prompts: Sequence[str], settings: Settings) -> list[str]:
        """One answer for each row: raw text without special tokens, cut before the first of `settings.until`.

        Args:
            inputs: what a processor made of B left-padded prompts, on the model's device.
            prompts: the B prompts as text: what tells rows asked alike from others.
            settings: how to generate.
        """
        ends = end_tokens(self._model, self._tokenizer, settings.until)
        start = inputs["input_ids"].shape[1]
        options = settings.options | {"eos_token_id": ends or None, "pad_token_id": self._tokenizer.pad_token_id}
        if settings.until:
            options["stopping_criteria"] = [StopStrings(self._tokenizer, settings.until, start)]
        rows = self._generated(inputs, [(prompt, settings) for prompt in prompts], settings, options)
        texts = self._tokenizer.batch_decode(rows.tolist(), skip_special_tokens=True)
        return [cut(text, settings.until) for text in texts]

    def _generated(
        self, inputs: Mapping[str, Any], prompts: Sequence[Hashable], settings: Settings, options: dict[str, Any]
    ) -> Tensor:
        """New tokens of each row, (B, m), padded on the right."""
        start = inputs["input_ids"].shape[1]
        plain = partial(self._model.generate, **options)
        if not may_draft(self._model, settings):
            made: Tensor = plain(**inputs, max_new_tokens=settings.max_new_tokens)
            return self._new(made, start)
        draft = self.drafts.for_prompts(prompts, settings.max_new_tokens)
        tried = None
        if draft:
            left = settings.max_new_tokens - len(draft)
            tried = continued(self._model, inputs, draft, lambda more, **how: plain(**more, **how, max_new_tokens=left))
        rows = tried if tried is not None else plain(**inputs, max_new_tokens=settings.max_new_tokens)
        new = self._new(rows, start)
        ends = {self._tokenizer.pad_token_id, *(options["eos_token_id"] or ()), *placeholders(self._model.config)}
        self.drafts.learn(prompts, [_until(row, ends) for row in new.tolist()])
        return new

    def _new(self, rows: Tensor, start: int) -> Tensor:
        """An encoder-decoder model's rows hold the answer alone."""
        return rows if self._model.config.is_encoder_decoder else rows[:, start:]


def placeholders(config: Any) -> set[int]:
    """The tokens that stand for pictures: a model may say one, and in a prompt it would ask for a picture more."""
    named = (getattr(config, name, None) for name in ("image_token_id", "image_token_index", "video_token_id"))
    return {token for token in named if isinstance(token, int)}


def _until(row: list[int], ends: set[int]) -> list[int]:
    """The tokens up to the first that ends an answer, that one included."""
    return row[: next((place for place, token in enumerate(row) if token in ends), len(row)) + 1]
