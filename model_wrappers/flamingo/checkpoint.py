"""Loading a checkpoint so that every weight has its place and every place its weight."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emt_tasks.errors import EmtError
from model_wrappers.flamingo.config import HEADS, FlamingoConfig
from model_wrappers.flamingo.files import read_config, read_weights, weight_files
from model_wrappers.flamingo.layout import translated
from model_wrappers.flamingo.model import DECODER_LAYERS, FlamingoForConditionalGeneration


def load_flamingo(folder: Path, image_token_id: int, **options: Any) -> FlamingoForConditionalGeneration:
    """The model of a checkpoint folder, in eval mode.

    Args:
        folder: Otter's or OpenFlamingo's weights with a `config.json` of Otter's form.
        image_token_id: of the tokenizer; no config says it.
        options: of transformers' `from_pretrained` (`dtype`, `device_map`, `quantization_config`, ...).

    Raises:
        EmtError: the folder is incomplete, damaged, unsafe or of another model, as `fitting` says.
    """
    config, weights = fitting(folder, image_token_id)
    model = FlamingoForConditionalGeneration.from_pretrained(None, config=config, state_dict=weights, **options)
    return model.eval()  # type: ignore[no-any-return]


def fitting(folder: Path, image_token_id: int, device: str = "cpu") -> tuple[FlamingoConfig, dict[str, Tensor]]:
    """A folder's configuration and its weights under our names, found to fit each other.

    Args:
        folder: Otter's or OpenFlamingo's weights with a `config.json` of Otter's form.
        image_token_id: of the tokenizer.
        device: "meta" to check a folder without reading its numbers.

    Raises:
        EmtError: a file is absent, damaged or unsafe, or as `fitted` says.
    """
    return fitted(read_config(folder), read_weights(weight_files(folder), device), image_token_id, str(folder))


def fitted(
    published: Mapping[str, Any], weights: Mapping[str, Tensor], image_token_id: int, source: str
) -> tuple[FlamingoConfig, dict[str, Tensor]]:
    """A published configuration and weights as ours; sizes that no configuration says are read off the weights.

    Raises:
        EmtError: the language model is another; or weights are missing, left over, held twice and differently, or of
            another shape than the configuration says.
    """
    config = FlamingoConfig(
        text_config=published["text_config"],
        vision_config=published["vision_config"],
        cross_attn_every_n_layers=published.get("cross_attn_every_n_layers", 4),  # otter_ai's default
        image_token_id=image_token_id,
    )
    ours = translated(weights, DECODER_LAYERS[config.text_config.model_type])
    config.update(_sizes(ours, published.get("heads", HEADS)))
    check_fit(config, ours, source)
    return config, ours


def _sizes(weights: Mapping[str, Tensor], heads: int) -> dict[str, int | None]:
    """Sizes that the reference implementations fix in code and toy checkpoints choose otherwise."""
    if "perceiver.latents" not in weights or "perceiver.layers.0.to_q.weight" not in weights:
        raise EmtError(
            "these are no Flamingo model's weights: they have no perceiver.latents or no perceiver.layers.0."
        )
    latents, width = weights["perceiver.latents"].shape
    inner = weights["perceiver.layers.0.to_q.weight"].shape[0]
    if inner % heads:
        raise EmtError(f"the resampler's attention is {inner} wide, which {heads} heads can't share.")
    frames = weights.get("perceiver.frame_embs")
    cross = [w for n, w in weights.items() if n.endswith("gated_cross_attn_layer.feed_forward.1.weight")]
    layers = {int(name.split(".")[2]) for name in weights if name.startswith("perceiver.layers.")}
    return {
        "num_latents": latents,
        "resampler_depth": max(layers) + 1,
        "resampler_expansion": weights["perceiver.layers.0.feed_forward.1.weight"].shape[0] // width,
        "max_num_frames": None if frames is None else frames.shape[0],
        "heads": heads,
        "head_width": inner // heads,
        "cross_attention_expansion": cross[0].shape[0] // cross[0].shape[1] if cross else 4,
    }


def check_fit(config: FlamingoConfig, weights: Mapping[str, Tensor], source: str) -> None:
    """Nothing, if weights and model fit name by name and shape by shape.

    Raises:
        EmtError: naming all that is missing, left over, or of another shape.
    """
    with torch.device("meta"):
        model = FlamingoForConditionalGeneration(config)
    places = {name: place.shape for name, place in model.state_dict().items()}
    missing = [name for name in places if name not in weights and name not in model.all_tied_weights_keys]
    left_over = [name for name in weights if name not in places]
    misshapen = [
        f"{name} is {tuple(weights[name].shape)} in the checkpoint and {tuple(shape)} by its config"
        for name, shape in places.items()
        if name in weights and weights[name].shape != shape
    ]
    wrong = [("missing", listed(missing)), ("left over", listed(left_over)), ("of another shape", misshapen)]
    if said := [f"{what}: {'; '.join(names)}" for what, names in wrong if names]:
        raise EmtError(f"the weights of {source} don't fit its config.json: {'. '.join(said)}.")


def listed(names: Iterable[str]) -> list[str]:
    """The names, those that differ only in numbers as one with their count.

    >>> listed(["a.0.w", "a.1.w", "b"])
    ['a.*.w (2)', 'b']
    """
    grouped: dict[str, list[str]] = {}
    for name in names:
        template = ".".join("*" if part.isdigit() else part for part in name.split("."))
        grouped.setdefault(template, []).append(name)
    return [group[0] if len(group) == 1 else f"{shape} ({len(group)})" for shape, group in grouped.items()]
