"""A set of labelled pictures: rows stay on disk, and pictures are decoded when asked for."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import datasets
from PIL import Image

from emt_tasks.docs import pixel_hashes
from emt_tasks.images import UnreadableImage, rgb, whole_pictures_only
from finetuning.records.selection import Indices

MOST_NAMED = 3  # of what was passed over


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSet:
    """Pictures and their classes.

    Attributes:
        name: short, for folders and tables: "cifar10", "photos".
        labels: the words of its classes, in index order.
        noun: what they are: "object" or "number".
        targets: class index of each row, (n,) int64.
        cells: the `datasets` rows whose column `image` holds each picture as it is stored.
        passed_over: what lay among the pictures and was not taken for any, as `image_folder` has it.
    """

    name: str
    labels: tuple[str, ...]
    noun: str
    targets: Indices
    cells: datasets.Dataset
    passed_over: tuple[str, ...] = ()

    def picture(self, row: int) -> Image.Image:
        """The picture of `row` as RGB.

        Raises:
            UnreadableImage: it is damaged or gone.
        """
        cell = self.cells[row]["image"] or {}
        try:
            with whole_pictures_only(), Image.open(_source(cell)) as image:
                image.load()  # `rgb` gives an RGB picture back as it is, and this file is about to be closed
                return rgb(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            file = f" (file {cell['path']})" if cell.get("path") else ""
            raise UnreadableImage(
                f"{self.name}, row {row}{file}, holds a picture that can't be read ({error}). Fetch it again, or take "
                "it out."
            ) from error

    @property
    def passed_over_said(self) -> str:
        """What was passed over, to be put behind what is said of the set; empty where nothing was."""
        more = len(self.passed_over) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"; passed over: {', '.join(self.passed_over[:MOST_NAMED])}{rest}" if self.passed_over else ""

    def hashes(self, rows: Indices) -> list[str]:
        """The sha256 of the pixels of `rows`, in order; reads each picture, the first time (`docs.pixel_hashes`).

        Raises:
            UnreadableImage: the first that can't be decoded, by its row and file.
        """
        try:
            return pixel_hashes(self.cells.select(rows), "image", self.name)
        except UnreadableImage as error:
            raise self._blamed(rows) from error

    def fingerprint(self, rows: Indices) -> str:
        """The sha256, in hex, of the words of all classes, and of pictures and classes of `rows` in their order."""
        seen = hashlib.sha256("\n".join(self.labels).encode())
        for sha256, target in zip(self.hashes(rows), self.targets[rows].tolist(), strict=True):
            seen.update(f"\n{sha256} {target}".encode())
        return seen.hexdigest()

    def _blamed(self, rows: Indices) -> UnreadableImage:
        """What is wrong with the first of `rows` that can't be read."""
        for row in rows.tolist():
            try:
                self.picture(row)
            except UnreadableImage as error:
                return error
        raise AssertionError("a picture could not be read, and now all can")


def short_name(name: str) -> str:
    """A name that can be part of a folder's.

    >>> short_name("my photos/")
    'my-photos'
    """
    return "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in name).strip(".-") or "set"


def _source(cell: Mapping[str, Any]) -> Any:
    return io.BytesIO(cell["bytes"]) if cell.get("bytes") else str(cell.get("path") or "")
