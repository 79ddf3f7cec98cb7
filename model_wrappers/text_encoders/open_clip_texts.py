"""The text tower of an open_clip model; its picture tower is let go."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emt_tasks.clip_argmin.embedding import Embedded
from model_wrappers.text_encoders.batches import CHARACTERS_A_TOKEN, in_batches
from model_wrappers.zero_shot.arguments import Source
from model_wrappers.zero_shot.loading import load_encoder, source_fingerprint

PROBE = "The object in the image is a(n) ship, number 8; Ünïcode and 中文 too."
"""Whose tokens are part of a fingerprint: a tokenizer may come from another place than the weights."""

PAD = 0  # of open_clip's own tokenizer


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
        self._trims = self._can_trim()
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

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = self._tokenizer(list(texts))
        used = _used(tokens) if self._trims else tokens.shape[1]
        return self._points(tokens[:, :used])

    @torch.inference_mode()
    def _points(self, tokens: Tensor) -> NDArray[np.float32]:
        """Of (n, used) tokens the vectors, (n, width); `used` is the context, or less of a tower that trims."""
        with _trimmed(self._model, tokens.shape[1]):
            vectors = self._model.encode_text(tokens.to(self._device))
        return np.asarray(vectors.float().cpu().numpy(), np.float32)

    def _can_trim(self) -> bool:
        """Whether what follows the longest text's end can be left out: five times faster for a sentence.

        It can where each token sees only those before it and the last one is the text's, as in CLIP. It is tried.
        """
        if not hasattr(self._tokenizer, "encode"):
            return False
        tokens = self._tokenizer([PROBE, "ship"])
        try:
            return np.allclose(self._points(tokens), self._points(tokens[:, : _used(tokens)]), rtol=1e-4, atol=1e-4)
        except RuntimeError:  # shapes that do not go together
            return False


def _used(tokens: Tensor) -> int:
    """The number of columns up to the last that holds a token; within a text 0 is a token too."""
    return int((tokens != PAD).any(dim=0).nonzero().max()) + 1


@contextmanager
def _trimmed(model: Any, used: int) -> Iterator[None]:
    """Let a `CLIP`, whose own `encode_text` asks for the whole context, take `used` tokens meanwhile."""
    positions, mask = getattr(model, "positional_embedding", None), getattr(model, "attn_mask", None)
    if positions is None or mask is None or used == len(positions):
        yield
        return
    try:
        model.positional_embedding = torch.nn.Parameter(positions[:used], requires_grad=False)
        model.attn_mask = mask[:used, :used]
        yield
    finally:
        model.positional_embedding, model.attn_mask = positions, mask
