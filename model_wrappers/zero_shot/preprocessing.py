"""open_clip's own preprocessing, a batch at a time.

Every number is the one that open_clip's transform has of the picture alone, within `emt_tasks.picture_bounds`: a run's
pictures are inside them already.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from open_clip.transform import MaybeToTensor
from PIL import Image
from torch import Tensor
from torchvision.transforms import Normalize

from emt_tasks.picture_bounds import bounded


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
            return torch.stack([self._transform(bounded(picture)) for picture in pictures])
        values = torch.from_numpy(np.stack([np.asarray(self._shaped(picture)) for picture in pictures]))  # (B, H, W, 3)
        found = values.permute(0, 3, 1, 2).contiguous().float().div_(255)
        mean, std = (torch.as_tensor(some, dtype=torch.float32) for some in (self._normalize.mean, self._normalize.std))
        return found.sub_(mean[:, None, None]).div_(std[:, None, None])

    def _shaped(self, picture: Image.Image) -> Image.Image:
        """`picture` resized and cropped."""
        assert self._on_pictures is not None
        picture = bounded(picture)
        for step in self._on_pictures:
            picture = step(picture)
        return picture
