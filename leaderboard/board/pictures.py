"""The pictures of a board's samples, a sprite a set, where they are at hand and may be shown."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from emt_tasks.stored_pictures import Wanted, thumbnails
from leaderboard.board.view import Board, Sample, Sprite

ALWAYS = ("mnist", "cifar10", "cifar100")  # small, and shown on every page about them
SIDES: Mapping[str, int] = {"mnist": 28, "cifar10": 32, "cifar100": 32, "miniimagenet": 56}
COLUMNS, QUALITY = 20, 70


def with_pictures(board: Board, folder: Path | None, everything: bool = False) -> Board:
    """The board with sprites of the pictures that are at hand.

    Args:
        board: without them.
        folder: as `EMT_DATA_DIR` names one; the hub's cache where it is None.
        everything: miniImageNet's too, whose terms are those of research.
    """
    keys = [one.key for one in board.sets if everything or one.key in ALWAYS]
    wanted = {(one.key, one.image): one for one in board.samples if one.image and one.key in keys}
    found = thumbnails((Wanted(key, image or "", one.row) for (key, image), one in wanted.items()), folder)
    tiles = {key: _tiles(key, board.samples, found) for key in keys}
    sprites = {key: sprite(key, [found[image] for image in those]) for key, those in tiles.items() if those}
    return replace(
        board,
        sets=tuple(replace(one, sprite=sprites.get(one.key)) for one in board.sets),
        samples=tuple(replace(one, tile=tiles.get(one.key, {}).get(one.image or "")) for one in board.samples),
    )


def _tiles(key: str, samples: Iterable[Sample], found: Mapping[str, bytes]) -> dict[str, int]:
    """The tile of each picture of a set, in the order of the samples."""
    images = dict.fromkeys(one.image for one in samples if one.key == key and one.image in found)
    return {image: place for place, image in enumerate(images) if image is not None}


def sprite(key: str, pictures: Sequence[bytes]) -> Sprite:
    """The pictures side by side as one WebP."""
    side, count = SIDES[key], len(pictures)
    columns = min(COLUMNS, count)
    sheet = Image.new("RGB", (columns * side, -(-count // columns) * side), "white")
    for place, stored in enumerate(pictures):
        with Image.open(io.BytesIO(stored)) as picture:
            tile = picture.convert("RGB")
        if max(tile.size) > side:
            tile.thumbnail((side, side), Image.Resampling.LANCZOS)
        sheet.paste(tile, (place % columns * side, place // columns * side))
    written = io.BytesIO()
    lossless = side <= 32  # every pixel counts
    sheet.save(written, "WEBP", quality=QUALITY, method=6, lossless=lossless)
    uri = f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"
    return Sprite(uri, side, columns, count)
