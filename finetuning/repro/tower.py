"""A CLIP's image tower as a classifier against text features that stay, and as a folder that emt_clip reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import normalize

from emt_tasks.errors import EmtError
from finetuning.repro.course import Course
from finetuning.repro.networks import Classifier
from model_wrappers.zero_shot.arguments import CONFIG, source_of
from model_wrappers.zero_shot.classifier import class_features
from model_wrappers.zero_shot.loading import Encoder
from model_wrappers.zero_shot.prompt_templates import CLASS

WEIGHTS = "open_clip_model.safetensors"  # open_clip's own name
PROJECTIONS = ("proj", "attnpool.c_proj.weight", "attnpool.c_proj.bias", "head.proj.weight", "head.weight")
"""The last linear map of open_clip's ViT, ResNet and timm towers."""


class TowerClassifier(Classifier):
    """An open_clip model whose classes are sentences.

    Args:
        encoder: on its device; what learns of it is float32.
        sentences: of each class.
        course: says which part learns.

    Raises:
        EmtError: the tower has no such part.
    """

    def __init__(self, encoder: Encoder, sentences: tuple[str, ...], course: Course) -> None:
        super().__init__()
        self.encoder, self.clip, self._whole = encoder, encoder.model, course.learns == "tower"
        device = next(encoder.model.parameters()).device
        # Made in inference mode; a copy is what gradients may pass through.
        self._rows = class_features(encoder.model, encoder.tokenizer, sentences, (CLASS,), device).clone()
        self._scale = encoder.scale
        learning = dict(self.tower.named_parameters()) if self._whole else projection(self.tower)
        if not learning:
            raise EmtError(
                f"{encoder.source.name}: its image tower has no linear map at its end that a linear probe could learn "
                f"({', '.join(PROJECTIONS)}). Take --method full."
            )
        for weight in learning.values():
            weight.requires_grad_(True)
        if course.gradient_checkpointing:
            encoder.model.visual.set_grad_checkpointing(True)

    @property
    def tower(self) -> nn.Module:
        """What sees pictures."""
        found: nn.Module = self.clip.visual
        return found

    @property
    def rows(self) -> Tensor:
        """As of `Classifier`: the unit text features."""
        return self._rows

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """As of `Classifier`; features are unit vectors."""
        features = normalize(self.clip.encode_image(pixels).float(), dim=-1)
        return features, self._scale * features @ self._rows.T

    def learning(self) -> None:
        """As of `Classifier`."""
        self.eval()
        if self._whole:
            self.tower.train()


def projection(tower: nn.Module) -> dict[str, nn.Parameter]:
    """The last linear map of a tower, by name; empty where none is known."""
    return {name: weight for name, weight in tower.named_parameters() if name in PROJECTIONS}


@dataclass(frozen=True, slots=True)
class Written:
    """How an open_clip model is written: its architecture and how it is shown pictures, as its config has them."""

    model: Mapping[str, Any]
    preprocess: Mapping[str, Any]

    def write(self, model: nn.Module, tower: Mapping[str, Tensor], folder: Path) -> None:
        """Write config and weights, those of `model` with `tower` in place of its image tower's."""
        config = {"model_cfg": dict(self.model), "preprocess_cfg": dict(self.preprocess)}
        (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf8")
        weights = model.state_dict() | {f"visual.{name}": tensor for name, tensor in tower.items()}
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, folder / WEIGHTS)


def written_as(encoder: Encoder) -> Written:
    """How `encoder` is written, so that loading the folder gives the same architecture and preprocessing.

    Raises:
        EmtError: open_clip does not tell its architecture.
    """
    config = open_clip.get_model_config(encoder.source.model)
    if not config:
        raise EmtError(f"open_clip tells no config of {encoder.source.model}, so that it can't be written.")
    quick = {"quick_gelu": True} if encoder.source.quick_gelu else {}
    return Written({**config, **quick}, encoder.model.visual.preprocess_cfg)


def side_of_source(model: str, pretrained: str) -> int:
    """Pixels along the edge of the pictures that a checkpoint's tower takes, without its weights.

    Raises:
        EmtError: there is no such checkpoint, or its config can't be read.
    """
    source = source_of(model, pretrained)
    try:
        config = open_clip.get_model_config(source.model) or {}
        size = config["vision_cfg"]["image_size"]
        return int(size[0] if isinstance(size, list | tuple) else size)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise EmtError(f"{source.name} has no config that says how large its pictures are ({error}).") from error
