"""The paper's *lora*: the projector learns whole, the language model by low-rank adapters, the tower not at all."""

from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from finetuning.recipe import LoraSettings

PROJECTOR = "multi_modal_projector"
TOWER = "vision_tower"
LANGUAGE_MODEL = "language_model"
__all__ = ["LANGUAGE_MODEL", "PROJECTOR", "TOWER", "LoraSettings", "tower_of", "with_lora"]


def with_lora(model: Any, settings: LoraSettings, seed: int) -> PeftModel:
    """`model` with adapters on every linear layer of its language model but the output head, as in LLaVA.

    Nothing but the adapters and the projector requires gradients any more, and the tower is in eval mode.

    Args:
        model: a transformers LLaVA.
        settings: of the adapters.
        seed: of their random first weights.
    """
    torch.manual_seed(seed)
    language_model = model.model.language_model
    leaves = sorted(
        {name.rpartition(".")[2] for name, part in language_model.named_modules() if isinstance(part, nn.Linear)}
    )
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=rf".*\.{LANGUAGE_MODEL}\..*\.({'|'.join(leaves)})",
        modules_to_save=[PROJECTOR],
        task_type="CAUSAL_LM",
    )
    tuned = get_peft_model(model, config)
    tower_of(tuned).eval()
    return tuned


def tower_of(model: Any) -> nn.Module:
    """The vision tower of a LLaVA, with or without adapters."""
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    tower: nn.Module = getattr(base.model, TOWER)
    return tower
