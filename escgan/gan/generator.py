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
    folds
        Generators side by side: windows are then ``(B, folds * n_bands, 9, 9)`` and targets ``(B, folds)``.
    """

    mask: Tensor
    rows: Tensor

    def __init__(self, n_bands: int, n_classes: int, mask: Tensor, config: NetworkConfig, folds: int = 1) -> None:
        super().__init__()
        self.folds = folds
        hidden = config.hidden
        self.encoder = ConvTrunk(n_bands, hidden, attention=config.attention, folds=folds)
        self.control = nn.Embedding(folds * n_classes, 4 * hidden * CODE_SIDE**2)
        widths = ((4 * hidden, 2 * hidden, 2), (2 * hidden, 2 * hidden, 1), (2 * hidden, hidden, 2))
        layers: list[nn.Module] = []
        for width_in, width_out, stride in widths:
            layers += [_up(width_in, width_out, stride, folds, bias=False)]
            layers += [nn.BatchNorm2d(folds * width_out), nn.LeakyReLU()]
        layers += [_up(hidden, n_bands, 1, folds, bias=True)]
        layers += [nn.LeakyReLU()] if config.output == "leaky_relu" else []
        self.decoder = nn.Sequential(*layers)
        self.register_buffer("mask", mask.to(torch.float32))
        # Where each fold's control signals begin.
        self.register_buffer("rows", torch.arange(folds) * n_classes, persistent=False)

    def encode(self, x: Tensor) -> Tensor:
        """Return the code ``(B, 4H, 3, 3)``, which knows nothing of the target."""
        return self.encoder(x)

    def decode(self, code: Tensor, target: Tensor) -> Tensor:
        """Return the edit ``(B, n_bands, 9, 9)`` of a code into target classes ``(B,)``."""
        control = self.control(target if self.folds == 1 else target + self.rows)
        return self.decoder(code * control.view_as(code)) * self.mask

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Edit windows into target classes."""
        return self.decode(self.encode(x), target)


def _up(width_in: int, width_out: int, stride: int, folds: int, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(folds * width_in, folds * width_out, 3, stride, padding=1, groups=folds, bias=bias)
