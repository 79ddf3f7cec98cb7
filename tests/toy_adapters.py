"""PEFT adapters for toy models, loud enough to change answers, as PEFT writes them or as older versions did."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

OLDER = (  # transformers before 4.52
    ("base_model.model.model.language_model.", "base_model.model.language_model.model."),
    ("base_model.model.lm_head.", "base_model.model.language_model.lm_head."),
    ("base_model.model.model.multi_modal_projector.", "base_model.model.multi_modal_projector."),
    ("base_model.model.model.vision_tower.", "base_model.model.vision_tower.vision_model."),
)


def lora(base: Path, folder: Path, config: LoraConfig | None = None, seed: int = 1) -> Path:
    """A LoRA adapter for `base` in `folder`; all its weights are noise."""
    model = get_peft_model(
        AutoModelForImageTextToText.from_pretrained(base),
        config or LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], lora_dropout=0.1),
    )
    noise = torch.Generator().manual_seed(seed)
    for name, weights in model.named_parameters():
        if "lora_" in name or "ia3_" in name or "modules_to_save" in name:
            weights.data = torch.randn(weights.shape, generator=noise) * 0.2
    model.save_pretrained(folder)
    return folder


def in_older_layout(folder: Path, target: Path, **changed: object) -> Path:
    """The adapter of `folder` in `target`, its keys as before transformers 4.52; `changed` goes into its config."""
    target.mkdir()
    tensors = load_file(folder / "adapter_model.safetensors")
    renamed = {}
    for key, tensor in tensors.items():
        new = next((key.replace(now, then) for now, then in OLDER if key.startswith(now)), key)
        renamed[new] = tensor
    save_file(renamed, target / "adapter_model.safetensors")
    config = json.loads((folder / "adapter_config.json").read_text()) | changed
    (target / "adapter_config.json").write_text(json.dumps(config))
    return target


def in_llava_s_names(folder: Path, target: Path) -> Path:
    """The adapter of `folder`, on the decoder alone, in `target` as the LLaVA repository's training names it."""
    now, theirs = "base_model.model.model.language_model.layers", "base_model.model.model.layers"
    return edited(folder, target, lambda tensors: {key.replace(now, theirs): tensors[key] for key in tensors})


def edited(folder: Path, target: Path, edit) -> Path:
    """The adapter of `folder` in `target`, its tensors as `edit` returns them."""
    target.mkdir()
    save_file(edit(load_file(folder / "adapter_model.safetensors")), target / "adapter_model.safetensors")
    (target / "adapter_config.json").write_bytes((folder / "adapter_config.json").read_bytes())
    return target
