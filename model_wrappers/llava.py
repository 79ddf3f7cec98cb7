"""LLaVA of all versions and its kin, over transformers' classes."""

from dataclasses import replace
from typing import Any, ClassVar

from model_wrappers.base import HFModel
from model_wrappers.checkpoints.llava_templates import SEPARATOR
from model_wrappers.generating.preparation import Prepared
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
        self._ends = (SEPARATOR,) if f"{SEPARATOR}{{%" in (getattr(self.processor, "chat_template", None) or "") else ()

    def _generate(self, ready: Prepared) -> Any:
        """As for any model; of v0, which ends a turn with a separator, answers end there too."""
        if not self._ends:
            return super()._generate(ready)
        asked = []
        for question in ready.questions:
            assert question.settings is not None, "scoring questions are scored"
            settings = replace(question.settings, until=(*question.settings.until, *self._ends))
            asked.append(replace(question, settings=settings))
        return super()._generate(replace(ready, questions=asked))
