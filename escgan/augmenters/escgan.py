"""ESC-GAN as an augmenter: edit windows of well-represented classes into the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.augmenters.base import Balance, Edited, FoldToFit, GeneratingAugmenter, edit_table
from escgan.errors import EscganError
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.montage import scalp_grid
from escgan.seeds import generator
from escgan.windows import WindowSet


class EscganAugmenter(GeneratingAugmenter):
    """Train ESC-GAN on a fold's training windows and edit references into the classes that lack windows."""

    title: ClassVar[str] = "real windows and ESC-GAN edits"
    trains: ClassVar[bool] = True
    packs: ClassVar[bool] = True
    kind: Literal["escgan"] = "escgan"
    network: NetworkConfig = NetworkConfig()
    """Sizes of the networks."""
    losses: LossWeights = LossWeights()
    """Weights and forms of the losses."""
    training: TrainingConfig = TrainingConfig()
    """The training loop."""
    delta: float = 0.0
    """An edit is accepted only when its realness logit is below this."""

    def fit(
        self,
        train: WindowSet,
        seed: int,
        *,
        device: str = "cpu",
        workspace: Path | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Any:
        """Train the GAN; resumes from a checkpoint in ``workspace`` where there is one."""
        (state,) = self.fit_together([FoldToFit(train, workspace, on_step)], seed, device=device)
        if isinstance(state, EscganError):
            raise state
        return state

    def fit_together(self, folds: Sequence[FoldToFit], seed: int, *, device: str = "cpu") -> list[Any | EscganError]:
        """Train one GAN a fold as one program; the folds have one montage, the same bands and classes."""
        from escgan.gan.loop import FoldWindows
        from escgan.gan.training import train_gans

        first = folds[0].train
        scalp = scalp_grid(first.channels)
        return list(
            train_gans(
                [FoldWindows(scalp.paint(f.train.de), f.train.labels, f.workspace, f.on_step) for f in folds],
                len(first.classes),
                scalp.mask,
                network=self.network,
                losses=self.losses,
                training=self.training,
                seed=seed,
                device=device,
            )
        )

    def for_training(self) -> Self:
        """Return these settings without the acceptance threshold: a sweep over it trains once."""
        return self.unnamed().model_copy(update={"delta": 0.0})

    def save(self, state: Any, folder: Path) -> None:
        """Write both networks as safetensors."""
        from escgan.gan.checkpoint import save_network

        save_network(folder / "generator.safetensors", state.generator)
        save_network(folder / "discriminator.safetensors", state.discriminator)

    def history(self, state: Any) -> list[dict[str, float]]:
        """Return the GAN's loss terms."""
        return list(state.history)

    def load(self, folder: Path, train: WindowSet) -> Any:
        """Read both networks, shaped for the training windows' montage, bands and classes."""
        from escgan.gan.checkpoint import load_network
        from escgan.gan.training import build_gan

        gan = build_gan(len(train.bands), len(train.classes), scalp_grid(train.channels).mask, self.network)
        load_network(folder / "generator.safetensors", gan.generator)
        load_network(folder / "discriminator.safetensors", gan.discriminator)
        return gan

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Edit each reference at most once, in random order, until a class has what it lacks.

        References come from the classes that lack nothing. The generator has no noise, so editing a reference
        twice would only repeat a window.
        """
        from escgan.gan.editing import edit_windows

        scalp = scalp_grid(train.channels)
        counts = train.counts
        wanted = balance.wanted(counts)
        references = np.flatnonzero(np.isin(train.labels, np.flatnonzero(wanted == 0)))
        grids, tables = [], []
        # A class without one real window is unknown to the networks: nothing is made up for it.
        for target in np.flatnonzero((wanted > 0) & (counts > 0)):
            order = generator(seed, "references", int(target)).permutation(references)
            edits = edit_windows(
                state,
                scalp.to_grid(train.de[order]),
                np.full(len(order), target, dtype=np.int64),
                self.delta,
                device,
            )
            # Stop where the class is full: later candidates were not needed.
            tried = _until_full(edits.accepted, int(wanted[target]))
            accepted = edits.accepted[:tried]
            grids.append(edits.grid[:tried][accepted])
            tables.append(
                edit_table(
                    train,
                    order[:tried],
                    int(target),
                    edits.realness[:tried],
                    edits.probability[:tried, target],
                    accepted,
                )
            )
        n_bands = len(train.bands)
        grid = np.concatenate(grids) if grids else np.zeros((0, n_bands, *scalp.mask.shape), np.float32)
        table = pd.concat(tables, ignore_index=True) if tables else edit_table(train, np.zeros(0, np.int64), 0)
        labels = table.loc[table["accepted"], "target_label"].to_numpy(dtype=np.int64)
        # Reading channels back cannot infer the shape of no windows.
        de = scalp.to_channels(grid)
        return Edited(de, grid, labels, table, wanted)


def _until_full(accepted: NDArray[np.bool_], wanted: int) -> int:
    total = np.cumsum(accepted)
    return int(np.searchsorted(total, wanted)) + 1 if len(total) and total[-1] >= wanted else len(accepted)
