"""The vision encoder that a checkpoint in the LLaVA repository's layout names and mostly does not bring."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel, LlavaImageProcessor

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.hub_files import find_file
from model_wrappers.checkpoints.llava_layout import TOWER_SIZE, TOWERS, read_json
from model_wrappers.checkpoints.tensor_files import require_contents
from model_wrappers.checkpoints.tower_shapes import Shown

VIT_L = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "patch_size": 14, "projection_dim": 768,
}  # fmt: skip
"""The sizes of ViT-L/14 in CLIP's table of models, which both published LLaVAs use."""


def tower_config(name: str, checkpoint: Path, files: Shown | None = None) -> CLIPVisionConfig:
    """The config of the vision encoder `name`; where the checkpoint's files contradict that name, theirs.

    Args:
        name: folder, also one beside or in `checkpoint`, or hub id.
        checkpoint: the folder of the checkpoint that names it.
        files: what the checkpoint's own weights show; None of one that has none yet.

    Raises:
        EmtError: it is not there, no CLIP model, or of another size than the projector is for.
    """
    own, width = (files.tower, files.width) if files else (None, None)
    if own is not None:
        return _own_config(own, name, checkpoint)
    if name in TOWERS and width in (None, TOWER_SIZE):
        return CLIPVisionConfig(**VIT_L, image_size=TOWERS[name])
    found = _named_config(name, checkpoint)
    if width is not None and found.hidden_size != width:
        raise EmtError(
            f"mm_vision_tower={name}, which {checkpoint} names, has a hidden size of {found.hidden_size}, and the "
            f"projector there is for one of {width}. Put the encoder that it was trained with in its place."
        )
    return found


def _own_config(own: Mapping[str, int], name: str, checkpoint: Path) -> CLIPVisionConfig:
    """Of the encoder that a checkpoint brings; its shapes say all but the number of attention heads."""
    if own.items() <= {**VIT_L, "image_size": own["image_size"]}.items():
        return CLIPVisionConfig(**VIT_L, image_size=own["image_size"])
    try:
        named = _named_config(name, checkpoint)
    except EmtError as error:
        raise EmtError(
            f"{checkpoint} brings a vision encoder of hidden size {own['hidden_size']}, not the ViT-L/14 of published "
            f"LLaVAs. How many attention heads it has only the config of mm_vision_tower={name} tells: put a folder "
            f"with that config.json at {checkpoint / name}. ({error})"
        ) from error
    if named.hidden_size != own["hidden_size"]:
        raise EmtError(
            f"{checkpoint} brings a vision encoder of hidden size {own['hidden_size']}, and mm_vision_tower={name}, "
            f"which it names, has one of {named.hidden_size}. Name the encoder that it was trained with in its "
            "config.json."
        )
    return CLIPVisionConfig(**{**named.to_dict(), **own})


def _named_config(name: str, checkpoint: Path) -> CLIPVisionConfig:
    file = find_file(_located(name, checkpoint), ["config.json"], "mm_vision_tower")
    said = read_json(file) if file is not None else {}
    if said.get("model_type") not in ("clip", "clip_vision_model"):
        raise EmtError(f"mm_vision_tower={name}, which {checkpoint} names, is no CLIP model (config.json).")
    return CLIPVisionConfig(**said.get("vision_config", said))


def tower_weights(name: str, checkpoint: Path) -> dict[str, Any]:
    """The weights of the vision encoder `name` as transformers' CLIPVisionModel names them.

    Raises:
        EmtError: they are not there or can't be read.
    """
    try:
        if (folder := Path(_located(name, checkpoint))).is_dir():
            require_contents(folder)
        model, notes = CLIPVisionModel.from_pretrained(_located(name, checkpoint), output_loading_info=True)
    except UnpicklingError as error:
        raise EmtError(
            f"mm_vision_tower={name}, which {checkpoint} names, holds pickled objects other than tensors; unpickling "
            "them can run any code, so it was not done. Ask for the weights as safetensors."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().split("\n")[0]
        raise EmtError(
            f"{checkpoint} has no vision encoder of its own, and mm_vision_tower={name} can't be loaded ({first})."
        ) from error
    if missing := sorted(map(str, notes["missing_keys"])):
        raise EmtError(f"mm_vision_tower={name} lacks {', '.join(missing[:4])}. Copy it again.")
    return dict(model.state_dict())


def image_processor(name: str, checkpoint: Path, config: CLIPVisionConfig, padded: bool) -> LlavaImageProcessor:
    """What prepares pictures for the vision encoder `name`.

    Args:
        name: folder or hub id.
        checkpoint: the folder of the checkpoint that names it; a preprocessor_config.json there is preferred.
        config: of the encoder.
        padded: whether pictures are padded to squares with the mean colour (`image_aspect_ratio: pad`), else cropped.
    """
    files = [file for file in (checkpoint / "preprocessor_config.json",) if file.is_file()]
    if not files and name not in TOWERS:
        found = find_file(_located(name, checkpoint), ["preprocessor_config.json"], "mm_vision_tower")
        files = [] if found is None else [found]
    side = config.image_size
    plain = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    said = plain.to_dict() | (read_json(files[0]) if files else {})
    kept = {key: value for key, value in said.items() if not key.endswith(("_type", "_class")) and value is not None}
    return LlavaImageProcessor(**kept | {"do_pad": padded})


def _located(name: str, checkpoint: Path) -> str:
    """`name`, or the folder of that name beside or in the checkpoint's."""
    for folder in (Path(name).expanduser(), checkpoint / name, checkpoint.parent / name):
        if folder.is_dir():
            return str(folder)
    return name
