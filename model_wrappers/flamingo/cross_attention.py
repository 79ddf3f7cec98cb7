"""Gated cross-attention: how text looks at the image before it (Flamingo, section 2.2 and figure 4)."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_wrappers.flamingo.attention import attended, by_head, feed_forward


class MediaKeys(NamedTuple):
    """Keys and values of a batch's images for one cross-attention, each (B, heads, T * n, head width)."""

    keys: Tensor
    values: Tensor


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where each text token may look.

    Attributes:
        allowed: (B, 1, L, T * n) bool, the latents of a token's own image; all of them where it has none.
        sighted: (B, L, 1) bool, False for a token before the first image.
    """

    allowed: Tensor
    sighted: Tensor


def images_so_far(input_ids: Tensor, image_token: int) -> Tensor:
    """For each token the number of images up to it, itself included: (B, L) int64.

    >>> images_so_far(torch.tensor([[5, 9, 5, 9, 5]]), image_token=9).tolist()
    [[0, 1, 1, 2, 2]]
    """
    return (input_ids == image_token).cumsum(dim=-1)


def gaze(so_far: Tensor, images: int, latents: int) -> Gaze:
    """A token looks at the last image before it and at no other, however many there are.

    Args:
        so_far: (B, L), as `images_so_far` counts.
        images: T, the number of images of each row.
        latents: n, the number of latents of each image.
    """
    image_of_latent = torch.arange(images, device=so_far.device).repeat_interleave(latents) + 1  # (T * n,)
    own = so_far[:, :, None] == image_of_latent  # (B, L, T * n)
    sighted = (so_far > 0)[:, :, None]
    # A query that may look nowhere would be NaN: it looks everywhere, and what it draws is thrown away.
    return Gaze((own | ~sighted)[:, None], sighted)


class MediaAttention(nn.Module):
    """Text draws from the latents of its image.

    Args:
        width: of the text.
        media_width: of the latents.
        heads: number of heads.
        head_width: of each head.
    """

    def __init__(self, width: int, media_width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_width
        self.norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(media_width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def media_keys(self, latents: Tensor) -> MediaKeys:
        """Keys and values of `latents` (B, T, n, media width); the same at every step of a generation."""
        keys, values = self.to_kv(latents.flatten(1, 2)).chunk(2, dim=-1)
        return MediaKeys(by_head(keys, self.heads), by_head(values, self.heads))

    def forward(self, text: Tensor, media: MediaKeys, where: Gaze) -> Tensor:
        """(B, L, width) from text of that shape; zero for text before the first image."""
        queries = by_head(self.to_q(self.norm(text)), self.heads)
        return self.to_out(attended(queries, *media, where.allowed) * where.sighted)  # type: ignore[no-any-return]


class GatedCrossAttention(nn.Module):
    """Adds what the text sees, through gates that are shut (tanh 0) until trained.

    Args:
        width: of the text.
        media_width: of the latents.
        heads: number of heads.
        head_width: of each head.
        expansion: of the feed-forward.
    """

    def __init__(self, width: int, media_width: int, heads: int, head_width: int, expansion: int) -> None:
        super().__init__()
        self.attn = MediaAttention(width, media_width, heads, head_width)
        self.attn_gate = nn.Parameter(torch.zeros(1))
        self.feed_forward = feed_forward(width, expansion)
        self.ff_gate = nn.Parameter(torch.zeros(1))

    def forward(self, text: Tensor, media: MediaKeys, where: Gaze) -> Tensor:
        """The text (B, L, width) after looking."""
        text = text + self.attn_gate.tanh() * self.attn(text, media, where)
        return text + self.ff_gate.tanh() * self.feed_forward(text)  # type: ignore[no-any-return]
