"""ESC-GAN as an augmenter: edit windows of well-represented classes into the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from escgan.augmenters.base import (
    Balance,
    Edited,
    FoldToFit,
    GeneratingAugmenter,
    OnTerms,
    edit_table,
    grid_where_possible,
    on_grid,
)
from escgan.augmenters.drawing import draw_noise
from escgan.errors import EscganError
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.presets import PRESETS, fill
from escgan.seeds import generator
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.gan.editing import Edits

# Settings that a trained GAN knows nothing of; what a preset filled in stands in the others.
_AFTER_TRAINING = ("preset", "acceptance", "delta", "accept_rate", "repeats", "jitter")


class EscganAugmenter(GeneratingAugmenter):
    """Train ESC-GAN on a fold's training windows and edit references into the classes that lack windows."""

    title: ClassVar[str] = "real windows and ESC-GAN edits"
    citation: ClassVar[str] = (
        "Zhang Z, Zhong S, Liu Y. Beyond mimicking under-represented emotions: deep data augmentation with "
        "emotional subspace constraints for EEG-based emotion recognition. AAAI 2024."
    )
    trains: ClassVar[bool] = True
    packs: ClassVar[bool] = True
    kind: Literal["escgan"] = "escgan"
    preset: Literal["paper", "cross_subject"] = "paper"
    """What settings are where none is given: the paper's, or those found for subjects that training has not seen
    (:mod:`escgan.gan.presets`). Any setting can be given beside it, and then counts."""
    network: NetworkConfig = NetworkConfig()
    """Sizes of the networks."""
    losses: LossWeights = LossWeights()
    """Weights and forms of the losses."""
    training: TrainingConfig = TrainingConfig()
    """The training loop."""
    acceptance: Literal["delta", "rate", "none"] = "delta"
    """Which edits are accepted. ``delta``: those whose realness logit is below a threshold and whose target the class
    head sees. ``rate``: the most real of those whose target it sees, so many that ``accept_rate`` is reached.
    ``none``: every edit."""
    delta: float = 0.0
    """Under acceptance ``delta``, an edit is accepted only when its realness logit is below this."""
    accept_rate: float = Field(default=0.5, gt=0, le=1)
    """Under acceptance ``rate``, the share that is accepted of the edits of all reference windows into a class; less
    where the class head sees the class in fewer of them."""

    repeats: int = Field(default=1, ge=1)
    """How often a reference may be edited into a class, each time with the difference of another lender
    (``training.borrow``) or other noise (``jitter``): a strict filter can then still fill the class."""
    jitter: float = Field(default=0.0, ge=0)
    """Deviation of the noise that is added to every channel and band of an accepted edit, as a share of the training
    windows' deviation there. It smooths what a classifier learns of the edits, as weight decay does."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: Any) -> Any:
        preset = given.get("preset", "paper") if isinstance(given, Mapping) else None
        # A preset that is no name is refused with the other settings.
        named = PRESETS.get(preset) if isinstance(preset, str) else None
        return fill(named, given) if named else given

    @model_validator(mode="after")
    def _repeats_differ(self) -> Self:
        if self.repeats > 1 and self.training.borrow == 0 and self.jitter == 0:
            raise ValueError(
                "repeats above 1 edit a window again, and without training.borrow and jitter the edit would be the "
                "same: give one of both above 0, or repeats 1."
            )
        return self

    def fit(
        self,
        train: WindowSet,
        seed: int,
        *,
        device: str = "cpu",
        workspace: Path | None = None,
        on_step: Callable[[int, int], None] | None = None,
        on_terms: OnTerms | None = None,
    ) -> Any:
        """Train the GAN; resumes from a checkpoint in ``workspace`` where there is one."""
        (state,) = self.fit_together([FoldToFit(train, workspace, on_step, on_terms)], seed, device=device)
        if isinstance(state, EscganError):
            raise state
        return state

    def fit_together(self, folds: Sequence[FoldToFit], seed: int, *, device: str = "cpu") -> list[Any | EscganError]:
        """Train one GAN a fold as one program; the folds have one montage, the same bands and classes."""
        from escgan.gan.layout import layout_of
        from escgan.gan.loop import FoldWindows
        from escgan.gan.training import train_gans

        first = folds[0].train
        layout = layout_of(first.channels, self.network.form)
        borrows = self.training.borrow > 0
        return list(
            train_gans(
                [
                    FoldWindows(
                        layout.paint(f.train.de),
                        f.train.labels,
                        f.workspace,
                        f.on_step,
                        _numbered(f.train.subjects) if borrows else None,
                        f.on_terms,
                    )
                    for f in folds
                ],
                len(first.classes),
                layout.mask,
                network=self.network,
                losses=self.losses,
                training=self.training,
                seed=seed,
                device=device,
            )
        )

    def for_training(self) -> Self:
        """Return these settings without what is done with a trained GAN: a sweep over it trains once."""
        fields = type(self).model_fields
        return self.for_generation().model_copy(update={name: fields[name].default for name in _AFTER_TRAINING})

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
        from escgan.gan.layout import layout_of
        from escgan.gan.training import build_gan

        mask = layout_of(train.channels, self.network.form).mask
        gan = build_gan(len(train.bands), len(train.classes), mask, self.network)
        load_network(folder / "generator.safetensors", gan.generator)
        load_network(folder / "discriminator.safetensors", gan.discriminator)
        return gan

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Edit each reference at most ``repeats`` times, in random order, until a class has what it lacks.

        References come from the classes that lack nothing. The generator has no noise: without borrowed differences
        and jitter, editing a reference twice would only repeat a window.
        """
        from escgan.gan.layout import layout_of
        from escgan.gan.lenders import lenders_of

        layout = layout_of(train.channels, self.network.form)
        lenders = None
        if self.training.borrow > 0:
            whose, n_classes = _numbered(train.subjects), len(train.classes)
            lenders = lenders_of(layout.paint(train.de), train.labels, whose, n_classes, self.training.shrinkage)
        counts = train.counts
        wanted = balance.wanted(counts)
        references = np.flatnonzero(np.isin(train.labels, np.flatnonzero(wanted == 0)))
        grids, tables = [], []
        # A class without one real window is unknown to the networks: nothing is made up for it.
        for target in np.flatnonzero((wanted > 0) & (counts > 0)):
            draw = generator(seed, "references", int(target))
            places = np.concatenate([draw.permutation(len(references)) for _ in range(self.repeats)])
            order = references[places]
            start = layout.to_grid(train.de[order])
            if lenders is not None:
                # Shifted from one edit of a reference to the next: another lender each time, while there are any.
                chance = generator(seed, "lenders", int(target)).random(len(references))[places]
                chance = (chance + np.repeat(np.arange(self.repeats), len(references)) / self.repeats) % 1
                lent = lenders.rows(train.labels[order], np.full(len(order), target), chance)
                start += np.float32(self.training.borrow) * lenders.differences[lent]
            edits = self._edit(state, start, int(target), device)
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
        grid = np.concatenate(grids) if grids else np.zeros((0, n_bands, *layout.mask.shape), np.float32)
        table = pd.concat(tables, ignore_index=True) if tables else edit_table(train, np.zeros(0, np.int64), 0)
        labels = table.loc[table["accepted"], "target_label"].to_numpy(dtype=np.int64)
        if self.jitter > 0:
            grid += layout.to_grid(draw_noise(train, len(grid), self.jitter, generator(seed, "jitter")))
        # Reading channels back cannot infer the shape of no windows.
        de = layout.to_channels(grid)
        if self.network.form == "channels":
            grid = on_grid(grid_where_possible(train.channels), de)
        return Edited(de, grid, labels, table, wanted)

    def _edit(self, state: Any, grid: NDArray[np.float32], target: int, device: str) -> Edits:
        """Edit windows into one class and decide which edits are accepted."""
        from escgan.gan.editing import accept_share, edit_windows

        targets = np.full(len(grid), target, dtype=np.int64)
        edits = edit_windows(state, grid, targets, self.delta, device)
        if self.acceptance == "none":
            return replace(edits, accepted=np.ones(len(grid), bool))
        if self.acceptance == "rate":
            return replace(edits, accepted=accept_share(edits, targets, self.accept_rate))
        return edits


def _numbered(subjects: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return a number for each person, ``(n_windows,)``."""
    return np.unique(subjects.astype(str), return_inverse=True)[1].astype(np.int64)


def _until_full(accepted: NDArray[np.bool_], wanted: int) -> int:
    total = np.cumsum(accepted)
    return int(np.searchsorted(total, wanted)) + 1 if len(total) and total[-1] >= wanted else len(accepted)
