"""Batches cut from decoded pictures: moved, mirrored and scaled all at once, and every chance a rule of the epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from finetuning.records.selection import Indices, generator
from finetuning.repro.pictures import Pictures
from finetuning.training.order import epoch_order

ON_DEVICE = 0.25  # share of a GPU's free memory that the pictures may take


@dataclass(frozen=True, slots=True)
class Look:
    """How a network sees pictures.

    Attributes:
        mean: of each channel, of values in [0, 1].
        std: the same.
        side: pixels along the edge that the network takes; pictures of another are scaled.
        crop: by how many of their own pixels pictures are moved at most.
        flip: whether they are mirrored by chance.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    side: int
    crop: int = 0
    flip: bool = False


class Batches:
    """Cuts batches for one device.

    Args:
        pictures: all of them.
        look: how they are seen.
        device: where batches go; the pictures lie there too if there is room.
    """

    def __init__(self, pictures: Pictures, look: Look, device: torch.device) -> None:
        self.look, self.device, self.targets = look, device, torch.from_numpy(pictures.targets)
        self._pixels = pictures.pixels
        if device.type == "cuda" and self._pixels.nbytes < ON_DEVICE * torch.cuda.mem_get_info(device)[0]:
            self._pixels = self._pixels.to(device)
        self._mean, self._scale = (torch.tensor(some, device=device) * 255 for some in (look.mean, look.std))

    def of_epoch(self, rows: Indices, size: int, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """An epoch's batches, ((B, 3, side, side) float32, (B,) int64): each row once, in an order of its own.

        A last batch of less than half the size joins the one before: of a few pictures batch norm measures nothing.
        """
        order = rows[epoch_order(len(rows), seed, epoch)]
        chance = generator(seed, "look", str(epoch))
        pad = self.look.crop
        moves = chance.integers(0, 2 * pad + 1, (len(rows), 2)) - pad
        mirrored = chance.random(len(rows)) < (0.5 if self.look.flip else 0)
        starts = list(range(0, len(order), size))
        if len(starts) > 1 and len(order) - starts[-1] < size / 2:
            starts.pop()
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            part = slice(start, end)
            yield self._cut(order[part], moves[part], mirrored[part])

    def plain(self, rows: Indices, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of `rows` in order, neither moved nor mirrored."""
        for start in range(0, len(rows), size):
            yield self._cut(rows[start : start + size], None, None)

    def _cut(self, rows: Indices, moves: Indices | None, mirrored: np.ndarray | None) -> tuple[Tensor, Tensor]:
        place = torch.from_numpy(rows)
        pixels = self._pixels[place.to(self._pixels.device)]
        if moves is not None and mirrored is not None and (self.look.crop or self.look.flip):
            pixels = shifted(pixels, torch.from_numpy(moves), torch.from_numpy(mirrored))
        seen = pixels.to(self.device, non_blocking=True).float()
        side = (self.look.side, self.look.side)
        if seen.shape[1:3] != side:
            wide = interpolate(seen.permute(0, 3, 1, 2), side, mode="bicubic", antialias=True, align_corners=False)
            seen = wide.clamp_(0, 255).permute(0, 2, 3, 1)  # Pillow, too, ends at black and white
        # Channels stay last in memory, as convolutions like it.
        found = seen.sub_(self._mean).div_(self._scale).permute(0, 3, 1, 2)
        return found, self.targets[place].to(self.device)


def shifted(pixels: Tensor, moves: Tensor, mirrored: Tensor) -> Tensor:
    """Pictures that are moved, with black where nothing was, and mirrored.

    Args:
        pixels: (B, S, S, 3).
        moves: (B, 2) int64, pixels by which the picture goes up and left.
        mirrored: (B,) bool, from left to right, before they are moved.
    """
    side = pixels.shape[1]
    along = torch.arange(side)
    down, across = along + moves[:, :1], along + moves[:, 1:]  # (B, S)
    inside = ((down >= 0) & (down < side))[:, :, None] & ((across >= 0) & (across < side))[:, None, :]
    across = torch.where(mirrored[:, None], side - 1 - across, across)
    place = (down.clamp(0, side - 1)[:, :, None] * side + across.clamp(0, side - 1)[:, None, :]).to(pixels.device)
    flat = pixels.reshape(len(pixels), side * side, -1)
    found = flat[torch.arange(len(pixels), device=pixels.device)[:, None], place.view(len(pixels), -1)]
    return (found * inside.to(pixels.device).view(len(pixels), -1, 1)).view(pixels.shape)


def channel_statistics(pictures: Pictures) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel over all pictures, of values in [0, 1]; no deviation is 0."""
    counts = torch.zeros(3, 256, dtype=torch.int64)
    for some in torch.split(pictures.pixels, 1024):
        for channel in range(3):
            counts[channel] += torch.bincount(some[..., channel].reshape(-1), minlength=256)
    shares = counts.double() / counts.sum(dim=1, keepdim=True)
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = shares @ values
    variance = (shares @ values.square()) - mean.square()
    return tuple(mean.tolist()), tuple(variance.clamp(min=1e-6).sqrt().tolist())
