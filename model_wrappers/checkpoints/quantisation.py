"""Weights in 8 or 4 bits: what `--model_args` say of it, as the configuration that bitsandbytes is given."""

import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments

OF_4_BITS = ("bnb_4bit_compute_dtype", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant")
# transformers itself leaves the head alone. We leave whatever sees alone too: it is small beside the language model,
# and a projector that an adapter or `projector=` replaces has to be what their files hold.
SEEING = (
    "vision_tower", "vision_model", "vision_encoder", "visual", "multi_modal_projector", "qformer",
    "language_projection", "perceiver",
)  # fmt: skip
KEPT_WHOLE = ("lm_head", *(rf"(?:.*\.)?{name}" for name in SEEING))  # transformers matches from the full name's start


CASTS = "bitsandbytes.autograd._functions"
"""The logger that says of each layer and pass that 8-bit layers compute in float16."""


class Once(logging.Filter):
    """Lets each message pass a single time."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it has not been said."""
        told = record.getMessage() in self._told
        self._told.add(record.getMessage())
        return not told


def quantisation(said: Arguments, config: Any, dtype: torch.dtype | str) -> BitsAndBytesConfig | None:
    """The configuration for `from_pretrained`; None where nothing is to be quantised.

    Args:
        said: the arguments.
        config: of the model.
        dtype: that it is loaded in, which 4-bit layers compute in as well unless told otherwise; `auto` is its own.

    Raises:
        EmtError: the arguments contradict each other, or bitsandbytes is not installed.
    """
    asked = [name for name in OF_4_BITS if getattr(said, name)]
    if asked and not said.load_in_4bit:
        raise EmtError(f"{asked[0]} is about weights in 4 bits: add load_in_4bit=true, or drop it.")
    if said.load_in_4bit and said.load_in_8bit:
        raise EmtError("load_in_4bit and load_in_8bit exclude each other. Drop one of them.")
    if not said.load_in_4bit and not said.load_in_8bit:
        return None
    _require_library()
    if not logging.getLogger(CASTS).filters:
        logging.getLogger(CASTS).addFilter(Once())
    options: dict[str, Any] = {name: getattr(said, name) for name in asked}
    if said.load_in_4bit:
        named = said.bnb_4bit_compute_dtype or "auto"
        own = getattr(config, "dtype", None) or torch.float32 if dtype == "auto" else dtype
        options["bnb_4bit_compute_dtype"] = own if named == "auto" else getattr(torch, named)
    return BitsAndBytesConfig(
        load_in_4bit=said.load_in_4bit,
        load_in_8bit=said.load_in_8bit,
        llm_int8_skip_modules=list(KEPT_WHOLE),
        **options,
    )


def _require_library() -> None:
    try:
        version("bitsandbytes")
    except PackageNotFoundError as error:
        raise EmtError(
            "load_in_4bit and load_in_8bit need bitsandbytes, which is not installed: "
            "pip install 'emt-bench[quantized]'."
        ) from error
