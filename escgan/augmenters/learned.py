"""What the augmenters with a generative model share: training it, keeping it, and drawing windows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, OnTerms, edited_from_channels
from escgan.errors import ConfigError
from escgan.montage import scalp_grid
from escgan.seeds import derive_seed
from escgan.windows import WindowSet

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escgan.generative.model import GenerativeModel, SamplingModel

_FILE = "model.safetensors"

# Windows that are made at once.
_BATCH = 4096


@dataclass(frozen=True)
class Learned:
    """A trained model, and one history row a block of steps; a model that was loaded has none."""

    model: Any
    history: list[dict[str, float]]


class LearnedAugmenter(GeneratingAugmenter, ABC):
    """An augmenter that trains a model of :mod:`escgan.generative`; a subclass builds its own and makes windows."""

    trains: ClassVar[bool] = True
    epochs: int = Field(default=100, ge=1)
    """Passes over the training windows."""
    batch_size: int = Field(default=64, ge=2)
    """Windows in a step; all of them where there are fewer."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Step size of Adam at the start, from which it falls to 0."""

    @abstractmethod
    def build(self, train: WindowSet) -> GenerativeModel:
        """Build the model for the training windows' channels, bands and classes; its weights are drawn afterwards."""

    def fit(
        self,
        train: WindowSet,
        seed: int,
        *,
        device: str = "cpu",
        workspace: Path | None = None,
        on_step: Callable[[int, int], None] | None = None,
        on_terms: OnTerms | None = None,
    ) -> Learned:
        """Train the model; resumes from a checkpoint in ``workspace`` where there is one.

        Raises
        ------
        ConfigError
            If there are fewer than two windows or classes present.
        DivergedError
            If a loss term becomes infinite or NaN.
        """
        from escgan.generative.loop import Passes, train_model

        present = len(np.unique(train.labels))
        if present < 2:
            raise ConfigError(
                f"The training side holds windows of {present or 'no'} class, and '{self.kind}' learns how two differ: "
                "choose other labels or another protocol, or add recordings."
            )
        model = self.build(train)
        history = train_model(
            model,
            train.flat(),
            train.labels,
            Passes(self.epochs, self.batch_size, self.learning_rate),
            seed=seed,
            science=f"{self.model_dump_json()} {train.channels} {len(train.classes)}",
            device=device,
            checkpoints=workspace,
            on_step=on_step,
            on_terms=on_terms,
        )
        return Learned(model, history)

    def save(self, state: Any, folder: Path) -> None:
        """Write the networks, and the units they learned, as safetensors."""
        from escgan.gan.checkpoint import save_network

        save_network(folder / _FILE, state.model)

    def history(self, state: Any) -> list[dict[str, float]]:
        """Return the model's loss terms."""
        return list(state.history)

    def load(self, folder: Path, train: WindowSet) -> Learned:
        """Read the model, shaped for the training windows' channels, bands and classes."""
        from escgan.gan.checkpoint import load_network

        model = self.build(train)
        load_network(folder / _FILE, model)
        return Learned(model, [])


class SamplingAugmenter(LearnedAugmenter, ABC):
    """An augmenter whose model makes windows of a class from noise alone."""

    @abstractmethod
    def build(self, train: WindowSet) -> SamplingModel:
        """Build the model; see :meth:`LearnedAugmenter.build`."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Make windows until every class that has any has what the balance asks for."""
        import torch

        wanted = balance.wanted(train.counts)
        # A class without one real window is unknown to the model: nothing is made up for it.
        lacking = np.flatnonzero((wanted > 0) & (train.counts > 0))
        labels = np.repeat(lacking, wanted[lacking])

        def make(rows: slice, draw: torch.Generator) -> Tensor:
            return state.model.sample(torch.from_numpy(labels[rows]).to(device), draw)

        de = make_windows(state.model, len(labels), make, train, seed, device)
        return edited_from_channels(de, labels, scalp_grid(train.channels), wanted, labels)


def make_windows(
    model: GenerativeModel,
    n: int,
    make: Callable[[slice, torch.Generator], Tensor],
    train: WindowSet,
    seed: int,
    device: str,
) -> NDArray[np.float32]:
    """Make ``(n, n_channels, n_bands)`` windows in the training windows' units, some at a time.

    ``make`` is given which of the n it shall make and a generator on the device, and returns standardised windows.
    """
    import torch

    model.to(device).eval()
    de = np.empty((n, *train.de.shape[1:]), np.float32)
    with torch.no_grad():
        for start in range(0, n, _BATCH):
            rows = slice(start, min(start + _BATCH, n))
            draw = torch.Generator(device).manual_seed(derive_seed(seed, "made", start))
            de[rows] = model.to_units(make(rows, draw)).unflatten(1, de.shape[1:]).cpu().numpy()
    return de
