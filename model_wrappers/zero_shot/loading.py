"""An open_clip encoder with its weights, or a clear word on why not."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import open_clip
import torch
from open_clip import pretrained as registry
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL.Image import Image
from safetensors import SafetensorError
from torch import Tensor

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.fingerprint import file_hash
from model_wrappers.checkpoints.tensor_files import require_content
from model_wrappers.zero_shot.arguments import CONFIG, IN_FOLDER, ON_HUB, Source, weights_in
from model_wrappers.zero_shot.preprocessing import Preprocessing

PRECISIONS = {"auto": "fp32", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
"""Our names of dtypes and open_clip's; in half precision its layer norms stay in float32, as OpenAI's did."""
FAILURES = (OSError, RuntimeError, ValueError, KeyError, EOFError, SafetensorError)
"""What open_clip and torch raise of a checkpoint that they can't use."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """An open_clip model ready to encode.

    Attributes:
        model: the model, in eval mode.
        tokenizer: texts to (n, context) int64.
        preprocessing: RGB pictures to (B, 3, H, W) float32.
        dtype: of the pictures that the model takes.
        source: where it came from.
    """

    model: Any
    tokenizer: Any
    preprocessing: Preprocessing
    dtype: torch.dtype
    source: Source

    @property
    def scale(self) -> float:
        """What similarities are multiplied with before a softmax."""
        return float(self.model.logit_scale.exp())

    @property
    def width(self) -> int:
        """Of its features."""
        return int(self.model.encode_text(self.tokenizer([""]).to(next(self.model.parameters()).device)).shape[-1])

    def pixels(self, pictures: Iterable[Image]) -> Tensor:
        """(B, 3, H, W) float32 of B RGB pictures, on the CPU."""
        return self.preprocessing.pixels(pictures)


def load_encoder(source: Source, dtype: str, device: torch.device) -> Encoder:
    """The encoder at `source`. Pickled weights are read as tensors only.

    Args:
        source: a checkpoint.
        dtype: a value of `arguments.DTYPES`.
        device: where it goes.

    Raises:
        EmtError: the weights can't be had, are damaged, hold more than tensors, or are another architecture's.
    """
    precision = PRECISIONS[dtype]
    for path in _here(source):
        require_content(path)
    try:
        model = open_clip.create_model(
            source.model,
            source.pretrained,
            precision=precision,
            device=device,
            force_quick_gelu=source.quick_gelu,
            require_pretrained=True,
            weights_only=True,
        )
        tokenizer = open_clip.get_tokenizer(source.model)
    except UnpicklingError as error:
        raise EmtError(
            f"{source.name} holds pickled objects other than tensors; unpickling them can run any code, so it was not "
            "done. Ask for the weights as safetensors."
        ) from error
    except FAILURES as error:
        said = str(error).strip().split("\n\n")[0][:500]
        raise EmtError(f"open_clip can't load {source.name}: {said}") from error
    model = model.eval().requires_grad_(requires_grad=False)
    transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    return Encoder(
        model, tokenizer, Preprocessing(transform), open_clip.get_input_dtype(precision) or torch.float32, source
    )


def source_fingerprint(source: Source) -> str:
    """The sha256, in hex, of a checkpoint's weights and of the architecture they are put in.

    Raises:
        EmtError: a file can't be read.
    """
    lines = [f"{source.model if source.pretrained else ''} {source.quick_gelu}", *map(file_hash, _files(source))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _here(source: Source) -> list[Path]:
    """The files of weights that a user named, or that lie in the folder that was named."""
    if source.model.startswith(IN_FOLDER):
        return weights_in(Path(source.model.removeprefix(IN_FOLDER)))
    return [Path(source.pretrained)] if source.pretrained and Path(source.pretrained).is_file() else []


def _files(source: Source) -> list[Path]:
    """The files that `source` is loaded from; those of tags and of the hub lie in the cache by now."""
    if source.model.startswith(IN_FOLDER):
        folder = Path(source.model.removeprefix(IN_FOLDER))
        return [folder / CONFIG, *weights_in(folder)]
    try:
        if source.model.startswith(ON_HUB):
            hub_id = source.model.removeprefix(ON_HUB)
            names = (CONFIG, None)
            return [Path(registry.download_pretrained_from_hf(hub_id, filename=name)) for name in names]
        assert source.pretrained is not None, "an architecture alone has no weights"
        config = registry.get_pretrained_cfg(source.model, source.pretrained)
        return [Path(registry.download_pretrained(config)) if config else Path(source.pretrained)]
    except FAILURES as error:
        raise EmtError(f"{source.name} is not on this machine any more: {error}") from error
