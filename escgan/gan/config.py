"""Settings of the networks, the losses and the training loop; defaults are the paper's.

Plain dataclasses, so that this subpackage needs nothing beyond torch and numpy. The class attribute
``__pydantic_config__`` tells pydantic, where it is used around them, to refuse unknown keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from escgan.errors import ConfigError


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of generator and discriminator."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    hidden: int = 128
    """Channels after the first convolution (H in the paper); deeper layers have 2H and 4H."""
    attention: bool = False
    """Efficient channel attention (kernel 3) after each convolution of the encoder."""
    dropout: float = 0.3
    """Dropout in the discriminator's two heads."""
    output: Literal["linear", "leaky_relu"] = "linear"
    """Activation of the decoder's last layer. The paper's LeakyReLU flattens negative values, which z-scored and
    baseline-corrected features have: use it for features that are not normalised only."""

    def __post_init__(self) -> None:
        _require(self.hidden >= 1, f"network.hidden is {self.hidden}: give at least 1.")
        _require(0 <= self.dropout < 1, f"network.dropout is {self.dropout}: give a share from 0 to below 1.")


@dataclass(frozen=True)
class LossWeights:
    """Weights and forms of the losses."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    reconstruction: float = 1.0
    """Weight of the squared error between a window and its edit into its own class."""
    diversity: float = 1.0
    """Weight of the diversity-aware loss."""
    boundary: float = 5.0
    """Weight of the boundary-aware loss."""
    boundary_form: Literal["uniform", "half"] = "half"
    """``uniform``: 0.5 KL(U || C) with U uniform over the classes. ``half``: 0.25 KL(U || C) + 0.5 CE(C, t) with U
    half on the true and half on the target class (the paper's augmentation stage)."""

    def __post_init__(self) -> None:
        for name in ("reconstruction", "diversity", "boundary"):
            _require(getattr(self, name) >= 0, f"losses.{name} is {getattr(self, name)}: give 0 or more.")


@dataclass(frozen=True)
class TrainingConfig:
    """The training loop."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    epochs: int = 100
    """Passes over the training windows."""
    batch_size: int = 256
    """Windows in a step; all of them where there are fewer."""
    learning_rate: float = 1e-4
    """Step size of both Adam optimisers."""
    adversarial_every: int = 5
    """The discriminator's real/fake terms enter every so many steps; its class terms enter every step."""
    label_smoothing: float = 0.85
    """What the discriminator is told of an edit: 0 is real, 1 would be surely edited."""
    target: Literal["next", "other"] = "next"
    """Class that a window is edited into: the next one, or any other with equal chance."""

    def __post_init__(self) -> None:
        # The diversity loss pairs each window of a batch with another one.
        for name, least in (("epochs", 1), ("batch_size", 2), ("adversarial_every", 1)):
            _require(getattr(self, name) >= least, f"training.{name} is {getattr(self, name)}: give at least {least}.")
        _require(
            0 < self.learning_rate < float("inf"),
            f"training.learning_rate is {self.learning_rate}: give a finite number above 0.",
        )
        _require(
            0 < self.label_smoothing <= 1,
            f"training.label_smoothing is {self.label_smoothing}: give a value above 0, at most 1.",
        )
