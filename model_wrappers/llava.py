"""LLaVA of all versions and its kin, over transformers' classes."""

from typing import Any, ClassVar

from model_wrappers.base import HFModel
from model_wrappers.generating.prompts import VICUNA_V1


class EmtLlava(HFModel):
    """LLaVA from a checkpoint in transformers' format or in the LLaVA repository's own."""

    name: ClassVar[str] = "emt_llava"
    default_pretrained: ClassVar[str | None] = "llava-hf/llava-1.5-7b-hf"
    default_template: ClassVar[str] = VICUNA_V1
    model_types: ClassVar[tuple[str, ...]] = ("llava", "llava_next", "llava_onevision", "vipllava")

    def complete_processor(self, config: Any) -> None:
        """Tell the processor how many tokens an image is, where it was saved before processors knew."""
        if getattr(self.processor, "patch_size", None) is None:
            self.processor.patch_size = config.vision_config.patch_size
            self.processor.num_additional_image_tokens = 1  # CLIP's class token
        if getattr(self.processor, "vision_feature_select_strategy", None) is None:
            self.processor.vision_feature_select_strategy = config.vision_feature_select_strategy
