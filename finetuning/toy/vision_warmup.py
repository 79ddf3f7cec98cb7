"""A vision tower learns to tell classes apart before a language model listens to it.

LLaVA's tower comes trained, by CLIP on 400 million pairs. A toy's has to learn here, and a classifier's loss teaches it
in seconds what an answer's loss would in minutes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPVisionModel


class Labelled(NamedTuple):
    """A picture and the index of its class among those of all sets."""

    image: Image.Image
    target: int


class TowerClassifier(nn.Module):
    """A tower and a linear head over the mean of its last layer's patches, which are what the projector gets."""

    def __init__(self, tower: CLIPVisionModel, classes: int) -> None:
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(tower.config.hidden_size, classes)

    def forward(self, pixel_values: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Cross-entropy and logits, (B, classes), of pictures (B, 3, H, W) and their class indices (B,)."""
        patches = self.tower(pixel_values).last_hidden_state[:, 1:]  # (B, patches, width), without the class token
        logits = self.head(patches.mean(dim=1))
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class PictureCollator:
    """Makes batches of labelled pictures with the image processor that the whole model will use."""

    def __init__(self, image_processor: Any) -> None:
        self._image_processor = image_processor

    def __call__(self, rows: Sequence[Labelled]) -> dict[str, Tensor]:
        """pixel_values, (B, 3, H, W) float32, and labels, (B,) int64."""
        images = self._image_processor([row.image for row in rows], return_tensors="pt")
        return {"pixel_values": images["pixel_values"], "labels": torch.tensor([row.target for row in rows])}
