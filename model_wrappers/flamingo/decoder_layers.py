"""The decoder layers of transformers' language models, with a look at the images before some of them."""

from typing import Any

from torch import Tensor, nn
from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor

from model_wrappers.flamingo.cross_attention import Gaze, MediaKeys


class View:
    """What the decoder layers look at during one forward pass; one object that all of them hold."""

    media: tuple[MediaKeys, ...] | None = None
    where: Gaze | None = None
    position_bias: Tensor | None = None  # instead of MPT's own


class LookingLayer(nn.Module):
    """A decoder layer of transformers with, where it has one, a cross-attention before it.

    Args:
        decoder_layer: is called as it was, whatever its arguments.
        cross_attention: None for the layers between.
        slot: which of `view.media` is this layer's.
        view: set by the model around each pass.
    """

    def __init__(self, decoder_layer: nn.Module, cross_attention: nn.Module | None, slot: int, view: View) -> None:
        super().__init__()
        self.decoder_layer = decoder_layer
        self.gated_cross_attn_layer = cross_attention
        self.slot, self.view = slot, view

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        """What the decoder layer makes of (B, L, d) after it has looked."""
        if self.gated_cross_attn_layer is not None:
            if self.view.media is None or self.view.where is None:
                raise RuntimeError("a Flamingo decoder can't run without its images: call the model itself")
            hidden_states = self.gated_cross_attn_layer(hidden_states, self.view.media[self.slot], self.view.where)
        if self.view.position_bias is not None:
            kwargs["position_bias"] = self.view.position_bias
        return self.decoder_layer(hidden_states, *args, **kwargs)


def mpt_position_bias(position_ids: Tensor, heads: int) -> Tensor:
    """MPT's attention bias (heads, 1, L) for keys at any positions, not only one after another.

    Softmax forgets what all keys share, so a bias that grows with a key's position is one that falls with its distance;
    and rows that differ only in padding on the left can share it.

    Args:
        position_ids: (B, L), the same distances in all rows but for padding.
        heads: number of attention heads.
    """
    slopes = -build_mpt_alibi_tensor(heads, 2, device=position_ids.device)[..., :1]  # (heads, 1, 1)
    least_padded = position_ids[position_ids.amax(dim=1).argmax()]
    bias: Tensor = slopes * (least_padded - least_padded.max())
    return bias
