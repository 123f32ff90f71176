"""Self-attention between channels."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from escgan.gan.trunk import SeededDropout


class ChannelTokens(nn.Module):
    """A token a channel: its bands embedded linearly, and which channel it is.

    Maps ``(B, n_channels, n_bands)`` to ``(B, n_channels, width)``.
    """

    def __init__(self, n_channels: int, n_bands: int, width: int) -> None:
        super().__init__()
        self.bands = nn.Linear(n_bands, width)
        self.channels = nn.Embedding(n_channels, width)

    def forward(self, x: Tensor) -> Tensor:
        """Embed every channel."""
        tokens: Tensor = self.bands(x) + self.channels.weight
        return tokens


class SelfAttention(nn.Module):
    """``softmax(Q K^T / sqrt(d)) V`` in several heads (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).

    Maps ``(B, n_tokens, width)`` to itself; d is ``width / heads``. It does not know the order of tokens. Nothing is
    dropped from the weights: the library's own dropout would draw from a stream that folds share.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Let every token attend to all of them."""
        split = self.project(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.join(attended.transpose(1, 2).flatten(2))
        return out


class EncoderLayer(nn.Module):
    """Attention and a layer of each token by itself, both normed before and added to what came in.

    Pre-norm (Xiong et al. 2020, arXiv:2002.04745) trains without a warm-up of the learning rate.
    """

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attend = nn.Sequential(nn.LayerNorm(width), SelfAttention(width, heads), SeededDropout(dropout))
        self.think = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hidden),
            nn.GELU(),
            SeededDropout(dropout),
            nn.Linear(hidden, width),
            SeededDropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, n_tokens, width)`` to itself."""
        x = x + self.attend(x)
        out: Tensor = x + self.think(x)
        return out
