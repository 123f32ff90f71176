"""GANSER (Zhang et al. 2022, doi:10.1109/TAFFC.2022.3170369): real windows with hidden electrodes, restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, edited_from_references
from escgan.augmenters.drawing import draw_own_class
from escgan.augmenters.learned import LearnedAugmenter, make_windows
from escgan.montage import scalp_grid
from escgan.windows import WindowSet

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escgan.generative.restoration import Restorer


class GanserAugmenter(LearnedAugmenter):
    """Windows of a class that lacks some, some electrodes hidden, as a U-Net trained against a critic restores them."""

    title: ClassVar[str] = "real windows and GANSER's restorations of small classes"
    citation: ClassVar[str] = (
        "Zhang Z, Zhong S, Liu Y. GANSER: a self-supervised data augmentation framework for EEG-based emotion "
        "recognition. IEEE Transactions on Affective Computing 2022, doi:10.1109/TAFFC.2022.3170369."
    )
    kind: Literal["ganser"] = "ganser"
    epochs: int = Field(default=30, ge=1)
    """Passes over the training windows."""
    width: int = Field(default=16, ge=1)
    """Channels of the U-Net's first level; the next ones have twice and four times as many."""
    critic: tuple[int, ...] = Field(default=(128, 128), min_length=1)
    """Widths of the critic's hidden layers."""
    hidden_share: float = Field(default=0.5, gt=0, le=1)
    """Most electrodes that a mask hides, as a share; each window's own share lies evenly between none and this."""
    reconstruction: float = Field(default=10.0, ge=0)
    """Weight of the restored window's squared error, beside the critic's judgement."""
    penalty: float = Field(default=10.0, ge=0)
    """Weight of the critic's gradient penalty."""

    def build(self, train: WindowSet) -> Restorer:
        """Build U-Net and critic."""
        from escgan.generative.restoration import Restorer

        cells = scalp_grid(train.channels).cells
        return Restorer(
            cells,
            len(train.bands),
            self.width,
            self.critic,
            self.hidden_share,
            self.reconstruction,
            self.penalty,
        )

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Restore windows until every class that has any has what the balance asks for, each under its own mask."""
        import torch

        model = state.model
        wanted = balance.wanted(train.counts)
        references = draw_own_class(train, wanted, seed)

        def make(rows: slice, draw: torch.Generator) -> Tensor:
            x = torch.from_numpy(np.asarray(train.flat()[references[rows]])).to(device)
            return model.restore(model.standardize(x), model.draw_shown(len(x), draw))

        de = make_windows(model, len(references), make, train, seed, device)
        return edited_from_references(train, de, references, train.labels[references], wanted)
