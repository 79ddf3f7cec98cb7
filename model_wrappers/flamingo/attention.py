"""What the resampler and the cross-attention have in common."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def feed_forward(width: int, expansion: int) -> nn.Sequential:
    """A normalised two-layer perceptron without biases, (..., width) to (..., width); its caller adds the residual."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, width * expansion, bias=False),
        nn.GELU(),
        nn.Linear(width * expansion, width, bias=False),
    )


def by_head(x: Tensor, heads: int) -> Tensor:
    """(B, n, heads * d) as (B, heads, n, d)."""
    return x.view(*x.shape[:-1], heads, -1).transpose(1, 2)


def attended(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None = None) -> Tensor:
    """What each query draws from the values, heads joined again.

    Args:
        queries: (B, heads, q, d).
        keys: (B, heads, k, d).
        values: (B, heads, k, d).
        allowed: bool, broadcast to (B, heads, q, k); each query needs one key at least.

    Returns:
        (B, q, heads * d).
    """
    return scaled_dot_product_attention(queries, keys, values, attn_mask=allowed).transpose(1, 2).flatten(2)
