"""Whether a miniature fits into this machine's memory, and what is said where it does not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from emt_tasks.errors import EmtError
from finetuning.mini.miniature import Miniature

FLOAT = 4  # bytes
OF_A_WEIGHT = 3  # numbers at least: itself, its gradient, and a moment (Muon; AdamW has two)
MARKS = ("can't allocate memory", "not enough memory", "Storage size calculation overflowed")
"""Of torch, whose errors of this kind have no class of their own on a CPU."""


def bytes_to_learn(miniature: Miniature) -> int:
    """What the larger of the trained models takes at least.

    Without its words, of which there may be fewer than are allowed, and what its layers compute on the way.
    """
    encoder, language = miniature.encoder, miniature.language
    towers = encoder.layers * encoder.width**2 + encoder.text_layers * encoder.text_width**2
    decoder = (4 + 3 * 3) * language.layers * language.width**2  # attention, and three matrices three times as wide
    return FLOAT * OF_A_WEIGHT * max(12 * towers, decoder)


def require_fits(miniature: Miniature) -> None:
    """Refuse a miniature whose weights alone are more than this machine's memory, before anything is allocated.

    Raises:
        EmtError: they are.
    """
    needed = bytes_to_learn(miniature)
    if needed > _memory():
        raise _too_large(f"; its weights and what learns them take {needed / 1e9:,.0f} GB at least")


@contextmanager
def within_memory() -> Iterator[None]:
    """Say that a miniature is too large, where torch can't allocate what it takes.

    Raises:
        EmtError: it can't.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(mark in str(error) for mark in MARKS):
            raise
        raise _too_large("") from error


def _too_large(why: str) -> EmtError:
    return EmtError(
        f"the miniature does not fit into this machine's memory of {_memory() / 1e9:,.1f} GB{why}. Lower "
        "language.width, encoder.width or a batch_size."
    )


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
