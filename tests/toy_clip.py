"""open_clip models of the true architecture at toy size, saved as open_clip saves them."""

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

ARCHITECTURE = "toy-ViT"
CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def architecture(folder: Path) -> str:
    """Make open_clip know the toy's architecture; its name."""
    path = folder / f"{ARCHITECTURE}.json"
    path.write_text(json.dumps(CONFIG))
    open_clip.add_model_config(path)
    return ARCHITECTURE


def weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights, wide enough that its choices differ from picture to picture."""
    torch.manual_seed(seed)
    model = open_clip.CLIP(**CONFIG)
    for name, tensor in model.named_parameters():
        if tensor.ndim > 1 and "embedding" not in name:
            torch.nn.init.normal_(tensor, std=0.3)
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def saved(folder: Path, seed: int = 0) -> Path:
    """The toy in `folder`, config and weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": {}}))
    save_file(weights(seed), folder / "open_clip_model.safetensors")
    return folder
