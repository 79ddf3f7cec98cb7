"""The index of a checkpoint in several files: which weight is in which."""

from pathlib import Path

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.llava_layout import read_json

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLES = ("model.safetensors", "pytorch_model.bin")
"""What the weights of a checkpoint in one file are called."""


def file_of(index: Path) -> dict[str, str]:
    """The name of the file that holds each weight, by the weight's.

    Raises:
        EmtError: this is no such index.
    """
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places or not all(isinstance(name, str) for name in places.values()):
        raise EmtError(f"{index} does not say which weight is in which file (weight_map). Copy it again.")
    return places


def files_of(folder: Path) -> list[str] | None:
    """The names of the files that the index in `folder` names, in order; None where there is none.

    Raises:
        EmtError: the index is damaged.
    """
    index = next((folder / name for name in INDEXES if (folder / name).is_file()), None)
    return None if index is None else sorted(set(file_of(index).values()))
