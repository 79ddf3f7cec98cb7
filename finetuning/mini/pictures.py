"""Pictures of the four sets in memory, small enough to be there at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from PIL import Image
from torch import Tensor
from torch.nn import functional

from finetuning.records.rows import InstructionRows, Part

Pixels = NDArray[np.uint8]
Class = tuple[str, str]
"""What a class is, whatever the set: its noun ("object" or "number") and its word."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A set among the pictures in memory.

    Attributes:
        words: of its classes, in index order.
        noun: what they are, "object" or "number".
        rows: which of the pictures are its own, (n,) int64.
        targets: the class of each of these within the set, (n,) int64.
    """

    words: tuple[str, ...]
    noun: str
    rows: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Rows of several sets.

    Attributes:
        pixels: (n, 3, side, side) uint8.
        targets: index into `classes` of each row, (n,) int64.
        classes: each once; a word that stands in two sets is one class.
        upright: whether a row must not be mirrored, (n,) bool: digits.
        subjects: the sets, in order.
    """

    pixels: Tensor
    targets: Tensor
    classes: tuple[Class, ...]
    upright: Tensor
    subjects: tuple[Subject, ...]

    def __len__(self) -> int:
        return len(self.targets)


def pictures_of(rows: InstructionRows, side: int) -> Pictures:
    """The rows in memory, each picture scaled to `side` pixels as an encoder's own transform does.

    Raises:
        UnreadableImage: one can't be decoded.
    """
    subjects = _subjects(rows)
    classes = tuple(sorted({(subject.noun, word) for subject in subjects for word in subject.words}))
    place = {each: index for index, each in enumerate(classes)}
    pixels = [picture for part in rows.parts for picture in _scaled(part, side)]
    words = [torch.tensor([place[subject.noun, word] for word in subject.words]) for subject in subjects]
    return Pictures(
        torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(),
        torch.cat([own[subject.targets] for own, subject in zip(words, subjects, strict=True)]),
        classes,
        torch.cat([torch.full((len(subject.rows),), subject.noun == "number") for subject in subjects]),
        subjects,
    )


def _subjects(rows: InstructionRows) -> tuple[Subject, ...]:
    first, found = 0, []
    for part in rows.parts:
        own = torch.arange(first, first + len(part.rows))
        targets = torch.from_numpy(part.source.targets[part.rows])
        found.append(Subject(part.source.labels, part.source.noun, own, targets))
        first += len(part.rows)
    return tuple(found)


def _scaled(part: Part, side: int) -> Iterator[Pixels]:
    """The pictures of a set; a row that weighs more is decoded once."""
    known: dict[int, Pixels] = {}
    for row in part.rows.tolist():
        if row not in known:
            known[row] = scaled(part.source.picture(row), side)
        yield known[row]


def scaled(picture: Image.Image, side: int) -> Pixels:
    """(side, side, 3) uint8: the shortest edge scaled to `side` (bicubic), the middle cut out."""
    width, height = picture.size
    if min(width, height) != side:
        short = min(width, height)
        picture = picture.resize((round(width * side / short), round(height * side / short)), Image.Resampling.BICUBIC)
        width, height = picture.size
    left, top = (width - side) // 2, (height - side) // 2
    return np.asarray(picture.crop((left, top, left + side, top + side)))


def varied(pixels: Tensor, upright: Tensor, shift: int) -> Tensor:
    """The pictures moved by up to `shift` pixels each way, and half of those that may be mirrored; drawn by torch."""
    rows, _, side, _ = pixels.shape
    padded = functional.pad(pixels, (shift, shift, shift, shift))
    span = torch.arange(side)
    down, right = (torch.randint(0, 2 * shift + 1, (rows, 1)) + span for _ in range(2))  # (B, side)
    mirrored = (torch.rand(rows) < 0.5) & ~upright
    right = torch.where(mirrored[:, None], right.flip(1), right)
    moved = padded[torch.arange(rows)[:, None, None], :, down[:, :, None], right[:, None, :]]  # (B, side, side, 3)
    return moved.permute(0, 3, 1, 2)


def normalised(pixels: Tensor) -> Tensor:
    """(B, 3, side, side) float32 of uint8: each colour less CLIP's mean, over CLIP's deviation."""
    mean, std = (255 * torch.tensor(each).view(1, 3, 1, 1) for each in (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD))
    return (pixels.float() - mean) / std
