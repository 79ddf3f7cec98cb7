"""Which vision encoder a model looks through, by the name that open_clip has for it: what it is compared with."""

from typing import Any

# (model type, width, layers, patch, image side) as the checkpoints' configs say, to open_clip's model and weights.
SHAPES: dict[tuple[Any, ...], str] = {
    ("clip_vision_model", 1024, 24, 14, 336): "ViT-L-14-336 openai",  # LLaVA 1.5
    ("clip_vision_model", 1024, 24, 14, 224): "ViT-L-14 openai",  # LLaVA v0 and v1, Otter
    ("instructblip_vision_model", 1408, 39, 14, 224): "EVA01-g-14 laion400m_s11b_b41k",  # without its last layer
    ("blip_2_vision_model", 1408, 39, 14, 224): "EVA01-g-14 laion400m_s11b_b41k",
}


def encoder_of(config: Any) -> str:
    """The encoder as `name weights` of open_clip where its shape is known, else its own name or model type.

    Only the shape is looked at: a checkpoint that fine-tuned its encoder still names what it began as.
    """
    vision = getattr(config, "vision_config", None)
    if vision is None:
        return str(config.model_type)
    parts = ("model_type", "hidden_size", "num_hidden_layers", "patch_size", "image_size")
    shape = tuple(getattr(vision, part, None) for part in parts)
    return SHAPES.get(shape) or str(getattr(vision, "_name_or_path", "") or vision.model_type)
