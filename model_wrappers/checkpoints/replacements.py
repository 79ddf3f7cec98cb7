"""Weights of a base that a checkpoint replaces whole: which file's tensor goes where, every one accounted for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.llava_layout import LINEAR, projector_type, projector_type_of
from model_wrappers.checkpoints.misfits import differences, other_hidden_size
from model_wrappers.checkpoints.tensor_files import Shapes, load_trained, tensor_shapes

VOCABULARY = ("embed_tokens.weight", "lm_head.weight")
"""Endings of the names of weights with a row for each token."""


@dataclass(frozen=True, slots=True)
class Replacements:
    """Weights known to fit.

    Attributes:
        file: where they are.
        key_of: name of a weight in the model -> key in the file.
        units: names of weights that become the unit matrix or zeros: what follows a linear projector.
    """

    file: Path
    key_of: dict[str, str]
    units: tuple[str, ...] = ()


def find_replacements(
    file: Path, what: str, model: Any, layout: Layout, base: str, needed: Collection[str], others: Collection[str]
) -> Replacements:
    """Where the tensors of `file` go in `model`.

    Args:
        file: whole weights, in any layout that `layout` knows.
        what: what was asked for, for the message (`projector=...`).
        model: a transformers model.
        layout: of `model`.
        base: what its user calls it.
        needed: weights that must be among them.
        others: further weights that may be.

    Raises:
        EmtError: one is left over, missing or of another shape, or the projector is of another type.
    """
    shapes = tensor_shapes(file)
    key_of = {layout.weight(bare(key)): key for key in shapes}
    if len(key_of) != len(shapes):
        raise EmtError(f"{what}: {file.name} has two tensors for one weight. Known: {', '.join(sorted(shapes))[:300]}.")
    units = _units(what, shapes, key_of, model, base)
    found = {name: shapes[key] for name, key in key_of.items()}
    own = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    places = [*needed, *(name for name in found if name in others and name not in needed)]
    wanted = {
        name: found[name] if _starts_vocabulary(name, found.get(name, ()), own, model) else own[name]
        for name in places
        if name not in units
    }
    complaints = differences(found, wanted)
    other = other_hidden_size(model.config, found, wanted)
    if other is not None:
        mine = model.config.get_text_config().hidden_size
        complaints.insert(0, f"it was made for a hidden size of {other}, the base has {mine}")
    if complaints:
        raise EmtError(
            f"{what} does not fit {base!r}: {'; '.join(complaints)}. Pass the base it was trained on with pretrained=."
        )
    return Replacements(file, key_of, units)


def replacing_tensors(found: Replacements, model: Any) -> dict[str, Tensor]:
    """The tensors by the names of the weights of `model` whose place they take, in those weights' shapes."""
    tensors = load_trained(found.file)
    whole = {name: _to_shape_of(model.get_parameter(name), tensors[key]) for name, key in found.key_of.items()}
    return whole | {name: unit(model.get_parameter(name)) for name in found.units}


def unit(like: Tensor) -> Tensor:
    """The unit matrix, or zeros for a bias, in the shape of `like`: multiplying and adding it changes no bit."""
    return torch.eye(*like.shape) if like.ndim == 2 else torch.zeros(like.shape)


def bare(key: str) -> str:
    """The key without what PEFT's or a trainer's wrapping put before it."""
    return key.removeprefix("base_model.model.").replace(".modules_to_save.default.", ".")


def _units(what: str, shapes: Shapes, key_of: Mapping[str, str], model: Any, base: str) -> tuple[str, ...]:
    """The base's weights that a linear projector leaves without effect."""
    kind = projector_type(shapes)
    if kind is None:
        return ()
    mine = projector_type_of(model.config)
    if kind != mine:
        raise EmtError(
            f"{what} has a projector of type {kind}, and {base!r} has one of type {mine}: neither can stand in for the "
            f"other. Pass the base it was trained on with pretrained= (type {kind})."
        )
    if kind != LINEAR:
        return ()
    module = next(name for name in key_of if name.endswith(".linear_1.weight")).removesuffix(".linear_1.weight")
    second = model.get_submodule(f"{module}.linear_2")
    return tuple(f"{module}.linear_2.{name}" for name, _ in second.named_parameters())


def _starts_vocabulary(name: str, shape: tuple[int, ...], own: Shapes, model: Any) -> bool:
    """Whether `name` is an embedding or head for the first tokens of the base's vocabulary, image tokens apart.

    Checkpoints in transformers' format have rows more than the LLaVA repository's: an image token, and padding to 64.
    """
    if not shape or not name.endswith(VOCABULARY):
        return False
    image_token = getattr(model.config, "image_token_id", None) or own[name][0]
    return shape[1:] == own[name][1:] and shape[0] <= min(image_token, own[name][0])


def _to_shape_of(weight: Tensor, tensor: Tensor) -> Tensor:
    """`tensor`, with the rows of `weight` after its own where it has fewer."""
    if tensor.shape == weight.shape:
        return tensor
    return torch.cat([tensor.to(weight.device, weight.dtype), weight.data[len(tensor) :]])
