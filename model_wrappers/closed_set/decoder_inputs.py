"""What a multimodal model hands to its language model: the prompt as embeddings, image features in their places."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

RESHAPED_LOGITS = ("final_logit_softcapping", "logit_scale", "logits_scaling")  # Gemma, Cohere, Granite
CALL_OPTIONS = {"past_key_values", "use_cache", "return_dict", "output_attentions", "output_hidden_states"}


@dataclass(frozen=True, slots=True)
class DecoderInputs:
    """A batch of prompts at the language model's door.

    Attributes:
        embeds: (B, n, d), left-padded.
        seen: (B, n) bool, False on padding.
        positions: (B, n) int64, or (k, B, n) where a model counts in several dimensions (M-RoPE).
        obstacle: why only the model's own forward pass can go on from here; "" if anybody can.
    """

    embeds: Tensor
    seen: Tensor
    positions: Tensor
    obstacle: str = ""

    @property
    def padded(self) -> bool:
        """Whether any row has padding."""
        return not bool(self.seen.all())


class _AtTheDoor(Exception):  # noqa: N818  # a signal, not an error
    """Stops a forward pass where the language model would begin."""


def decoder_of(model: Any) -> nn.Module:
    """The stack of decoder layers without its output head, whatever wraps it (PEFT, a captioning model, ...).

    Raises:
        TypeError: the model has none that can be told.
    """
    if model.config.is_encoder_decoder or model.config.get_text_config().is_encoder_decoder:
        raise TypeError(f"{type(model).__name__} is an encoder-decoder model: its labels don't follow the prompt")
    decoder = model.get_decoder()
    while decoder.get_output_embeddings() is not None and decoder.get_decoder() is not decoder:
        decoder = decoder.get_decoder()
    if not isinstance(decoder, nn.Module) or decoder is model:
        raise TypeError(f"{type(model).__name__} names no language model (get_decoder)")
    return decoder


def decoder_inputs(model: Any, inputs: Mapping[str, Any]) -> DecoderInputs:
    """What `model(**inputs)` gives its language model; the model's own code embeds, encodes and splices.

    Args:
        model: a transformers image-text-to-text model.
        inputs: what its processor made of prompts and images, on the model's device.

    Raises:
        TypeError: the model's forward pass never calls the language model that it names.
    """
    decoder = decoder_of(model)
    caught: dict[str, Any] = {}

    def stop(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        bound = inspect.signature(type(decoder).forward).bind_partial(module, *args, **kwargs).arguments
        extra = bound.pop("kwargs", {})
        caught.update({name: value for name, value in {**bound, **extra}.items() if name != "self"})
        raise _AtTheDoor

    hook = decoder.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        model(**inputs, use_cache=False)
    except _AtTheDoor:
        pass
    else:
        raise TypeError(f"{type(model).__name__} answered without its language model {type(decoder).__name__}")
    finally:
        hook.remove()
    return _read(model, caught)


def _read(model: Any, caught: dict[str, Any]) -> DecoderInputs:
    embeds, ids = caught.pop("inputs_embeds", None), caught.pop("input_ids", None)
    embeds = model.get_input_embeddings()(ids) if embeds is None else embeds
    mask, positions = caught.pop("attention_mask", None), caught.pop("position_ids", None)
    plain = mask is None or (isinstance(mask, Tensor) and mask.ndim == 2)
    seen = mask.bool() if plain and mask is not None else torch.ones(embeds.shape[:2], dtype=torch.bool)
    seen = seen.to(embeds.device)
    if positions is None:
        positions = (seen.long().cumsum(dim=1) - 1).clamp_min(0)
    others = [name for name, value in caught.items() if name not in CALL_OPTIONS and _holds_tensors(value)]
    obstacle = "" if plain else "the model makes its own attention mask"
    if others:
        obstacle = f"its language model also takes {', '.join(sorted(others))}"
    text = model.config.get_text_config()
    if shaping := [name for name in RESHAPED_LOGITS if getattr(text, name, None) is not None]:
        # Some of the models around such a language model apply it and some don't: only their own forward tells.
        obstacle = f"its logits may be more than its output head's ({shaping[0]})"
    return DecoderInputs(embeds, seen, positions.expand(*positions.shape[:-2], *seen.shape), obstacle)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(map(_holds_tensors, value)))
