"""What the LLaVA repository's LoRA training trains whole beside the adapter, and saves in a file of its own."""

import logging
from typing import Any

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapter_files import Adapter
from model_wrappers.checkpoints.layouts import REPOSITORIES, Layout
from model_wrappers.checkpoints.llava_layout import DECODER_KEY, TRAINABLES, require_same_base
from model_wrappers.checkpoints.projector import projector_of, weights_of
from model_wrappers.checkpoints.replacements import Replacements, find_replacements
from model_wrappers.checkpoints.tensor_files import tensor_shapes

logger = logging.getLogger(__name__)
UNKNOWN_BASE = (
    "lacks the config.json of the LLaVA repository's training, so that whether it saw pictures as its base does (layer "
    "and size of the encoder, start and end tokens) can't be compared. Copy that file too."
)


def beside_lora(adapter: Adapter, model: Any, layout: Layout, base: str, alone: bool) -> list[Replacements]:
    """The weights of `model` that go with `adapter` and that are not PEFT's: none where PEFT wrote all of it.

    Args:
        adapter: to be put on.
        model: a transformers model.
        layout: of `model`.
        base: what its user calls it.
        alone: whether no projector was given otherwise.

    Raises:
        EmtError: they are missing, do not fit, or come from another kind of LLaVA.
    """
    what = f"peft={adapter.name}"
    said = adapter.llava or {}
    if adapter.llava is None and adapter.trainables is not None:
        logger.warning("%s %s", what, UNKNOWN_BASE)
    if said:
        require_same_base(said, model.config, what, base)
    frozen = bool(said.get("freeze_mm_mlp_adapter"))
    if adapter.trainables is not None:
        module = None if frozen else projector_of(model)
        needed = [] if module is None else weights_of(model, module)
        others = [name for name, _ in model.named_parameters()]
        return [
            find_replacements(
                adapter.trainables, f"{what} ({adapter.trainables.name})", model, layout, base, needed, others
            )
        ]
    if alone and model.config.model_type in REPOSITORIES and (lacking := lacks_projector(adapter)):
        raise EmtError(f"{what} {lacking}")
    return []


def lacks_projector(adapter: Adapter) -> str:
    """Why the projector that was trained along with `adapter` is missing beside it; "" where it is not."""
    said = adapter.llava or {}
    if adapter.trainables is not None or said.get("freeze_mm_mlp_adapter"):
        return ""
    if said:
        return (
            "was written by the LLaVA repository's LoRA training, which trains the projector too, but has no "
            f"{TRAINABLES[-1]}: it was copied in part. Copy that file too, or name the projector that belongs to it "
            "with projector=."
        )
    if any(DECODER_KEY.match(key) for key in tensor_shapes(adapter.weights)):
        return (
            f"has the LLaVA repository's names, and neither config.json nor {TRAINABLES[-1]}, which that "
            "training writes beside the last adapter only: a checkpoint-N folder lacks the projector that was trained "
            "along. For the last step copy both files from the training's output folder into "
            f"{adapter.weights.parent}; for an earlier one name its projector with projector=. If the projector was "
            'not trained, copy that config.json alone, with "freeze_mm_mlp_adapter": true in it.'
        )
    return ""
