"""Names of weights in the layouts that checkpoints were written under, and in the layout of the loaded model."""

import re
from collections.abc import Iterable
from typing import Any

from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightRenaming, rename_source_key

LLAVA_REPOSITORY = (
    (r"^(?:model\.)*mm_projector\.(?:0\.)?(?=weight|bias)", "model.multi_modal_projector.linear_1."),
    (r"^(?:model\.)*mm_projector\.2\.", "model.multi_modal_projector.linear_2."),
    (r"^(?:model\.)*vision_tower\.vision_tower\.(?:vision_model\.)?", "model.vision_tower."),
    (r"^(?:model\.)+(layers|norm|embed_tokens)\b", r"model.language_model.\1"),
    (r"^(?:model\.)+lm_head\.", "lm_head."),
)
"""What the LLaVA repository calls the weights of its models with linear and mlp2x projectors."""
REPOSITORIES = {"llava": LLAVA_REPOSITORY}
"""Names from outside transformers, by model type."""


def renamed_by(names: Iterable[tuple[str, str]], saved: str) -> str:
    """The weight `saved` after the patterns and replacements of `names`.

    >>> renamed_by(LLAVA_REPOSITORY, "model.mm_projector.0.weight")
    'model.multi_modal_projector.linear_1.weight'
    """
    for pattern, replacement in names:
        saved = re.sub(pattern, replacement, saved)
    return saved


class Layout:
    """The layout of a loaded model, whose names those of older layouts are turned into.

    transformers keeps the renamings for all checkpoints that it ever wrote (before 4.52 a LLaVA's decoder was
    `language_model.model.layers`, now it is `model.language_model.layers`); the same hold for adapters.

    Args:
        model: a transformers model without adapter; may be on the meta device.
    """

    def __init__(self, model: Any) -> None:
        self._foreign = REPOSITORIES.get(model.config.model_type, ())
        self._renamings = [step for step in get_model_conversion_mapping(model) if isinstance(step, WeightRenaming)]
        self._prefix = model.base_model_prefix
        self._weights = dict.fromkeys(model.state_dict(), True)

    def weight(self, saved: str) -> str:
        """The name here of a weight that a checkpoint calls `saved`; unchanged if there is none for it."""
        saved = renamed_by(self._foreign, saved)
        renamed: str = rename_source_key(saved, self._renamings, [], self._prefix, self._weights)[0]
        return renamed

    def module(self, saved: str) -> str:
        """The name here of a module that a checkpoint calls `saved`."""
        return self.weight(f"{saved}.weight").removesuffix(".weight")
