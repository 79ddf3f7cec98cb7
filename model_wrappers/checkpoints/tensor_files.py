"""Files of tensors: their shapes and their values, read without ever running what a pickle asks for."""

from pathlib import Path
from pickle import UnpicklingError
from zipfile import is_zipfile

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from emt_tasks.errors import EmtError

Shapes = dict[str, tuple[int, ...]]
LFS_POINTER = b"version https://git-lfs"
"""What a file begins with that git put in the place of a large one."""
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".model")
"""Endings of files that repositories keep in git-lfs: weights, and SentencePiece's tokenizers."""


def tensor_shapes(path: Path) -> Shapes:
    """The shape of each tensor in `path`, from the file's description of them: their values are not read.

    Raises:
        EmtError: the file can't be read, or holds more than tensors.
    """
    require_content(path)
    if path.suffix != ".safetensors":
        return {name: tuple(tensor.shape) for name, tensor in load_tensors(path, "meta").items()}
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # no mapping
    except SafetensorError as error:
        raise EmtError(_damaged(path, error)) from error


def load_tensors(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """The tensors in `path`, on the CPU; on `meta` without values.

    Raises:
        EmtError: the file can't be read, or holds more than tensors.
    """
    require_content(path)
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path, device))
        mapped = device == "meta" and is_zipfile(path)  # no need to read what is thrown away
        tensors = torch.load(path, map_location=device, weights_only=True, mmap=mapped)
    except UnpicklingError as error:
        raise EmtError(
            f"{path} holds pickled objects other than tensors; unpickling them can run any code, so it was not done. "
            "Ask for the weights as safetensors."
        ) from error
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise EmtError(_damaged(path, error)) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise EmtError(f"{path} does not hold named tensors. Is it the file with the weights?")
    return {str(name): tensor for name, tensor in tensors.items()}


def load_trained(path: Path) -> dict[str, Tensor]:
    """The tensors in `path`, of which none holds NaN or infinity: what is put on a base has to be sound.

    Raises:
        EmtError: one does, or as of `load_tensors`.
    """
    tensors = load_tensors(path)
    unsound = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if unsound:
        count = int((~tensors[unsound[0]].isfinite()).sum())
        more = f" and {len(unsound) - 1} more" if len(unsound) > 1 else ""
        raise EmtError(
            f"{path} holds NaN or infinity in {unsound[0]} ({count} of {tensors[unsound[0]].numel()} numbers){more}: "
            "its training went astray, or the file is damaged. Take an earlier checkpoint, or copy it again."
        )
    return tensors


def require_content(path: Path) -> None:
    """Raise where git left a pointer in the place of the weights: a clone without git-lfs.

    Raises:
        EmtError: it did.
    """
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise EmtError(f"{path} is a pointer of git-lfs, not the weights. Fetch them: git lfs pull.")


def require_contents(folder: Path) -> None:
    """The same of every file of weights in `folder`.

    Raises:
        EmtError: one of them is a pointer.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix in WEIGHTS and path.is_file():
            require_content(path)


def _damaged(path: Path, error: Exception) -> str:
    return f"{path} can't be read ({error}): it is damaged or was copied in part. Copy it again."
