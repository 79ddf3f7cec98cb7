"""The names that published checkpoints give to weights, in terms of ours (which are Otter's).

Three are met: Otter's (`luodian/OTTER-*`); OpenFlamingo's, which holds each decoder layer up to three times and its
vision tower as open_clip has it; and those of CLIP before transformers 5, with `vision_model.` in between.
"""

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from emt_tasks.errors import EmtError

# {layers}: where the language model has its decoder layers.
RENAMINGS = (
    (r"^vision_encoder\.vision_model\.", r"vision_encoder."),
    (r"^perceiver\.layers\.(\d+)\.0\.", r"perceiver.layers.\1."),
    (r"^perceiver\.layers\.(\d+)\.1\.(\d+)\.", r"perceiver.layers.\1.feed_forward.\2."),
    (r"^lang_encoder\.gated_cross_attn_layers\.(\d+)\.", r"lang_encoder.{layers}.\1.gated_cross_attn_layer."),
    (r"^lang_encoder\.old_decoder_blocks\.(\d+)\.", r"lang_encoder.{layers}.\1.decoder_layer."),
    (r"\.gated_cross_attn_layer\.ff\.", r".gated_cross_attn_layer.feed_forward."),
)
OPEN_CLIP_RENAMINGS = (
    (r"^conv1\.weight$", "embeddings.patch_embedding.weight"),
    (r"^class_embedding$", "embeddings.class_embedding"),
    (r"^positional_embedding$", "embeddings.position_embedding.weight"),
    (r"^ln_pre\.", "pre_layrnorm."),  # transformers' spelling
    (r"^ln_post\.", "post_layernorm."),
    (r"^transformer\.resblocks\.(\d+)\.", r"encoder.layers.\1."),
    (r"\.ln_1\.", ".layer_norm1."),
    (r"\.ln_2\.", ".layer_norm2."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
    (r"\.attn\.(?=out_proj|in_proj)", ".self_attn."),
)
# In checkpoints, but computed from the configuration, or of CLIP's way to an image embedding, which nothing here takes.
NOT_WEIGHTS = (
    r"\.rotary_emb\.inv_freq$",
    r"^vision_encoder\.embeddings\.position_ids$",
    r"^vision_encoder\.proj$",
)


def translated(weights: Mapping[str, Tensor], layers: str) -> dict[str, Tensor]:
    """The same weights under our names; each stands once.

    Args:
        weights: as a checkpoint names them; on the meta device, copies are told apart by shape alone.
        layers: of the language model, such as "transformer.blocks".

    Raises:
        EmtError: two copies of one weight differ.
    """
    ours: dict[str, Tensor] = {}
    found_as: dict[str, str] = {}
    open_clip = "vision_encoder.conv1.weight" in weights
    for theirs, weight in weights.items():
        for name, part in _renamed(theirs, weight, layers, open_clip):
            if any(re.search(pattern, name) for pattern in NOT_WEIGHTS):
                continue
            if name in ours and not _same(ours[name], part):
                raise EmtError(f"the checkpoint holds {name} twice, differently: as {found_as[name]} and as {theirs}.")
            ours[name], found_as[name] = part, theirs
    return ours


def _renamed(name: str, weight: Tensor, layers: str, open_clip: bool) -> Iterator[tuple[str, Tensor]]:
    if open_clip and name.startswith("vision_encoder."):
        name = "vision_encoder." + _substituted(name.removeprefix("vision_encoder."), OPEN_CLIP_RENAMINGS)
    name = _substituted(name, RENAMINGS).replace("{layers}", layers)
    if ".self_attn.in_proj_" in name:  # one matrix for queries, keys and values
        stem, kind = name.split("in_proj_")
        for letter, part in zip("qkv", weight.chunk(3), strict=True):
            yield f"{stem}{letter}_proj.{kind}", part
    else:
        yield name, weight


def _substituted(name: str, renamings: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in renamings:
        name = re.sub(pattern, replacement, name)
    return name


def _same(one: Tensor, other: Tensor) -> bool:
    if one.is_meta or one.shape != other.shape or one.data_ptr() == other.data_ptr():
        return one.shape == other.shape
    return torch.equal(one, other)
