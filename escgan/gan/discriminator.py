"""The discriminator: one trunk, a real/fake head and a class head."""

from __future__ import annotations

from torch import Tensor, nn

from escgan.gan.config import NetworkConfig
from escgan.gan.trunk import CODE_SIDE, ConvTrunk, DenseTrunk, mlp_head


class Discriminator(nn.Module):
    """Judge windows ``(B, n_bands, 9, 9)``: real or edited, and which class.

    With ``folds`` discriminators side by side, windows are ``(B, folds * n_bands, 9, 9)``. Of windows that are no
    grids, ``n_cells`` is how many channels they have.
    """

    def __init__(
        self, n_bands: int, n_classes: int, config: NetworkConfig, folds: int = 1, n_cells: int | None = None
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        code_cells = CODE_SIDE**2
        if config.form == "grid":
            self.trunk: nn.Module = ConvTrunk(n_bands, config.hidden, folds=folds)
        elif n_cells is None:
            raise TypeError("A discriminator of channels needs to know how many there are.")
        else:
            self.trunk = DenseTrunk(n_bands * n_cells, config.hidden, folds=folds)
            code_cells = 1
        self.realness = mlp_head(config.hidden, 1, config.dropout, folds=folds, cells=code_cells)
        self.classes = mlp_head(config.hidden, n_classes, config.dropout, folds=folds, cells=code_cells)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the realness logit ``(B,)`` (low is real, high is edited) and class logits ``(B, n_classes)``.

        With several folds, ``(B, folds)`` and ``(B, folds * n_classes)``.
        """
        code = self.trunk(x)
        return self.realness(code).squeeze(1), self.classes(code)
