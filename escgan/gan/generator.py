"""The generator: encode a window, multiply the code by the target class' control signal, decode.

The class enters after the encoder, so one encoding serves every target.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from escgan.gan.config import NetworkConfig
from escgan.gan.trunk import CODE_SIDE, ConvTrunk


class Generator(nn.Module):
    """Edit windows ``(B, n_bands, 9, 9)`` into target classes ``(B,)``.

    Parameters
    ----------
    n_bands, n_classes
        Sizes of the windows and of the label set.
    mask
        ``(9, 9)``, 1 inside the electrodes' hull: edits are 0 elsewhere, as windows are.
    """

    mask: Tensor

    def __init__(self, n_bands: int, n_classes: int, mask: Tensor, config: NetworkConfig) -> None:
        super().__init__()
        hidden = config.hidden
        self.encoder = ConvTrunk(n_bands, hidden, attention=config.attention)
        self.control = nn.Embedding(n_classes, 4 * hidden * CODE_SIDE**2)
        widths = ((4 * hidden, 2 * hidden, 2), (2 * hidden, 2 * hidden, 1), (2 * hidden, hidden, 2))
        layers: list[nn.Module] = []
        for width_in, width_out, stride in widths:
            layers += [nn.ConvTranspose2d(width_in, width_out, 3, stride, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(width_out), nn.LeakyReLU()]
        layers += [nn.ConvTranspose2d(hidden, n_bands, 3, 1, padding=1)]
        layers += [nn.LeakyReLU()] if config.output == "leaky_relu" else []
        self.decoder = nn.Sequential(*layers)
        self.register_buffer("mask", mask.to(torch.float32))

    def encode(self, x: Tensor) -> Tensor:
        """Return the code ``(B, 4H, 3, 3)``, which knows nothing of the target."""
        return self.encoder(x)

    def decode(self, code: Tensor, target: Tensor) -> Tensor:
        """Return the edit ``(B, n_bands, 9, 9)`` of a code into target classes ``(B,)``."""
        return self.decoder(code * self.control(target).view_as(code)) * self.mask

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Edit windows into target classes."""
        return self.decode(self.encode(x), target)
