"""A transformer over channels: which electrodes belong together is attended to in every window anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from escgan.classifiers.network import NetworkClassifier, Sizes

if TYPE_CHECKING:
    from torch import nn


class TransformerClassifier(NetworkClassifier):
    """A small pre-norm transformer encoder with a token a channel, and a linear layer on the tokens' mean."""

    title: ClassVar[str] = "transformer over channels"
    kind: Literal["transformer"] = "transformer"
    layers: int = Field(default=2, ge=1)
    """Encoder layers."""
    width: int = Field(default=32, ge=1)
    """Length of a token."""
    heads: int = Field(default=4, ge=1)
    """Heads of attention; they share the width evenly."""
    expansion: int = Field(default=2, ge=1)
    """Width of an encoder layer's hidden layer, as a multiple of the token's."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout after attention, within and after the hidden layers, and before the last layer."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> TransformerClassifier:
        if self.width % self.heads:
            raise ValueError(
                f"width {self.width} cannot be shared by {self.heads} heads: give a multiple of the number of heads."
            )
        return self

    def build(self, sizes: Sizes) -> nn.Module:
        """Build the tokens, the encoder's layers and the linear layer."""
        from torch import nn

        from escgan.classifiers.attention import ChannelTokens, EncoderLayer
        from escgan.classifiers.graph import ChannelMean
        from escgan.gan.trunk import SeededDropout

        hidden = self.expansion * self.width
        return nn.Sequential(
            ChannelTokens(sizes.n_channels, sizes.n_bands, self.width),
            *(EncoderLayer(self.width, self.heads, hidden, self.dropout) for _ in range(self.layers)),
            nn.LayerNorm(self.width),
            ChannelMean(),
            SeededDropout(self.dropout),
            nn.Linear(self.width, sizes.n_classes),
        )
