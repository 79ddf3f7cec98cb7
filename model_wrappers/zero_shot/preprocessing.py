"""open_clip's own preprocessing, a batch at a time, and of pictures of any shape without a huge one in between.

Every number is the one that open_clip's transform has of the picture alone, but of a picture that is more than some
300 times as long as wide: it may be a few of 255 levels off, since Pillow takes the two directions in another order.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from open_clip.transform import MaybeToTensor
from PIL import Image
from torch import Tensor
from torchvision.transforms import CenterCrop, Normalize, Resize

MOST_PIXELS = 2**24
"""Of a picture between resizing and cropping; 1x10,000 pixels would have 501 million at CLIP's 224."""
PIL_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


class Preprocessing:
    """What an open_clip transform makes of pictures, many at once.

    Args:
        transform: as `open_clip.transform.image_transform_v2` has it for evaluation.
    """

    def __init__(self, transform: Any) -> None:
        self._transform = transform
        steps = list(transform.transforms)
        known = [type(step) for step in steps[-2:]] == [MaybeToTensor, Normalize]
        self._on_pictures: list[Callable[[Image.Image], Image.Image]] | None = steps[:-2] if known else None
        self._normalize = steps[-1]

    def pixels(self, pictures: Iterable[Image.Image]) -> Tensor:
        """(B, 3, H, W) float32 of B RGB pictures, on the CPU; taken one after the other."""
        if self._on_pictures is None:
            return torch.stack([self._transform(picture) for picture in pictures])
        values = torch.from_numpy(np.stack([np.asarray(self._shaped(picture)) for picture in pictures]))  # (B, H, W, 3)
        found = values.permute(0, 3, 1, 2).contiguous().float().div_(255)
        mean, std = (torch.as_tensor(some, dtype=torch.float32) for some in (self._normalize.mean, self._normalize.std))
        return found.sub_(mean[:, None, None]).div_(std[:, None, None])

    def _shaped(self, picture: Image.Image) -> Image.Image:
        """`picture` resized and cropped."""
        assert self._on_pictures is not None
        steps = self._on_pictures
        if len(steps) > 1 and isinstance(steps[0], Resize) and isinstance(steps[1], CenterCrop):
            middle = _middle(picture, steps[0], steps[1])
            if middle is not None:
                picture, steps = middle, steps[2:]
        for step in steps:
            picture = step(picture)
        return picture


def _middle(picture: Image.Image, resize: Any, crop: Any) -> Image.Image | None:
    """What `crop` would leave of `resize`'s picture, resized alone; None where all of it may as well be made.

    Pillow looks past the box that it is told to resize, as far as its filter reaches, as it would in the whole.
    """
    short = resize.size if isinstance(resize.size, int) else None
    filter_ = PIL_FILTERS.get(resize.interpolation.value)
    height, width = crop.size
    if short is None or filter_ is None or max(height, width) > short:
        return None
    scale = short / min(picture.size)
    whole = [
        short if side == min(picture.size) else int(side * scale) for side in picture.size
    ]  # as torchvision has it
    if whole[0] * whole[1] <= MOST_PIXELS:
        return None
    left, top = (round((of - part) / 2) for of, part in zip(whole, (width, height), strict=True))
    across, down = (of / made for of, made in zip(picture.size, whole, strict=True))
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return picture.resize((width, height), filter_, box=box)
