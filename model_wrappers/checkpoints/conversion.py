"""Checkpoints of the LLaVA repository written in the forms of transformers and PEFT, which other tools read too."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from model_wrappers.checkpoints.adapter_files import CONFIG, read_adapter
from model_wrappers.checkpoints.adapters import check_adapter
from model_wrappers.checkpoints.inspection import Inspection, inspected
from model_wrappers.checkpoints.layouts import LLAVA_REPOSITORY, renamed_by
from model_wrappers.checkpoints.llava_layout import LINEAR, projector_type
from model_wrappers.checkpoints.llava_repository import (
    checkpoint_folder,
    load_repository_model,
    load_repository_processor,
    repository_llava_config,
)
from model_wrappers.checkpoints.llava_weights import read_weights, with_delta
from model_wrappers.checkpoints.merging import is_language_model, write_merged
from model_wrappers.checkpoints.misfits import listed
from model_wrappers.checkpoints.projector import FILES as PROJECTOR_FILES
from model_wrappers.checkpoints.replacements import bare
from model_wrappers.checkpoints.tensor_files import load_trained

PROJECTOR = "multi_modal_projector"
DECODER = "model.language_model.layers."


def convert(path: Path, out: Path, base: str | None = None) -> Inspection:
    """Write the LLaVA repository's checkpoint `path` into the folder `out` in transformers' or PEFT's form.

    A LoRA folder becomes a PEFT folder whose `modules_to_save` is the projector, a full checkpoint a folder of
    transformers' LLaVA with its vision encoder, a delta the same once `base` is added, a projector's file
    `projector.safetensors`.

    Args:
        path: a folder, or a projector's file.
        out: a folder that does not exist.
        base: for a delta, the LLaMA that it belongs to (folder or hub id, transformers' format); for a LoRA folder,
            a LLaVA that the result is checked on and that it will name, or the language model that it was trained on,
            which it is merged into: the result is a LLaVA then.

    Returns:
        What was written.

    Raises:
        EmtError: there is nothing to convert, something is missing or left over, or `out` is there already.
    """
    found = inspected(path)
    if found.problems:
        raise EmtError(f"{path}: {'; '.join(found.problems)}.")
    if found.layout != "llava-repository":
        raise EmtError(f"{path} has the form of {found.layout} already: {found.fits}.")
    if out.exists():
        raise EmtError(f"{out} is there already, and stays as it is. Choose another --out.")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _write(found, path, part, base)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return inspected(out)


def _write(found: Inspection, path: Path, out: Path, base: str | None) -> None:
    if found.method == "linear":
        file = path if path.is_file() else next(path / name for name in PROJECTOR_FILES if (path / name).is_file())
        save_file(_renamed(load_trained(file)), out / PROJECTOR_FILES[0], {"format": "pt"})
    elif found.method in ("full", "delta"):
        _write_model(path, out, base if found.method == "delta" else None, found.method == "delta")
    elif base is not None and is_language_model(base):
        write_merged(path, out, base)
    else:
        _write_adapter(path, out, base)


def _write_model(path: Path, out: Path, base: str | None, delta: bool) -> None:
    """A folder of transformers' LLaVA."""
    tensors = None
    if delta:
        if base is None:
            raise EmtError(f"{path} holds differences to LLaMA's weights. Name that LLaMA with --base.")
        tensors = with_delta(read_weights(path), read_weights(checkpoint_folder(base, None)), str(path))
    config = repository_llava_config(str(path))
    processor = load_repository_processor(str(path))
    load_repository_model(str(path), config, tensors=tensors, dtype="auto").save_pretrained(out)
    processor.save_pretrained(out)


def _write_adapter(path: Path, out: Path, base: str | None) -> None:
    """A PEFT folder."""
    adapter = read_adapter(str(path))
    tensors = _renamed(load_trained(adapter.weights))
    whole = {} if adapter.trainables is None else _renamed(load_trained(adapter.trainables))
    if others := [name for name in whole if f".{PROJECTOR}." not in name]:
        raise EmtError(
            f"{path} retrained {listed(others)} beside LoRA and projector, which a PEFT folder can't hold. Load it as "
            f"it is: peft={path}."
        )
    config = adapter.config.to_dict() | {
        "target_modules": _targets(tensors),
        "modules_to_save": [PROJECTOR] if whole else None,
        "base_model_name_or_path": base or adapter.trained_on,
        "inference_mode": True,
    }
    save_file(
        {f"base_model.model.{name}": tensor.contiguous() for name, tensor in (tensors | whole).items()},
        out / "adapter_model.safetensors",
        {"format": "pt"},
    )
    write_json(out / CONFIG, {name: _plain(value) for name, value in config.items()})
    if base is not None:
        check_adapter(base, str(out), None)


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under transformers' names; after a linear projector comes the unit matrix."""
    renamed = {renamed_by(LLAVA_REPOSITORY, bare(key)): tensor for key, tensor in tensors.items()}
    if projector_type(tensors) == LINEAR:
        weight = renamed[f"model.{PROJECTOR}.linear_1.weight"]
        second = f"model.{PROJECTOR}.linear_2"
        renamed[f"{second}.weight"] = torch.eye(len(weight), dtype=weight.dtype)
        renamed[f"{second}.bias"] = torch.zeros(len(weight), dtype=weight.dtype)
    return renamed


def _targets(tensors: Mapping[str, Tensor]) -> str | list[str]:
    """The layers that LoRA is on, as PEFT's config names them: never those of the vision encoder by accident."""
    modules = sorted({name.split(".lora_")[0] for name in tensors})
    if all(name.startswith(DECODER) for name in modules):
        leaves = "|".join(sorted({name.rpartition(".")[2] for name in modules}))
        return rf".*\.language_model\.layers\..*\.({leaves})"
    return modules


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value
