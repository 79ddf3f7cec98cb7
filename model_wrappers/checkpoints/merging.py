"""LoRA folders of the LLaVA repository whose base is a language model alone: with it they are a LLaVA."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapter_files import read_adapter
from model_wrappers.checkpoints.hub_files import find_file
from model_wrappers.checkpoints.llava_layout import TEXT_MODELS, read_json
from model_wrappers.checkpoints.llava_repository import (
    checkpoint_folder,
    load_repository_model,
    load_repository_processor,
    repository_llava_config,
)
from model_wrappers.checkpoints.llava_weights import read_weights
from model_wrappers.checkpoints.misfits import listed
from model_wrappers.checkpoints.replacements import bare
from model_wrappers.checkpoints.tensor_files import load_trained

TOKENIZER = (
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
)  # fmt: skip
FACTOR = re.compile(r"(?P<layer>.+)\.lora_(?P<side>[AB])\.weight")


def is_language_model(name: str) -> bool:
    """Whether `name` is a language model of a kind that LLaVAs are made of.

    Raises:
        EmtError: there is no such folder or repository.
    """
    file = find_file(name, ["config.json"], "base")
    said = {} if file is None else read_json(file)
    return said.get("model_type") in TEXT_MODELS.values() and "mm_vision_tower" not in said


def write_merged(path: Path, out: Path, base: str) -> None:
    """Write the LLaVA of a LoRA folder and the language model that it was trained on, in transformers' form.

    Args:
        path: the LoRA folder; its config.json says what the LLaVA is.
        out: an empty folder.
        base: the language model, folder or hub id.

    Raises:
        EmtError: the adapter is no plain LoRA, or the two do not go together.
    """
    under = checkpoint_folder(base, None)
    tensors = _merged(path, read_weights(under), base)
    with TemporaryDirectory() as place:  # a checkpoint as the repository would save it, but for its weights
        folder = Path(place) / path.name
        folder.mkdir()
        shutil.copy(path / "config.json", folder)
        for name in TOKENIZER:
            if (under / name).is_file():
                shutil.copy(under / name, folder)
        config = repository_llava_config(str(folder))
        load_repository_model(str(folder), config, tensors=tensors, dtype="auto").save_pretrained(out)
        load_repository_processor(str(folder)).save_pretrained(out)


def _merged(path: Path, weights: Mapping[str, Tensor], base: str) -> dict[str, Tensor]:
    """The language model's weights with LoRA in them, computed in float32, and what was trained whole."""
    adapter = read_adapter(str(path))
    if adapter.llava is None or adapter.trainables is None:
        raise EmtError(f"{path} lacks its config.json or the projector: it was copied in part. Copy the whole folder.")
    scale = _scale(adapter.config, path)
    factors: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_trained(adapter.weights).items():
        found = FACTOR.fullmatch(bare(key))
        if found is None:
            raise EmtError(f"{path} has {key}, which is not plain LoRA's and can't be merged.")
        factors.setdefault(f"{found['layer']}.weight", {})[found["side"]] = tensor.float()
    merged = dict(weights)
    wrong = [
        name
        for name, pair in factors.items()
        if set(pair) != {"A", "B"} or name not in merged or merged[name].shape != (len(pair["B"]), pair["A"].shape[1])
    ]
    if wrong:
        raise EmtError(f"{path} was not trained on {base!r}: {listed(wrong)} are missing or of other shapes there.")
    for name, pair in factors.items():
        merged[name] = (merged[name].float() + scale * pair["B"] @ pair["A"]).to(merged[name].dtype)
    dtype = merged[next(iter(factors))].dtype
    return merged | {bare(key): tensor.to(dtype) for key, tensor in load_trained(adapter.trainables).items()}


def _scale(config: Any, path: Path) -> float:
    """What LoRA's product is multiplied by."""
    said = config.to_dict()
    other = [name for name in ("use_dora", "rank_pattern", "alpha_pattern", "fan_in_fan_out") if said.get(name)]
    if other:
        raise EmtError(f"{path} is no plain LoRA ({', '.join(other)}) and can't be merged here.")
    rank: int = said["r"]
    alpha: float = said["lora_alpha"]
    return alpha / (rank**0.5 if said.get("use_rslora") else rank)
