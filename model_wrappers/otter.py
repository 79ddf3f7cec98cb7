"""Otter, over our own Flamingo classes: transformers has none."""

from typing import ClassVar

from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from model_wrappers.base import HFModel
from model_wrappers.flamingo.checkpoint import FlamingoFromCheckpoint
from model_wrappers.flamingo.config import FlamingoConfig
from model_wrappers.flamingo.processor import OTTER_PROMPT, FlamingoProcessor

# transformers' own door for architectures from outside: what `AutoModel...` loads, adapters and preflight know too.
AutoConfig.register(FlamingoConfig.model_type, FlamingoConfig, exist_ok=True)
AutoModelForImageTextToText.register(FlamingoConfig, FlamingoFromCheckpoint, exist_ok=True)
AutoProcessor.register(FlamingoConfig, FlamingoProcessor, exist_ok=True)


class EmtOtter(HFModel):
    """Otter as published: MPT or LLaMA with cross-attention to CLIP ViT-L-14."""

    name: ClassVar[str] = "emt_otter"
    default_pretrained: ClassVar[str | None] = "luodian/OTTER-Image-MPT7B"
    default_template: ClassVar[str] = OTTER_PROMPT
    model_types: ClassVar[tuple[str, ...]] = (FlamingoConfig.model_type,)
