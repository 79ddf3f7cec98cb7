"""Texts in batches, smaller ones where a GPU's memory does not suffice; it is shared with the model that answered."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from emt_tasks.errors import EmtError

CHARACTERS_A_TOKEN = 16
"""More than a token has on average in any text worth reading (English: 4), and few enough that open_clip's tokenizer,
whose time is quadratic in the length of a word, never stalls."""
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def in_batches(texts: Sequence[str], size: int, encode: Encode, width: int) -> NDArray[np.float32]:
    """The vectors of `texts`, (n, width) float32, in order.

    Raises:
        EmtError: not even one text fits.
    """
    found = [np.empty((0, width), np.float32)]
    start = 0
    while start < len(texts):
        try:
            found.append(encode(texts[start : start + size]))
        except torch.OutOfMemoryError as error:
            if size == 1:
                raise EmtError("the GPU has no memory left for encoding texts. Set EMT_CLIP_DEVICE=cpu.") from error
            size //= 2
            torch.cuda.empty_cache()
        else:
            start += size
    return np.concatenate(found)
