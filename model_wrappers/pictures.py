"""The pictures of a row, all in RGB, whatever mode they come in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from emt_tasks.errors import EmtError
from model_wrappers.questions import UNREADABLE, Question

WIDE_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def pictures_of(question: Question, row: Any) -> list[Image.Image]:
    """The RGB pictures of a question's row, in order; none for a question without a row.

    Raises:
        EmtError: a picture can't be decoded, or is none (a video, say).
    """
    if question.to_visuals is None or row is None:
        return []
    try:
        return [in_rgb(visual) for visual in question.to_visuals(row) or ()]
    except UNREADABLE as error:
        raise EmtError(f"the image in {question.place} can't be decoded ({error}). Fetch the set again.") from error
    except TypeError as error:
        raise EmtError(f"{question.place}: {error}") from error


def in_rgb(picture: Image.Image) -> Image.Image:
    """`picture` in RGB, as transformers' processors and LLaVA's training see it.

    Grey is repeated; a palette is looked up; alpha is dropped, so transparent pixels show the colour they have under
    it. 16-bit grey keeps its upper 8 bits (Pillow's own conversion would make most of it white). Size, down to 1x1,
    and orientation stay.

    Raises:
        TypeError: this is no picture.

    >>> in_rgb(Image.new("LA", (1, 1), (7, 0))).getpixel((0, 0))
    (7, 7, 7)
    """
    if not isinstance(picture, Image.Image):
        raise TypeError(f"models here see images, and this is a {type(picture).__name__}")
    if picture.mode == "RGB":
        return picture
    if picture.mode in WIDE_GREY:
        values = np.asarray(picture)
        if int(values.max()) > 255:
            picture = Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
    return picture.convert("RGBA").convert("RGB") if _has_palette_alpha(picture) else picture.convert("RGB")


def _has_palette_alpha(picture: Image.Image) -> bool:
    """Pillow warns where such a palette is looked up in one step."""
    return picture.mode == "P" and isinstance(picture.info.get("transparency"), bytes)


def sizes(pictures: Sequence[Image.Image]) -> tuple[tuple[int, int], ...]:
    """(width, height) in pixels of each."""
    return tuple(picture.size for picture in pictures)
