"""Long prompts through an encoder-decoder's encoder one by one, where a padded batch would cost more than it saves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from model_wrappers.generating.inputs import Batch

LONG = 256
"""Tokens from which attention is most of an encoder's work. Of padded rows it needs a mask for each of them, and T5 in
transformers 5.23 makes one of rows x heads x n x n numbers in every layer, twice: at 1,000 tokens two thirds of the
time on a CPU. A row alone needs none, and has enough tokens to keep a processor busy."""


@torch.inference_mode()
def encoded(model: Any, inputs: Mapping[str, Any]) -> Batch:
    """`inputs`, with `encoder_outputs` made row by row where the rows are long and of unequal lengths.

    Args:
        model: of transformers; one that is no encoder-decoder gets its inputs as they are.
        inputs: `input_ids` and `attention_mask` (B, n) on its device.
    """
    ids, mask = inputs["input_ids"], inputs["attention_mask"].bool()
    if not model.config.is_encoder_decoder or ids.shape[1] < LONG or bool(mask.all()):
        return dict(inputs)
    encoder = model.get_encoder()
    with _one_bias(encoder, ids.shape[1], ids.device):
        made = [encoder(input_ids=ids[row : row + 1, seen]).last_hidden_state[0] for row, seen in enumerate(mask)]
    states = made[0].new_zeros(*ids.shape, made[0].shape[-1])
    for row, seen in enumerate(mask):
        states[row, seen] = made[row]
    return {**inputs, "encoder_outputs": BaseModelOutput(last_hidden_state=states)}


@contextmanager
def _one_bias(encoder: Any, longest: int, device: torch.device) -> Iterator[None]:
    """T5's attention bias, of distances alone, is made once for the longest row and cut for the others."""
    biased = [module for module in encoder.modules() if getattr(module, "has_relative_attention_bias", False)]
    for module in biased:
        module.compute_bias = _cut(module.compute_bias(longest, longest, device=device))
    try:
        yield
    finally:
        for module in biased:
            del module.compute_bias  # the class's own again


def _cut(whole: Tensor) -> Any:
    return lambda queries, keys, **_: whole[:, :, :queries, :keys].contiguous()  # else each layer would copy it
