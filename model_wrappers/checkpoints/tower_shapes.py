"""What the files of a LLaVA repository's checkpoint show of its vision encoder, whatever name its config.json has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.llava_layout import PROJECTOR_KEY
from model_wrappers.checkpoints.tensor_files import Shapes, tensor_shapes
from model_wrappers.checkpoints.weight_index import INDEXES, SINGLES, file_of

OWN_KEY = re.compile(r"(?:^|\.)vision_tower\.vision_tower\.(?:vision_model\.)?")
LAYER = re.compile(r"encoder\.layers\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found; None where the files don't say.

    Attributes:
        tower: settings of CLIP's vision config that shapes say, by their names there; heads are none of them.
        width: the hidden size of the encoder that the projector takes.
    """

    tower: Mapping[str, int] | None = None
    width: int | None = None


def needed_files(folder: Path) -> list[str]:
    """The names of the weight files that hold encoder and projector; they need not be there.

    Raises:
        EmtError: the index is damaged.
    """
    for index in INDEXES:
        if (folder / index).is_file():
            return sorted({file for key, file in file_of(folder / index).items() if _is_of_pictures(key)})
    return next(([name] for name in SINGLES if (folder / name).is_file()), [])


def shown(folder: Path) -> Shown:
    """What the weight files in `folder` show; nothing where they are not there, which whoever loads them will say.

    Raises:
        EmtError: one of them can't be read, or its encoder is not CLIP's.
    """
    files = needed_files(folder)
    if not all((folder / name).is_file() for name in files):
        return Shown()
    shapes = {key: shape for name in files for key, shape in tensor_shapes(folder / name).items()}
    own = {OWN_KEY.split(key)[-1]: shape for key, shape in shapes.items() if OWN_KEY.search(key)}
    first = next((shape for key, shape in shapes.items() if _is_first_layer(key)), None)
    return Shown(_settings(own, folder) if own else None, first[1] if first else None)


def _is_of_pictures(key: str) -> bool:
    return bool(OWN_KEY.search(key) or PROJECTOR_KEY.search(key))


def _is_first_layer(key: str) -> bool:
    found = PROJECTOR_KEY.search(key)
    return found is not None and found[1] in (None, "0") and key.endswith("weight")


def _settings(own: Shapes, folder: Path) -> dict[str, int]:
    """Sizes of the encoder whose weights have these shapes."""
    try:
        width, _, patch, _ = own["embeddings.patch_embedding.weight"]
        places = own["embeddings.position_embedding.weight"][0] - 1  # the class token has one
        inner = own["encoder.layers.0.mlp.fc1.weight"][0]
    except (KeyError, ValueError, IndexError) as error:
        raise EmtError(
            f"{folder} has a vision encoder of its own that is not CLIP's ({', '.join(sorted(own)[:3])}, ...). Name a "
            "checkpoint of LLaVA v0, v1 or v1.5."
        ) from error
    layers = {int(found[1]) for key in own if (found := LAYER.search(key))}
    side = round(places**0.5) * patch
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": len(layers),
        "patch_size": patch,
        "image_size": side,
    }
