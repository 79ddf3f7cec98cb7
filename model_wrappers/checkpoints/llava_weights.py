"""Weights in the LLaVA repository's layout under transformers' names, every one accounted for."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.llava_layout import LINEAR, projector_type
from model_wrappers.checkpoints.misfits import differences, listed
from model_wrappers.checkpoints.replacements import unit
from model_wrappers.checkpoints.tensor_files import load_tensors
from model_wrappers.checkpoints.vision_towers import tower_weights
from model_wrappers.checkpoints.weight_index import SINGLES, files_of

COMPUTED = re.compile(r"(rotary_emb\.inv_freq|embeddings\.position_ids)$")
"""Buffers that older versions of transformers saved and that are computed now."""
VOCABULARY = ("model.embed_tokens.weight", "lm_head.weight")
FINAL_NORM = "model.norm.weight"
NORM_OF_A_DELTA = 0.1  # of Llamas it is above 1 on average, of differences between two fine-tunings about 0


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All tensors of a checkpoint's weight files, by the names they have there.

    Raises:
        EmtError: files are missing, damaged or would run code.
    """
    tensors: dict[str, Tensor] = {}
    for file in weight_files(folder):
        tensors |= load_tensors(file)
    return {name: tensor for name, tensor in tensors.items() if not COMPUTED.search(name)}


def weight_files(folder: Path) -> list[Path]:
    """The files with the weights in `folder`, safetensors where there are both.

    Raises:
        EmtError: there are none, or an index names some that are not there.
    """
    named = files_of(folder)
    if named is not None:
        if missing := [name for name in named if not (folder / name).is_file()]:
            raise EmtError(f"{folder} lacks {listed(missing)} of {len(named)} weight files. Copy them too.")
        return [folder / name for name in named]
    for name in SINGLES:
        if (folder / name).is_file():
            return [folder / name]
    raise EmtError(f"{folder} has a config but no weights ({' or '.join(SINGLES)}). Copy the whole folder.")


def require_no_delta(tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise where the weights are differences to LLaMA's, which say nothing alone.

    Raises:
        EmtError: they are.
    """
    if is_delta(tensors):
        raise EmtError(
            f"{name} holds differences to LLaMA's weights (a delta), no model. Make one of it with the LLaMA that it "
            f"belongs to: emt checkpoint convert {name} --base <LLaMA in transformers' format> --out <folder>"
        )


def is_delta(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are differences between two models' weights: those of the last normalisation are about 0."""
    norm = tensors.get(FINAL_NORM)
    return norm is not None and float(norm.float().abs().mean()) < NORM_OF_A_DELTA


def with_delta(delta: Mapping[str, Tensor], base: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The weights whose differences to `base` are `delta`, computed in the delta's dtype as the repository does.

    The projector stands whole in a delta; embeddings and head may have more rows than the base's, which do too.

    Raises:
        EmtError: `base` lacks weights or has them in other shapes.
    """
    whole, wrong = {}, []
    for key, tensor in delta.items():
        if "mm_projector" in key or "vision_tower" in key:
            whole[key] = tensor
            continue
        under = base.get(key)
        same = under is not None and under.shape[1:] == tensor.shape[1:]
        if (
            under is None
            or not same
            or under.shape[0] > tensor.shape[0]
            or (under.shape != tensor.shape and key not in VOCABULARY)
        ):
            wrong.append(key)
            continue
        whole[key] = tensor.clone()
        whole[key][: len(under)] += under.to(tensor.dtype)
    if left := [key for key in base if key not in delta or "mm_projector" in key]:
        wrong += left
    if wrong:
        raise EmtError(
            f"{name} is no delta to this base: {listed(wrong)} are missing on one side or have other shapes. Pass the "
            "LLaMA that it was made from (same size, transformers' format) with --base."
        )
    return whole


def translated(tensors: Mapping[str, Tensor], model: Any, name: str, tower: str, checkpoint: Path) -> dict[str, Tensor]:
    """The weights for `model` by its own names.

    Args:
        tensors: as the LLaVA repository names them.
        model: transformers' LLaVA for them, on the meta device; its vocabulary may be longer by an image token.
        name: of the checkpoint, for the message.
        tower: the vision encoder, where the checkpoint brings none.
        checkpoint: its folder.

    Raises:
        EmtError: one is missing, left over or of another shape.
    """
    layout = Layout(model)
    found = {layout.weight(key): tensor for key, tensor in tensors.items()}
    places = {key: tuple(place.shape) for key, place in model.state_dict().items()}
    inside = [key for key in places if key.startswith("model.vision_tower.")]
    if not any(key in found for key in inside):
        prefix = "model.vision_tower."
        found |= {_tower_name(key, prefix): tensor for key, tensor in tower_weights(tower, checkpoint).items()}
    if projector_type(tensors) == LINEAR:
        second = [key for key in places if ".multi_modal_projector.linear_2." in key]
        found |= {key: unit(torch.empty(places[key])).to(_dtype_of(found)) for key in second}
    for key in ("model.language_model.embed_tokens.weight", "lm_head.weight"):
        if key in found and key in places:
            found[key] = _with_rows(found[key], places[key][0])
    if model.config.get_text_config().tie_word_embeddings:
        found.setdefault("lm_head.weight", found.get("model.language_model.embed_tokens.weight", torch.empty(0)))
    shapes = {key: tuple(tensor.shape) for key, tensor in found.items()}
    if complaints := differences(shapes, places):
        raise EmtError(
            f"{name}: its weights are not those that its config.json names: {'; '.join(complaints)}. Copy the "
            "checkpoint again; one of LLaVA 1.6 is loaded from its conversion on the hub (llava-hf/...)."
        )
    return found


def _tower_name(key: str, prefix: str) -> str:
    return prefix + key.removeprefix("vision_model.")


def _dtype_of(found: Mapping[str, Tensor]) -> torch.dtype:
    return next(tensor.dtype for key, tensor in found.items() if key.endswith("linear_1.weight"))


def _with_rows(tensor: Tensor, rows: int) -> Tensor:
    """`tensor` with rows for the tokens that were added for pictures, each the mean of the others.

    In the head that makes their logits the mean of all others, so that they are never chosen, and never more than the
    n-th part of the probability in a vocabulary of n.
    """
    more = rows - len(tensor)
    if more <= 0:
        return tensor
    mean = tensor.float().mean(dim=0, keepdim=True).to(tensor.dtype)
    return nn.functional.pad(tensor, (0, 0, 0, more)).index_copy(
        0, torch.arange(len(tensor), rows), mean.expand(more, -1)
    )
