"""One identity for a picture: the hash of its pixels, however it was stored."""

import hashlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from emt_tasks.errors import EmtError
from emt_tasks.picture_bounds import bounded

PIXEL_HASH_RULE = "sha256 of RGB8, alpha dropped"
HASHED_AT_ONCE = 2**24  # bytes
LARGE = 2**24  # pixels; such are decoded one at a time
WIDE_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


class UnreadableImage(EmtError):  # noqa: N818  # reads as what it says
    """A stored picture that can't be decoded."""


def rgb(image: Image.Image) -> Image.Image:
    """`image` as 8-bit RGB, as transformers' processors and LLaVA's training see it.

    Grey is repeated; a palette is looked up; alpha is dropped, so transparent pixels show the colour they have under
    it. 16-bit grey keeps its upper 8 bits (Pillow's own conversion would make most of it white). Size, down to 1x1,
    and orientation stay.

    >>> rgb(Image.new("LA", (1, 1), (7, 0))).getpixel((0, 0))
    (7, 7, 7)
    """
    if image.mode == "RGB":
        return image
    if image.mode in WIDE_GREY:
        values = np.asarray(image)
        if int(values.max()) > 255:
            image = Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
    # Pillow warns where a palette with alpha is looked up in one step.
    stepped = image.mode == "P" and isinstance(image.info.get("transparency"), bytes)
    return image.convert("RGBA").convert("RGB") if stepped else image.convert("RGB")


def shown(image: Image.Image) -> Image.Image:
    """What a model is shown of `image`: `rgb`, within `picture_bounds`."""
    return bounded(rgb(image))


def pixel_hash(image: Image.Image) -> str:
    """The sha256, 64 hex digits, of the picture's RGB bytes (row by row, 3 bytes a pixel), as `rgb` gives them.

    It does not depend on file format, compression or grey against RGB storage, so that the same picture is
    recognised across harnesses, copies of a set and row orders.
    """
    whole = rgb(image)
    width, height = whole.size
    rows, digest = max(1, HASHED_AT_ONCE // (3 * width)), hashlib.sha256()
    for top in range(0, height, rows):  # a large picture is not copied whole
        digest.update(whole.crop((0, top, width, min(top + rows, height))).tobytes())
    return digest.hexdigest()


def stored_pixel_hash(stored: Mapping[str, Any] | None, where: str) -> str:
    """The `pixel_hash` of an image cell as `datasets` stores it, `{"bytes": ..., "path": ...}`.

    Raises:
        UnreadableImage: the bytes are no whole picture; `where` (which row of which set) is in the message.
    """
    digest = _hash_up_to(sys.maxsize, stored, where)
    assert digest is not None, "no picture is larger than that"
    return digest


def _hash_up_to(pixels: int, stored: Mapping[str, Any] | None, where: str) -> str | None:
    """`stored_pixel_hash` of a picture of at most so many pixels; None of a larger one, which is not decoded."""
    stored = stored or {}
    source = io.BytesIO(stored["bytes"]) if stored.get("bytes") else stored.get("path")
    try:
        with Image.open(source or "") as image:
            return pixel_hash(image) if image.width * image.height <= pixels else None
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableImage(
            f"{where} holds a picture that can't be read ({error}). Fetch the set again "
            "(delete its folder in the datasets cache), or mend the row where it comes from."
        ) from error


@contextmanager
def whole_pictures_only() -> Iterator[None]:
    """Have Pillow refuse truncated pictures meanwhile: lmms-eval tells it, for everybody, to fill them with grey."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def stored_pixel_hashes(cells: Sequence[Mapping[str, Any] | None], where: Sequence[str]) -> list[str]:
    """`stored_pixel_hash` of many cells in their order; decoding leaves the interpreter lock, so threads help.

    Large ones wait and are decoded one after the other: memory that a thread has used stays with it.
    """
    with whole_pictures_only():
        with ThreadPoolExecutor() as pool:
            found = list(pool.map(partial(_hash_up_to, LARGE), cells, where))
        each = zip(found, cells, where, strict=True)
        return [digest or stored_pixel_hash(cell, place) for digest, cell, place in each]
