"""An adapter as it lies in a folder or on the hub: its config, and where its weights are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, PeftType
from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.checkpoints.hub_files import find_file, optional_file
from model_wrappers.checkpoints.llava_layout import TRAINABLES, read_json, repository_config

CONFIG = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
# Initialisations that give an adapter random or zero weights and leave the base alone. The others move part of the
# base's weights into the adapter, so that the file fits only a base changed in the same way.
HARMLESS_STARTS = {True, False, None, "gaussian", "eva", "orthogonal"}


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that has not been put on a model.

    Attributes:
        name: what the user called it.
        config: PEFT's description.
        weights: the file with its tensors.
        trained_on: the base that it names itself, or "".
        trainables: the file with what was trained whole beside it, where the LLaVA repository's training wrote one.
        llava: the config that that training wrote, if there is one.
    """

    name: str
    config: PeftConfig
    weights: Path
    trained_on: str
    trainables: Path | None = None
    llava: Mapping[str, Any] | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether it is learnt tokens before every prompt, and no change of layers."""
        return bool(self.config.peft_type == PeftType.PROMPT_TUNING)


def read_adapter(name: str) -> Adapter:
    """The adapter in the folder or hub repository `name`, PEFT's or LLaVA's; its weights are not read yet.

    Raises:
        EmtError: there is none, or it is of a kind that can't be put on a base and taken off again without a trace.
    """
    config_file = find_file(name, [CONFIG], "peft")
    trainables = optional_file(name, TRAINABLES, "peft")
    if config_file is None and trainables is not None:
        raise EmtError(
            f"peft={name} has {trainables.name} but no {CONFIG}: it was copied in part. Copy the whole folder."
        )
    if config_file is None:
        raise EmtError(f"peft={name} has no {CONFIG}: it is no PEFT adapter. For a whole model use pretrained=.")
    weights = find_file(name, WEIGHTS, "peft")
    if weights is None:
        raise EmtError(f"peft={name} has a config but no weights ({' or '.join(WEIGHTS)}). Copy the whole folder.")
    config = _config(read_json(config_file), name)
    optional_file(name, ["config.json"], "peft")
    llava = repository_config(config_file.parent)
    return Adapter(name, config, weights, str(config.base_model_name_or_path or ""), trainables, llava)


def _config(said: dict[str, Any], name: str) -> PeftConfig:
    kind = said.get("peft_type")
    known = [str(each.value) for each in PEFT_TYPE_TO_TUNER_MAPPING]
    if kind not in known:
        raise UnknownName(f"kind of adapter (peft_type of {name})", str(kind), known)
    try:
        config = PEFT_TYPE_TO_CONFIG_MAPPING[kind].from_peft_type(**said)
    except (TypeError, ValueError) as error:
        raise EmtError(f"peft={name}: PEFT can't read its {CONFIG} ({error}). Copy it again.") from error
    if kind == PeftType.PROMPT_TUNING.value:
        return config
    if isinstance(rank := said.get("r"), int) and rank < 1:
        raise EmtError(f"peft={name}: its {CONFIG} says r={rank}, and a rank is at least 1. Copy it again.")
    if config.is_prompt_learning or config.is_adaption_prompt or PEFT_TYPE_TO_TUNER_MAPPING[kind].uses_shared_state:
        raise EmtError(
            f"peft={name} is a {kind} adapter, which can't be put on layers alone. LoRA and its kin can, and "
            "PROMPT_TUNING."
        )
    if getattr(config, "bias", "none") != "none":
        raise EmtError(
            f"peft={name} trains the base's biases (bias={config.bias!r}). Merge it into a model of its own."
        )
    start = getattr(config, "init_lora_weights", True)
    if start not in HARMLESS_STARTS:
        raise EmtError(
            f"peft={name} was started with init_lora_weights={start!r}, which changes the base's weights as well. Save "
            "it as plain LoRA: PEFT's save_pretrained(..., path_initial_model_for_weight_conversion=...)."
        )
    return config
