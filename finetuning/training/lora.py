"""The paper's *lora*: the projector learns whole, the language model by low-rank adapters, the tower not at all."""

import re
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from emt_tasks.errors import EmtError
from finetuning.recipes.recipe import LoraSettings
from model_wrappers.checkpoints.projector import projector_of
from model_wrappers.closed_set.decoder_inputs import decoder_of

__all__ = ["LoraSettings", "lora_config", "tower_of", "with_lora"]
TOWERS = ("vision_tower", "vision_model", "visual", "vision_encoder")
"""What transformers' models call their vision encoder; the first that a model has is meant."""


def lora_config(model: Any, settings: LoraSettings) -> LoraConfig:
    """Adapters on every linear layer of the language model of `model` but the output head, as in LLaVA.

    Raises:
        EmtError: the model has no language model with linear layers, or no projector that is known.
    """
    name, decoder = language_model_of(model)
    leaves = sorted({name.rpartition(".")[2] for name, part in decoder.named_modules() if isinstance(part, nn.Linear)})
    if not leaves:
        raise EmtError(f"the language model of {type(model).__name__} has no linear layers to put adapters on.")
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=rf"{re.escape(name)}\..*\.({'|'.join(map(re.escape, leaves))})",
        modules_to_save=[projector_name(model).rpartition(".")[2]],
        task_type="CAUSAL_LM",
    )


def with_lora(model: Any, settings: LoraSettings, seed: int) -> PeftModel:
    """`model` with adapters as `lora_config` says.

    Nothing but the adapters and the projector requires gradients any more, and the tower is in eval mode.

    Args:
        model: a transformers LLaVA.
        settings: of the adapters.
        seed: of their random first weights.
    """
    torch.manual_seed(seed)
    tuned = get_peft_model(model, lora_config(model, settings))
    tower_of(tuned).eval()
    return tuned


def language_model_of(model: Any) -> tuple[str, nn.Module]:
    """Name and module of the stack of decoder layers, without output head.

    Raises:
        EmtError: there is none that writes after its prompt.
    """
    try:
        decoder = decoder_of(model)
    except TypeError as error:
        raise EmtError(f"{error}; fine-tuning is for models that write after their prompt.") from error
    return next(name for name, part in model.named_modules() if part is decoder), decoder


def projector_name(model: Any) -> str:
    """The name of the module between vision encoder and language model.

    Raises:
        EmtError: there is none that is known.
    """
    name = projector_of(model)
    if name is None:
        raise EmtError(
            f"{type(model).__name__} has no projector that is known, so that none of the methods can be told what to "
            "train. LLaVA, InstructBLIP and their kin have one."
        )
    return name


def tower_of(model: Any) -> nn.Module:
    """The vision tower of a model, with or without adapters.

    Raises:
        EmtError: there is none that is known.
    """
    names = [name for name, _ in model.named_modules()]
    found = next((name for leaf in TOWERS for name in names if name.rpartition(".")[2] == leaf), None)
    if found is None:
        raise EmtError(f"{type(model).__name__} has no vision encoder that is known ({', '.join(TOWERS)}).")
    tower: nn.Module = model.get_submodule(found)
    return tower
