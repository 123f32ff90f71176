"""The generator: encode a window, multiply the code by the target class' control signal, decode.

The class enters after the encoder, so one encoding serves every target.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from escgan.gan.config import NetworkConfig
from escgan.gan.trunk import CODE_SIDE, ConvTrunk, DenseTrunk, FoldLinear, dense


class Generator(nn.Module):
    """Edit windows ``(B, n_bands, 9, 9)`` into target classes ``(B,)``.

    Parameters
    ----------
    n_bands, n_classes
        Sizes of the windows and of the label set.
    mask
        ``(9, 9)``, 1 inside the electrodes' hull: edits are 0 elsewhere, as windows are. Networks on channels take
        windows ``(B, n_bands, n_channels, 1)`` and a mask ``(n_channels, 1)``.
    folds
        Generators side by side: windows are then ``(B, folds * n_bands, 9, 9)`` and targets ``(B, folds)``.
    """

    mask: Tensor
    rows: Tensor

    def __init__(self, n_bands: int, n_classes: int, mask: Tensor, config: NetworkConfig, folds: int = 1) -> None:
        super().__init__()
        self.folds = folds
        self.residual = config.residual
        hidden = config.hidden
        if config.form == "grid":
            self.encoder: nn.Module = ConvTrunk(n_bands, hidden, attention=config.attention, folds=folds)
            code_size = 4 * hidden * CODE_SIDE**2
        else:
            self.encoder = DenseTrunk(n_bands * mask.numel(), hidden, folds=folds)
            code_size = 4 * hidden
        self.control = nn.Embedding(folds * n_classes, code_size) if config.control else None
        layers = (
            _on_grid(hidden, n_bands, folds) if config.form == "grid" else _on_channels(hidden, n_bands, mask, folds)
        )
        layers += [nn.LeakyReLU()] if config.output == "leaky_relu" else []
        self.decoder = nn.Sequential(*layers)
        self.register_buffer("mask", mask.to(torch.float32))
        # Where each fold's control signals begin.
        self.register_buffer("rows", torch.arange(folds) * n_classes, persistent=False)

    @property
    def last_layer(self) -> nn.ConvTranspose2d | nn.Linear:
        """The layer that the decoder's values come from."""
        return [layer for layer in self.decoder if isinstance(layer, nn.ConvTranspose2d | nn.Linear)][-1]

    def encode(self, x: Tensor) -> Tensor:
        """Return the code ``(B, 4H, 3, 3)``, or ``(B, 4H)`` of channels, which knows nothing of the target."""
        return self.encoder(x)

    def decode(self, code: Tensor, target: Tensor, start: Tensor | None = None) -> Tensor:
        """Return the edit ``(B, n_bands, 9, 9)`` of a code into target classes ``(B,)``.

        ``start`` are the windows that the code is of, which the residual form adds the decoder's output to.
        """
        if self.control is not None:
            signal = self.control(target if self.folds == 1 else target + self.rows)
            code = code * signal.view_as(code)
        decoded = self.decoder(code) * self.mask
        if not self.residual:
            return decoded
        if start is None:
            raise TypeError("A generator in the residual form needs the windows that it changes.")
        return start + decoded

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Edit windows into target classes."""
        return self.decode(self.encode(x), target, x)


def _on_grid(hidden: int, n_bands: int, folds: int) -> list[nn.Module]:
    """Layers from a code ``(B, 4H, 3, 3)`` to ``(B, n_bands, 9, 9)``."""
    widths = ((4 * hidden, 2 * hidden, 2), (2 * hidden, 2 * hidden, 1), (2 * hidden, hidden, 2))
    layers: list[nn.Module] = []
    for width_in, width_out, stride in widths:
        layers += [_up(width_in, width_out, stride, folds, bias=False)]
        layers += [nn.BatchNorm2d(folds * width_out), nn.LeakyReLU()]
    return [*layers, _up(hidden, n_bands, 1, folds, bias=True)]


def _on_channels(hidden: int, n_bands: int, mask: Tensor, folds: int) -> list[nn.Module]:
    """Layers from a code ``(B, 4H)`` to ``(B, n_bands, n_channels, 1)``."""
    values = FoldLinear(4 * hidden, n_bands * mask.numel(), folds)
    return [*dense(4 * hidden, 4 * hidden, folds), values, nn.Unflatten(1, (folds * n_bands, *mask.shape))]


def _up(width_in: int, width_out: int, stride: int, folds: int, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(folds * width_in, folds * width_out, 3, stride, padding=1, groups=folds, bias=bias)
