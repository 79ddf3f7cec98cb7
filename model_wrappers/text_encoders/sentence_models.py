"""The models of sentence-transformers, which is an extra: `pip install 'emt-bench[sentences]'`."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub import errors, try_to_load_from_cache
from numpy.typing import NDArray

from emt_tasks.clip_argmin.embedding import Embedded
from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.fingerprint import file_hash
from model_wrappers.text_encoders.batches import CHARACTERS_A_TOKEN, in_batches
from model_wrappers.text_encoders.naming import OF_SENTENCES, Sentences

COUNTS = (".json", ".txt", ".model", ".safetensors", ".bin")
"""Files that a point depends on: weights, settings, vocabularies."""
NO_LIMIT = 8192  # tokens, of models that have no context: enough for any answer
FAILURES = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError, errors.HfHubHTTPError)
"""What the library raises of a model that it can't find or use."""


class SentenceModel:
    """Texts as the library's own `encode` has them, in float32.

    Args:
        name: as its user asked for it.
        source: where it is.
        device: where it computes.
        batch_size: texts at once.

    Raises:
        EmtError: the library is not installed, or the model can't be had or used.
    """

    def __init__(self, name: str, source: Sentences, device: torch.device, batch_size: int) -> None:
        self.name, self._batch_size = name, batch_size
        self._model = _loaded(name, source.place, device)
        limit = self._model.max_seq_length
        self._context = int(limit) if limit is not None and math.isfinite(limit) else None
        self.longest = CHARACTERS_A_TOKEN * (self._context or NO_LIMIT)
        self.fingerprint = folder_fingerprint(source.folder or _in_cache(source.place))
        self.width = int(self._encode(["?"]).shape[1])

    def embedded(self, texts: Sequence[str]) -> Embedded:
        """The points of `texts`, in order; past the model's `max_seq_length` a text is left out.

        Raises:
            EmtError: memory does not suffice.
        """
        truncated = np.array([self._is_longer(text) for text in texts], np.bool_)
        return Embedded(in_batches(texts, self._batch_size, self._encode, self.width), truncated)

    def _is_longer(self, text: str) -> bool:
        if self._context is None or len(text.encode()) <= self._context - 3:  # a token is a byte at least
            return False
        return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"]) > self._context

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(list(texts), batch_size=len(texts), show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def folder_fingerprint(folder: Path) -> str:
    """The sha256, in hex, of the files in and below `folder` that count; other formats of the same weights do not.

    Raises:
        EmtError: a file can't be read.
    """
    files = [path for path in folder.rglob("*") if path.suffix in COUNTS and path.is_file()]
    safe = {path.with_suffix("").parent for path in files if path.suffix == ".safetensors"}
    counted = [path for path in files if path.suffix != ".bin" or path.parent not in safe]
    lines = sorted(f"{path.relative_to(folder)} {file_hash(path)}" for path in counted)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _loaded(name: str, place: str, device: torch.device) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmtError(
            f"{name} is a model of sentence-transformers, which is not installed. pip install 'emt-bench[sentences]', "
            "or name an encoder of open_clip (EMT_CLIP_TEXT_MODEL=ViT-L-14/openai)."
        ) from error
    try:
        model = SentenceTransformer(place, device=str(device), trust_remote_code=False)
    except FAILURES as error:
        said = " ".join(str(error).split())[:400]
        raise EmtError(f"sentence-transformers can't load {name}: {said}") from error
    return model.float().eval()


def _in_cache(hub_id: str) -> Path:
    """The folder of the hub's cache that `hub_id` was loaded from."""
    for file in (OF_SENTENCES, "config.json"):
        found = try_to_load_from_cache(hub_id, file)
        if isinstance(found, str):
            return Path(found).parent
    raise EmtError(f"{hub_id} is not in the hub's cache any more. Name a folder.")
