"""A set's pictures, decoded once: bytes in memory from which every batch is cut."""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from emt_tasks.errors import EmtError
from emt_tasks.progress import ImageProgress
from finetuning.records.labelled import LabelledSet
from finetuning.records.selection import Indices, drawn

LOOKED_AT = 256  # pictures whose size says how large the set's are
MANY = 20_000  # pictures: from here on reading them is told of


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Square pictures of one size.

    Attributes:
        name: of the set.
        labels: the words of its classes, in index order.
        noun: what they are: "object" or "number".
        pixels: (N, side, side, 3) uint8.
        targets: class index of each, (N,) int64.
    """

    name: str
    labels: tuple[str, ...]
    noun: str
    pixels: Tensor
    targets: Indices

    @property
    def side(self) -> int:
        """Pixels along an edge."""
        return int(self.pixels.shape[1])

    def fingerprint(self) -> str:
        """The sha256, in hex, of all pixels, classes and their words."""
        seen = hashlib.sha256("\n".join(self.labels).encode())
        seen.update(str(tuple(self.pixels.shape)).encode())
        seen.update(np.ascontiguousarray(self.targets).data)
        seen.update(self.pixels.numpy().data)
        return seen.hexdigest()


def rows_of_classes(source: LabelledSet, rows: Indices, most: int | None, seed: int) -> Indices:
    """`rows`, at most `most` of each class, drawn by `seed`, ascending; every class has some.

    Raises:
        EmtError: a class has none.
    """
    targets = source.targets[rows]
    counts = np.bincount(targets, minlength=len(source.labels))
    if (counts == 0).any():
        empty = source.labels[int(np.argmin(counts))]
        raise EmtError(
            f"{source.name}: the class {empty!r} has no picture among the {len(rows):,} rows that were asked for. "
            "Take more rows, or take the class out."
        )
    if most is None:
        return rows
    chosen = [drawn(rows[targets == label], most, seed) for label in range(len(source.labels))]
    return np.sort(np.concatenate(chosen))


def side_of(source: LabelledSet, rows: Indices, most: int) -> int:
    """The side that a set's pictures are read at: the median of their shorter sides, at most `most`."""
    sample = rows[np.linspace(0, len(rows) - 1, min(LOOKED_AT, len(rows)), dtype=np.int64)]
    return min(most, int(np.median([min(source.picture(row).size) for row in sample.tolist()])))


def read_pictures(source: LabelledSet, rows: Indices, side: int, shown: bool = True) -> Pictures:
    """The pictures of `rows`, each scaled to cover a square of `side` and cut to its middle.

    Raises:
        UnreadableImage: one is damaged; it is named by its row and file.
        EmtError: there is no memory for them.
    """
    try:
        pixels = np.empty((len(rows), side, side, 3), dtype=np.uint8)
    except MemoryError as error:
        raise EmtError(
            f"{len(rows):,} pictures of {side}x{side} need {len(rows) * side * side * 3 / 1e9:.1f} GB of memory. Take "
            "fewer (--limit), or smaller ones (--side)."
        ) from error
    with ImageProgress(len(rows), shown=shown and len(rows) >= MANY) as progress:
        for place, row in enumerate(rows.tolist()):
            picture = source.picture(row)
            if picture.size != (side, side):
                picture = ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC)
            pixels[place] = np.asarray(picture)
            progress.advance(1)
    return Pictures(source.name, source.labels, source.noun, torch.from_numpy(pixels), source.targets[rows])
