"""How the LLaVA repository calls what it trains, and what its configs say of the base that belongs to it."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError

TRAINABLES = ("non_lora_trainables.safetensors", "non_lora_trainables.bin")
"""The file beside the adapter with what its LoRA training trained whole: the projector, mostly nothing else."""
TEXT_MODELS = {"llava": "llama", "llava_llama": "llama", "llava_mistral": "mistral"}
"""Its model types (`llava` until July 2023) and the language model in each."""
START, END, PATCH = "<im_start>", "<im_end>", "<im_patch>"
TOWERS = {"openai/clip-vit-large-patch14": 224, "openai/clip-vit-large-patch14-336": 336}
"""The vision encoders of its published models and the side of the pictures that they see, in pixels."""
TOWER_SIZE = 1024  # the hidden size of both; another size under their name is another encoder (a toy's config, mostly)
PROJECTOR_KEY = re.compile(r"(?:^|\.)mm_projector\.(?:(\d+)\.)?(?:weight|bias)$")
DECODER_KEY = re.compile(r"^base_model\.model\.model\.layers\.")
LINEAR = "linear"


def is_repository_config(said: Mapping[str, Any]) -> bool:
    """Whether a config.json is the LLaVA repository's: transformers' own has a `text_config`, this one `mm_...`."""
    return said.get("model_type") in TEXT_MODELS and "text_config" not in said and "mm_vision_tower" in said


def repository_config(folder: Path) -> dict[str, Any] | None:
    """The config that the LLaVA repository wrote into `folder`; None if there is none of its form.

    Raises:
        EmtError: the file is not JSON.
    """
    file = folder / "config.json"
    if not file.is_file():
        return None
    said = read_json(file)
    return said if is_repository_config(said) else None


def read_json(file: Path) -> dict[str, Any]:
    """The mapping in a JSON file.

    Raises:
        EmtError: it holds something else.
    """
    try:
        said = json.loads(file.read_text(encoding="utf8"))
    except ValueError as error:
        raise EmtError(f"{file} is not JSON ({error}). Copy it again.") from error
    if not isinstance(said, dict):
        raise EmtError(f"{file} holds no mapping. Copy it again.")
    return said


def projector_type(keys: Iterable[str]) -> str | None:
    """The type of the projector with these `keys` in the LLaVA repository's words; None if they are another's names.

    >>> projector_type(["model.mm_projector.weight", "model.mm_projector.bias"])
    'linear'
    >>> projector_type(["base_model.model.model.mm_projector.0.weight", "base_model.model.model.mm_projector.2.weight"])
    'mlp2x_gelu'
    """
    layers = {found[1] for key in keys if (found := PROJECTOR_KEY.search(key))}
    if not layers:
        return None
    return LINEAR if layers == {None} else f"mlp{len(layers)}x_gelu"


def projector_type_of(base_config: Any) -> str:
    """The type of the projector of a transformers LLaVA.

    transformers has two layers in each. A linear one is the first, with no activation and the unit matrix after it.
    """
    act = getattr(base_config, "projector_hidden_act", "gelu")
    return LINEAR if act == "linear" else f"mlp2x_{act}"


def require_same_base(said: Mapping[str, Any], base_config: Any, name: str, base: str) -> None:
    """Compare what a LLaVA repository's config says of its base with the config of a transformers LLaVA.

    Args:
        said: the repository's config, as it lies beside an adapter or a projector.
        base_config: transformers' config.
        name: what was asked for, for the message.
        base: what its user calls the base.

    Raises:
        EmtError: they look at pictures in other ways, so that answers would be wrong though every shape fits.
    """
    vision = getattr(base_config, "vision_config", None)
    layers = getattr(vision, "num_hidden_layers", 0)
    layer = getattr(base_config, "vision_feature_layer", None)
    feature = {"default": "patch", "full": "cls_patch"}.get(getattr(base_config, "vision_feature_select_strategy", ""))
    here: dict[str, Any] = {
        "language model": base_config.get_text_config().model_type,
        "mm_projector_type": projector_type_of(base_config),
        "mm_hidden_size": getattr(vision, "hidden_size", None),
        "mm_vision_select_layer": layer + layers + 1 if isinstance(layer, int) and layer < 0 else layer,
        "mm_vision_select_feature": feature,
        "mm_use_im_start_end": bool(getattr(base_config, "mm_use_im_start_end", False)),
        "size of pictures": getattr(vision, "image_size", None),
    }
    selected = said.get("mm_vision_select_layer")
    published = (said.get("mm_hidden_size") or here["mm_hidden_size"]) == TOWER_SIZE
    there: dict[str, Any] = {
        "language model": TEXT_MODELS.get(str(said.get("model_type"))),
        "mm_projector_type": said.get("mm_projector_type", LINEAR),
        "mm_hidden_size": said.get("mm_hidden_size"),
        "mm_vision_select_layer": selected + layers + 1 if isinstance(selected, int) and selected < 0 else selected,
        "mm_vision_select_feature": said.get("mm_vision_select_feature", "patch"),
        "mm_use_im_start_end": bool(said.get("mm_use_im_start_end", False)),
        "size of pictures": TOWERS.get(str(said.get("mm_vision_tower"))) if published else None,
    }
    other = [
        f"{what} {there[what]} where the base has {here[what]}"
        for what in here
        if there[what] is not None and here[what] is not None and there[what] != here[what]
    ]
    if other:
        raise EmtError(
            f"{name} was trained on another kind of LLaVA than {base!r}: {'; '.join(other)}. Pass the base it was "
            "trained on with pretrained=."
        )
