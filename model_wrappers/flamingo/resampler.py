"""The perceiver resampler: any number of image features become a fixed number of latents (Flamingo, section 2.1)."""

import torch
from torch import Tensor, nn

from model_wrappers.flamingo.attention import attended, by_head, feed_forward


class ResamplerLayer(nn.Module):
    """The latents read the image features and themselves, then each is thought over.

    Args:
        width: of features and latents alike.
        heads: of the attention.
        head_width: of each head.
        expansion: of the feed-forward.
    """

    def __init__(self, width: int, heads: int, head_width: int, expansion: int) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_width
        self.norm_media = nn.LayerNorm(width)
        self.norm_latents = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)
        self.feed_forward = feed_forward(width, expansion)

    def forward(self, features: Tensor, latents: Tensor) -> Tensor:
        """The latents after this layer, (B, n, width); `features` are (B, v, width)."""
        normed = self.norm_latents(latents)
        read = torch.cat((self.norm_media(features), normed), dim=1)  # (B, v + n, width)
        keys, values = self.to_kv(read).chunk(2, dim=-1)
        drawn = attended(*(by_head(x, self.heads) for x in (self.to_q(normed), keys, values)))
        latents = latents + self.to_out(drawn)
        return latents + self.feed_forward(latents)  # type: ignore[no-any-return]


class PerceiverResampler(nn.Module):
    """`latents` latents for each image, or for each video of up to `frames` frames.

    Args:
        width: of features and latents alike.
        depth: number of layers.
        latents: for each image.
        frames: how many frames the checkpoint has embeddings for; 0 where it has none (images).
        heads: of each layer's attention.
        head_width: of each head.
        expansion: of each layer's feed-forward.
    """

    def __init__(
        self, width: int, depth: int, latents: int, frames: int, heads: int, head_width: int, expansion: int
    ) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.frame_embs = nn.Parameter(torch.randn(frames, width)) if frames else None
        self.layers = nn.ModuleList(ResamplerLayer(width, heads, head_width, expansion) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        """Latents of shape (B, T, n, width).

        Args:
            features: (B, T, F, v, width), v features for each of F frames of each of T images.
        """
        images = features.shape[:2]
        if self.frame_embs is not None:
            features = features + self.frame_embs[: features.shape[2], None]  # (F, 1, width)
        flat = features.flatten(2, 3).flatten(0, 1)  # (B * T, F * v, width)
        latents = self.latents.expand(len(flat), -1, -1)
        for layer in self.layers:
            latents = layer(flat, latents)
        return self.norm(latents).unflatten(0, images)  # type: ignore[no-any-return]
