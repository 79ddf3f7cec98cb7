"""Loading a checkpoint so that every weight has its place and every place its weight."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from torch import Tensor

from emt_tasks.errors import EmtError
from model_wrappers.flamingo.config import DECODER_LAYERS, FlamingoConfig
from model_wrappers.flamingo.files import WEIGHTS, read_weights, weight_files
from model_wrappers.flamingo.layout import translated
from model_wrappers.flamingo.model import FlamingoForConditionalGeneration
from model_wrappers.flamingo.processor import END_OF_CHUNK, IMAGE, FlamingoProcessor


class FlamingoFromCheckpoint(FlamingoForConditionalGeneration):
    """The model as Otter and OpenFlamingo published it: other names, sizes that no configuration says."""

    @classmethod
    def from_pretrained(
        cls, pretrained: Any, *args: Any, config: Any = None, revision: str | None = None, **options: Any
    ) -> Any:
        """The model of a checkpoint folder or hub id, in eval mode.

        Args:
            pretrained: Otter's or OpenFlamingo's weights with a `config.json` of Otter's form.
            args: of transformers' `from_pretrained`.
            config: the folder's; without an `image_token_id`, that of its tokenizer is taken.
            revision: on the hub.
            options: of transformers' `from_pretrained` (`dtype`, `device_map`, `quantization_config`, ...).

        Raises:
            EmtError: the folder is incomplete, damaged, unsafe or of another model, as `fitted` and `with_tokens` say.
        """
        folder = Path(pretrained).expanduser()
        if not folder.is_dir():
            folder = Path(
                snapshot_download(str(pretrained), revision=revision, allow_patterns=["config.json", *WEIGHTS])
            )
        config = config or FlamingoConfig.from_pretrained(folder)
        if config.image_token_id is None:
            tokenizer = FlamingoProcessor.from_pretrained(pretrained, revision=revision).tokenizer
            config = with_tokens(config, tokenizer, str(pretrained))
        config, weights = fitted(config, read_weights(weight_files(folder)), str(pretrained))
        if options.get("offload_folder"):  # weights on disk are looked for by their own name, tied or not
            weights |= {name: weights[same] for name, same in tied(config).items() if name not in weights}
        return super().from_pretrained(None, *args, config=config, state_dict=weights, **options)


def tied(config: FlamingoConfig) -> dict[str, str]:
    """The weights that are others as well: a head that is the embeddings, name -> name of what it is."""
    with torch.device("meta"):
        return dict(FlamingoForConditionalGeneration(config).all_tied_weights_keys)


def with_tokens(config: FlamingoConfig, tokenizer: Any, source: str) -> FlamingoConfig:
    """The configuration with the tokens that stand for an image and that end an answer.

    Raises:
        EmtError: the tokenizer has more tokens than the language model has embeddings.
    """
    config = deepcopy(config)
    text = config.text_config
    if len(tokenizer) > text.vocab_size:
        raise EmtError(
            f"{source}: its tokenizer has {len(tokenizer)} tokens with Otter's own, its language model "
            f"{text.vocab_size} embeddings. Put the tokenizer it was trained with into its folder."
        )
    config.image_token_id = tokenizer.convert_tokens_to_ids(IMAGE)
    ends = [tokenizer.convert_tokens_to_ids(END_OF_CHUNK), tokenizer.eos_token_id]
    text.eos_token_id = [token for token in ends if token is not None]
    return config


def fitted(
    config: FlamingoConfig, weights: Mapping[str, Tensor], source: str
) -> tuple[FlamingoConfig, dict[str, Tensor]]:
    """A configuration with the sizes that only weights tell, and the weights under our names.

    Args:
        config: as published.
        weights: as published; shapes (the meta device) are enough.
        source: for messages.

    Raises:
        EmtError: weights are missing, left over, held twice and differently, or of another shape than `config` says.
    """
    ours = translated(weights, DECODER_LAYERS[config.text_config.model_type])
    config = deepcopy(config)
    config.update(_sizes(ours, config.heads))
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
