"""Each distinct text embedded once, and kept: what an encoder of texts must be, and how it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from emt_tasks.clip_argmin.store import EmbeddingStore

KEPT_EVERY = 512  # texts: what is embedded is on disk at least so often


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts as points.

    Attributes:
        vectors: (n, d) float32, as the encoder has them, not normalised.
        truncated: (n,) bool, whether a text was longer than the encoder reads.
    """

    vectors: NDArray[np.float32]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.vectors)


class TextEncoder(Protocol):
    """What turns texts into points; `model_wrappers.text_encoders` has those of open_clip and sentence-transformers.

    Attributes:
        name: As its user asked for it.
        fingerprint: The sha256, in hex, of everything that a point depends on beside the text.
        longest: No text needs to be longer than this, in characters.
        width: Of its points.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def longest(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102

    def embedded(self, texts: Sequence[str]) -> Embedded:
        """The points of `texts`, in order; what is past its context is left out."""
        ...


def embedded(texts: Sequence[str], encoder: TextEncoder, store: EmbeddingStore) -> Embedded:
    """The points of `texts`, in order. Each distinct one is embedded at most once, and never again while it is kept."""
    distinct = dict.fromkeys(texts)
    known = store.kept(list(distinct))
    new = sorted((text for text in distinct if text not in known), key=len)  # batches of like lengths
    starts = range(0, len(new), KEPT_EVERY)
    for start in tqdm(starts, desc="embedding texts", unit=f"{KEPT_EVERY} texts", disable=len(starts) < 2):
        some = new[start : start + KEPT_EVERY]
        points = encoder.embedded(some)
        fresh = {
            text: (vector, bool(truncated))
            for text, vector, truncated in zip(some, points.vectors, points.truncated, strict=True)
        }
        store.keep(fresh)
        known.update(fresh)
    vectors = np.empty((len(texts), encoder.width), np.float32)
    truncated = np.zeros(len(texts), np.bool_)
    for place, text in enumerate(texts):
        vectors[place], truncated[place] = known[text]
    return Embedded(vectors, truncated)
