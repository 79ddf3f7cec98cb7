"""The files of a checkpoint folder, read without running anything that lies in them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from safetensors import SafetensorError
from torch import Tensor
from transformers.modeling_utils import load_state_dict

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.weight_index import INDEXES, files_of

SINGLES = ("model.safetensors", "pytorch_model.bin", "final_weights.pt", "checkpoint.pt")
WEIGHTS = (*INDEXES, *SINGLES, "model-*.safetensors", "pytorch_model-*.bin")
WRAPPINGS = ("model_state_dict", "model")  # what training scripts put around the weights


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights of `folder`, safetensors where there are both.

    Raises:
        EmtError: there are none, or an index names files that are not there.
    """
    names = files_of(folder)
    if names is not None:
        if absent := [name for name in names if not (folder / name).is_file()]:
            raise EmtError(f"{folder} lacks {', '.join(absent)} of {len(names)} weight files. Copy them too.")
        return [folder / name for name in names]
    for name in SINGLES:
        if (folder / name).is_file():
            return [folder / name]
    raise EmtError(f"{folder} holds no weights: none of {', '.join((*INDEXES, *SINGLES))}.")


def read_weights(files: Iterable[Path], device: str = "cpu") -> dict[str, Tensor]:
    """All weights of `files` under the names they have there, mapped into memory rather than copied where possible.

    Args:
        files: safetensors, or pickles of nothing but tensors.
        device: "meta" for shapes alone.

    Raises:
        EmtError: a file is damaged, holds other things than weights, or is a pickle that would run code.
    """
    weights: dict[str, Tensor] = {}
    for file in files:
        read = _read(file, device)
        for wrapping in WRAPPINGS:
            read = read[wrapping] if isinstance(read.get(wrapping), Mapping) else read
        if others := [str(name) for name, weight in read.items() if not isinstance(weight, Tensor)]:
            raise EmtError(f"{file} holds more than weights: {', '.join(others[:5])}. Save its state dict alone.")
        weights |= {name.removeprefix("module."): weight for name, weight in read.items()}
    return weights


def _read(file: Path, device: str) -> dict[str, Any]:
    try:
        read: dict[str, Any] = load_state_dict(file, map_location=device, weights_only=True)
    except UnpicklingError as error:
        raise EmtError(
            f"{file} is refused: it is a pickle of more than tensors, which could run code. "
            "Save its state dict as safetensors where you trust it."
        ) from error
    except (SafetensorError, RuntimeError, EOFError) as error:
        raise EmtError(f"{file} can't be read ({error}). Copy it again.") from error
    return read
