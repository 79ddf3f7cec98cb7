"""The text tower of an open_clip model; its picture tower is let go."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from emt_tasks.clip_argmin.embedding import Embedded
from model_wrappers.text_encoders.batches import CHARACTERS_A_TOKEN, in_batches
from model_wrappers.zero_shot.arguments import Source
from model_wrappers.zero_shot.loading import load_encoder, source_fingerprint

PROBE = "The object in the image is a(n) ship, number 8; Ünïcode and 中文 too."
"""Whose tokens are part of a fingerprint: a tokenizer may come from another place than the weights."""


class OpenClipTexts:
    """Texts as open_clip's `encode_text` has them, in float32.

    Args:
        name: as its user asked for it.
        source: the checkpoint.
        device: where it computes.
        batch_size: texts at once.

    Raises:
        EmtError: the checkpoint can't be had or used.
    """

    def __init__(self, name: str, source: Source, device: torch.device, batch_size: int) -> None:
        loaded = load_encoder(source, "float32", torch.device("cpu"))
        self.name, self._device, self._batch_size = name, device, batch_size
        self._tokenizer, self._model = loaded.tokenizer, loaded.model
        self._model.visual = None  # most of the weights
        self._model.to(device)
        self._context = int(self._tokenizer.context_length)
        self.longest = CHARACTERS_A_TOKEN * self._context
        tokens = self._tokenizer([PROBE])
        self.fingerprint = hashlib.sha256(f"{source_fingerprint(source)} {tokens.tolist()}".encode()).hexdigest()
        self.width = int(self._encode([PROBE]).shape[1])

    def embedded(self, texts: Sequence[str]) -> Embedded:
        """The points of `texts`, in order; past the context (77 tokens of CLIP's) a text is left out.

        Raises:
            EmtError: memory does not suffice.
        """
        truncated = np.array([self._tokens(text) > self._context for text in texts], np.bool_)
        return Embedded(in_batches(texts, self._batch_size, self._encode, self.width), truncated)

    def _tokens(self, text: str) -> int:
        """How many tokens `text` is with its marks of beginning and end; of a short one only that it fits."""
        if len(text.encode()) <= self._context - 3:  # a token is a byte at least
            return 0
        if hasattr(self._tokenizer, "encode"):  # open_clip's own
            return len(self._tokenizer.encode(text)) + 2
        return len(self._tokenizer.tokenizer(self._tokenizer.clean_fn(text), truncation=False)["input_ids"])

    @torch.inference_mode()
    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._model.encode_text(self._tokenizer(list(texts)).to(self._device))
        return np.asarray(vectors.float().cpu().numpy(), np.float32)
