"""An encoder of its own: open_clip's architecture at a size that learns in minutes, and its folder on disk."""

import json
import math
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from pydantic import Field, model_validator
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel

from finetuning.declared import Fields
from model_wrappers.zero_shot.arguments import CONFIG

WEIGHTS = "open_clip_model.safetensors"  # open_clip's own name
NEAR = (
    0.7,
    0.7,
)  # of queries times keys: shares of noise and of the identity, as found in trained towers (arXiv 2305.09828)
FAR = 0.4, -0.4  # of values times output, likewise


class EncoderFields(Fields):
    """Sizes of both towers; `image` and `patch` are pixels of a side, `context` tokens of a sentence."""

    image: int = Field(32, gt=0)
    patch: int = Field(8, gt=0)
    width: int = Field(192, gt=0)
    layers: int = Field(4, gt=1)
    heads: int = Field(6, gt=0)
    text_width: int = Field(64, gt=0)
    text_layers: int = Field(2, gt=0)
    text_heads: int = Field(2, gt=0)
    context: int = Field(24, gt=2)
    shared: int = Field(64, gt=0)

    @model_validator(mode="after")
    def _fit(self) -> "EncoderFields":
        if self.image % self.patch:
            raise ValueError(f"image {self.image} is no multiple of patch {self.patch}")
        if self.width % self.heads or self.width % 4 or self.text_width % self.text_heads:
            raise ValueError("each width is a multiple of its heads, and width of 4")
        return self


def config_of(sizes: EncoderFields) -> dict[str, Any]:
    """The architecture as open_clip writes it."""
    return {
        "embed_dim": sizes.shared,
        "vision_cfg": {
            "image_size": sizes.image,
            "patch_size": sizes.patch,
            "width": sizes.width,
            "layers": sizes.layers,
            "head_width": sizes.width // sizes.heads,
        },
        "text_cfg": {
            "context_length": sizes.context,
            "width": sizes.text_width,
            "layers": sizes.text_layers,
            "heads": sizes.text_heads,
        },
    }


def new_encoder(sizes: EncoderFields, seed: int) -> Any:
    """An untrained `open_clip.CLIP` whose vision tower starts as Trockman and Kolter (arXiv 2305.09828) have it.

    Positions start as sines and cosines, queries and keys near each other, values and outputs near each other's
    negative: what trained towers look like, which a small set of pictures would need long to teach.
    """
    torch.manual_seed(seed)
    config = config_of(sizes)
    model = CLIP(sizes.shared, CLIPVisionCfg(**config["vision_cfg"]), CLIPTextCfg(**config["text_cfg"]))
    with torch.no_grad():
        positions = model.visual.positional_embedding
        positions[0] = 0
        positions[1:] = 0.3 * _waves(sizes.image // sizes.patch, sizes.width)
        for block in model.visual.transformer.resblocks:
            _start_attention(block.attn, sizes.heads)
    return model


def _waves(side: int, width: int) -> Tensor:
    """(side * side, width) float32 in [-1, 1]: sines and cosines of row and column."""
    rates = torch.exp(torch.linspace(0, -math.log(10.0), width // 4)) * math.pi / 2
    angles = torch.arange(side)[:, None] * rates
    line = torch.cat([angles.sin(), angles.cos()], dim=1)  # (side, width / 2)
    rows, columns = line[:, None].expand(side, side, -1), line[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).reshape(side * side, -1)


def _start_attention(attention: Any, heads: int) -> None:
    width = attention.embed_dim
    each = width // heads
    queries, keys, values = attention.in_proj_weight.chunk(3)
    for head in range(heads):
        left, sizes, right = torch.linalg.svd(_mixed(width, *NEAR))
        roots, here = sizes[:each].sqrt()[:, None], slice(head * each, (head + 1) * each)
        queries[here], keys[here] = roots * left[:, :each].T, roots * right[:each]
    left, sizes, right = torch.linalg.svd(_mixed(width, *FAR))
    attention.out_proj.weight.copy_(left * sizes.sqrt())
    values.copy_(sizes.sqrt()[:, None] * right)


def _mixed(width: int, noise: float, same: float) -> Tensor:
    return noise * torch.randn(width, width) / math.sqrt(width) + same * torch.eye(width)


def save_encoder(model: Any, sizes: EncoderFields, folder: Path) -> None:
    """Write the folder that `emt_clip pretrained=local-dir:FOLDER` and open_clip read."""
    seen = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD, "interpolation": "bicubic",
            "resize_mode": "shortest"}  # fmt: skip
    told = {"model_cfg": config_of(sizes), "preprocess_cfg": seen}
    (folder / CONFIG).write_text(json.dumps(told, indent=2), encoding="utf8")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / WEIGHTS)


def tower_of_encoder(model: Any, sizes: EncoderFields, name: str) -> CLIPVisionModel:
    """The vision tower as transformers has it, with the same weights; it computes what the encoder does.

    Its config says the encoder's `name`, by which a LLaVA around it is compared with that encoder.
    """
    config = CLIPVisionConfig(
        hidden_size=sizes.width,
        intermediate_size=4 * sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        image_size=sizes.image,
        patch_size=sizes.patch,
        projection_dim=sizes.shared,
        hidden_act="gelu",
        layer_norm_eps=1e-5,
    )
    config._name_or_path = name
    tower = CLIPVisionModel(config)
    tower.load_state_dict(_renamed(model.visual.state_dict(), tower.state_dict()))
    return tower.eval()


RENAMED = {
    "conv1.weight": "embeddings.patch_embedding.weight",
    "class_embedding": "embeddings.class_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_pre": "pre_layrnorm",  # transformers' own spelling
    "ln_post": "post_layernorm",
    "transformer.resblocks": "encoder.layers",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}


def _renamed(held: dict[str, Tensor], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """open_clip's weights under transformers' names; its joint matrix of queries, keys and values in three."""
    start = next(iter(wanted)).split("embeddings.")[0]
    found: dict[str, Tensor] = {}
    for name, tensor in held.items():
        if name == "proj":
            continue  # into the space of sentences, which a language model does not look at
        for ours, theirs in RENAMED.items():
            name = name.replace(ours, theirs)
        if "attn.in_proj_" in name:
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                found[start + name.replace("attn.in_proj_", f"self_attn.{part}_proj.")] = piece.clone()
        else:
            found[start + name] = tensor.clone()
    return found | {name: tensor for name, tensor in wanted.items() if name.endswith("position_ids")}
