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

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

    hidden: int = 128
    """Channels after the first convolution (H in the paper); deeper layers have 2H and 4H."""
    attention: bool = False
    """Efficient channel attention (kernel 3) after each convolution of the encoder."""
    dropout: float = 0.3
    """Dropout in the discriminator's two heads."""
    output: Literal["linear", "leaky_relu"] = "linear"
    """Activation of the decoder's last layer. The paper's LeakyReLU flattens negative values, which z-scored and
    baseline-corrected features have: use it for features that are not normalised only."""
    form: Literal["grid", "channels"] = "grid"
    """``grid``: convolutions on the 9x9 scalp grid. ``channels``: fully connected layers on the channels' values, for
    montages of few electrodes or of electrodes without a place on the grid; also much faster."""
    residual: bool = False
    """Whether the decoder's output is added to the window that is edited instead of standing for the edit: what the
    decoder does not change of a window, its person and its noise, then stays."""
    control: bool = True
    """Whether the generator knows the target class; without it, as in the paper's ablation, every target gives the
    same edit."""

    def __post_init__(self) -> None:
        _require(self.hidden >= 1, f"network.hidden is {self.hidden}: give at least 1.")
        _require(0 <= self.dropout < 1, f"network.dropout is {self.dropout}: give a share from 0 to below 1.")
        _require(
            self.form == "grid" or not self.attention,
            "network.attention weighs the channels of convolutions, which network.form 'channels' has none of: "
            "give attention false, or form 'grid'.",
        )


@dataclass(frozen=True)
class LossWeights:
    """Weights and forms of the losses."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

    reconstruction: float = 1.0
    """Weight of the squared error between a window and its edit into its own class."""
    diversity: float = 1.0
    """Weight of the diversity-aware loss."""
    boundary: float = 5.0
    """Weight of the boundary-aware loss."""
    boundary_form: Literal["uniform", "half"] = "half"
    """``uniform``: 0.5 KL(U || C) with U uniform over the classes. ``half``: 0.25 KL(U || C) + 0.5 CE(C, t) with U
    half on the true and half on the target class (the paper's augmentation stage)."""
    control: float = 1.0
    """Weight of the cross-entropy between what the discriminator sees in an edit and its target class."""
    balanced: bool = False
    """Whether the discriminator's class head learns from real windows as if their classes were equally frequent in
    each batch. Otherwise it never sees a rare class anywhere, and edits into it are neither rewarded nor accepted."""
    class_on_edits: bool = True
    """Whether the discriminator's class head learns from edits, too, that they are of their targets, as published.
    It can then call an edit its target however little the edit has moved; without, it learns from real windows
    alone."""

    def __post_init__(self) -> None:
        for name in ("reconstruction", "diversity", "boundary", "control"):
            _require(getattr(self, name) >= 0, f"losses.{name} is {getattr(self, name)}: give 0 or more.")


@dataclass(frozen=True)
class TrainingConfig:
    """The training loop."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

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
    target: Literal["next", "other", "rare"] = "next"
    """Class that a window is edited into: the next one, any other with equal chance, or any other with a chance that
    is inverse to how many training windows it has."""
    borrow: float = 0.0
    """Where editing starts: at the window itself (0), or at the window moved by this share of how the source and the
    target class of a training subject differ, who is drawn afresh for every window of every batch."""
    shrinkage: float = 10.0
    """A lender with n windows of the rarer of both classes has its own difference count for n / (n + shrinkage), and
    that of all subjects for the rest: few windows tell little of a person."""
    average: float = 0.0
    """Share of the old weights in a running mean over steps, such as 0.99, which becomes the generator in the end; 0:
    the last step's weights. After n steps the share is at most (1 + n) / (10 + n), so that the mean leaves the
    first weights behind soon."""

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
        for name in ("borrow", "shrinkage"):
            _require(
                0 <= getattr(self, name) < float("inf"), f"training.{name} is {getattr(self, name)}: give 0 or more."
            )
        _require(0 <= self.average < 1, f"training.average is {self.average}: give a share from 0 to below 1.")
