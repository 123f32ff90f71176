"""Smoothing of features over the windows of a trial, never across trials.

Windows stand at places in their trial, and time passes between places whether or not a window was kept: one that
was dropped counts as not observed. The average then takes what is left around it, and the dynamical
system waits it out, growing less sure of its state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from escgan.settings import Settings, any_of


class Smoothing(Settings, ABC):
    """A way of smoothing a trial's features."""

    kind: str

    @property
    @abstractmethod
    def definition(self) -> str:
        """What is done, in words; empty for nothing."""

    @abstractmethod
    def apply(self, values: NDArray[np.float64], windows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Smooth one trial.

        Parameters
        ----------
        values
            ``(n_windows, ...)``: what was measured in the windows that were kept, at least one.
        windows
            The place of each in the trial, ``(n_windows,)``, rising.

        Returns
        -------
        numpy.ndarray
            Smoothed values of the same shape.
        """


class NoSmoothing(Smoothing):
    """Values as measured."""

    kind: Literal["none"] = "none"

    @property
    def definition(self) -> str:
        """Nothing to say."""
        return ""

    def apply(self, values: NDArray[np.float64], windows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values."""
        return values


class MovingAverage(Smoothing):
    """Mean of the windows around each window.

    Centred, so that nothing is delayed; near a trial's ends and beside dropped windows it is the mean of those that
    there are. The width behind the features distributed with SEED (``movingAve``) was never published.
    """

    kind: Literal["moving_average"] = "moving_average"
    windows: int = Field(ge=3)
    """How many windows are averaged, the one in the middle included; odd."""

    @field_validator("windows")
    @classmethod
    def _has_a_middle(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"an average of {value} windows has no window in the middle: give an odd number.")
        return value

    @property
    def definition(self) -> str:
        """What is done, in words."""
        return f"centred moving average of {self.windows} windows within each trial"

    def apply(self, values: NDArray[np.float64], windows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Average one trial; see :meth:`Smoothing.apply`."""
        reach = self.windows // 2
        first = np.searchsorted(windows, windows - reach, side="left")
        end = np.searchsorted(windows, windows + reach, side="right")
        sums = np.concatenate([np.zeros_like(values[:1]), values.cumsum(axis=0)])
        counts = (end - first).reshape(-1, *[1] * (values.ndim - 1))
        return (sums[end] - sums[first]) / counts


class LinearDynamicalSystem(Smoothing):
    """Estimate of a slowly drifting state behind the noisy features (Shi, Lu 2010; A = C = 1).

    ``z_1 ~ N(mean of the trial, initial_variance)``, ``z_n = z_(n-1) + N(0, process_variance)`` and
    ``x_n = z_n + N(0, observation_variance)``, one state a channel and band. The usual constants, which are the
    defaults, were copied from code to code rather than fitted. They are absolute, so their effect depends on the
    features' unit; with them the gain settles near 0.01, about an exponential average over 100 windows, which
    nearly freezes a trial of one minute.
    """

    kind: Literal["lds"] = "lds"
    mode: Literal["smoother", "filter"] = "smoother"
    """``filter`` estimates a state from windows up to its own (Kalman), apart from the trial's mean that it starts
    from; ``smoother`` from all of the trial's (Rauch, Tung, Striebel)."""
    process_variance: float = Field(default=1e-4, gt=0)
    """Variance of the state's change from one window to the next."""
    observation_variance: float = Field(default=1.0, gt=0)
    """Variance of a window's features around the state."""
    initial_variance: float = Field(default=0.01, gt=0)
    """Variance of the first state around the trial's mean."""

    @property
    def definition(self) -> str:
        """What is done, in words."""
        name = "Kalman filter" if self.mode == "filter" else "Rauch-Tung-Striebel smoother"
        return (
            f"linear dynamical system within each trial ({name}; variances: process {self.process_variance:g}, "
            f"observation {self.observation_variance:g}, initial {self.initial_variance:g})"
        )

    def apply(self, values: NDArray[np.float64], windows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Estimate the states of one trial; see :meth:`Smoothing.apply`."""
        # What the state drifts between consecutive kept windows; a dropped one in between doubles it.
        drift = self.process_variance * np.diff(windows).astype(np.float64)
        states, variances = np.empty_like(values), np.empty(len(values))
        state, variance = values.mean(axis=0), self.initial_variance
        for n, observed in enumerate(values):
            if n:
                variance += drift[n - 1]
            gain = variance / (variance + self.observation_variance)
            state = state + gain * (observed - state)
            variance *= 1 - gain
            states[n], variances[n] = state, variance
        if self.mode == "smoother":
            for n in range(len(values) - 2, -1, -1):
                states[n] += variances[n] / (variances[n] + drift[n]) * (states[n + 1] - states[n])
        return states


SMOOTHING: dict[str, type[Smoothing]] = {
    "none": NoSmoothing,
    "moving_average": MovingAverage,
    "lds": LinearDynamicalSystem,
}

if TYPE_CHECKING:
    SmoothingConfig = Smoothing
else:
    SmoothingConfig = any_of(SMOOTHING)
