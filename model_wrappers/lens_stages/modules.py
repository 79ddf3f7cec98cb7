"""LENS's eyes: an open_clip encoder with two vocabularies, and a captioner; and what they say of pictures."""

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from PIL.Image import Image
from transformers import AutoProcessor, BlipForConditionalGeneration

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.loading import FAILURES, load_config, pretrained_path, whole_model
from model_wrappers.generating.inputs import Batch
from model_wrappers.lens_stages.arguments import LensArguments
from model_wrappers.lens_stages.captions import Captioner
from model_wrappers.lens_stages.prompts import Description
from model_wrappers.lens_stages.vocabulary import read_vocabulary
from model_wrappers.zero_shot.arguments import source_of
from model_wrappers.zero_shot.classifier import image_features
from model_wrappers.zero_shot.loading import load_encoder


class LensModules:
    """Describes pictures.

    Args:
        said: which modules, and how much they say.
        dtype: to load them in.
        device: where they go.

    Raises:
        EmtError: one of them can't be loaded.
    """

    def __init__(self, said: LensArguments, dtype: torch.dtype | str, device: torch.device) -> None:
        self._said, self._device = said, device
        self.encoder = load_encoder(source_of(said.clip_model, said.clip_pretrained), said.dtype, device)
        self.tags = read_vocabulary("tags", said.tags, self.encoder, device)
        self.attributes = read_vocabulary("attributes", said.attributes, self.encoder, device)
        self._blip, processor = _blip(said.blip, dtype, device)
        self._see = processor.image_processor
        self._captioner = Captioner(self._blip, processor.tokenizer)

    def inputs(self, pictures: Sequence[Image]) -> Batch:
        """`clip`, `blip` (B, 3, H, W) float32 on the CPU, and `seeds`, of B RGB pictures."""
        blip = self._see(images=list(pictures), return_tensors="pt")["pixel_values"]
        return {"clip": self.encoder.pixels(pictures), "blip": blip, "seeds": [_seed(one) for one in pictures]}

    def descriptions(self, inputs: Batch) -> list[Description]:
        """What each of B pictures shows; the same whatever pictures are beside it."""
        said = self._said
        features = image_features(self.encoder.model, inputs["clip"].to(self._device, self.encoder.dtype))
        tags = self.tags.nearest(features, said.num_tags, said.threshold)
        attributes = self.attributes.nearest(features, said.num_attributes, said.threshold)
        number = 0 if said.mode == "vision" else said.num_captions
        pixels = inputs["blip"].to(self._device, self._blip.dtype)
        captions = self._captioner.captions(pixels, inputs["seeds"], number)
        return [Description(*parts) for parts in zip(tags, attributes, captions, strict=True)]


def _seed(picture: Image) -> int:
    """Of the picture's pixels: the same picture has the same captions in every run."""
    content = f"{picture.size}".encode() + picture.tobytes()
    return int.from_bytes(hashlib.sha256(content).digest()[:7], "big")


def _blip(name: str, dtype: torch.dtype | str, device: torch.device) -> tuple[Any, Any]:
    config = load_config(name, None, trust_remote_code=False)
    if config.model_type != "blip":
        raise EmtError(
            f"blip={name} is a {config.model_type}, not a BLIP captioner. Name one, as {LensArguments().blip}."
        )
    model = whole_model(BlipForConditionalGeneration, name, "blip", dtype=dtype)
    try:
        processor = AutoProcessor.from_pretrained(pretrained_path(name))
    except FAILURES as error:
        raise EmtError(f"blip={name} has no usable processor. {error}") from error
    return model.to(device), processor
