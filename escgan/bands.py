"""Frequency bands, by the name of the publication that uses them."""

from __future__ import annotations

from pydantic import model_validator

from escgan.settings import Settings


class Band(Settings):
    """A frequency band from ``low_hz`` to ``high_hz``."""

    name: str
    """What tables and plots call the band."""
    low_hz: float
    """Lower edge in Hz."""
    high_hz: float
    """Upper edge in Hz."""

    @model_validator(mode="after")
    def _edges_are_ordered(self) -> Band:
        if not 0 < self.low_hz < self.high_hz:
            raise ValueError(
                f"Band '{self.name}' runs from {self.low_hz:g} to {self.high_hz:g} Hz: "
                "give a lower edge above 0 and an upper edge above the lower one."
            )
        return self

    def __str__(self) -> str:
        return f"'{self.name}' ({self.low_hz:g}-{self.high_hz:g} Hz)"


def _bands(**edges: tuple[float, float]) -> tuple[Band, ...]:
    return tuple(Band(name=name, low_hz=low, high_hz=high) for name, (low, high) in edges.items())


BAND_SETS: dict[str, tuple[Band, ...]] = {
    # Zhang, Zhong, Liu (AAAI 2024).
    "esc-gan": _bands(delta=(1, 4), theta=(4, 8), alpha=(8, 13), beta=(13, 30), gamma=(30, 45)),
    # The same without delta, for corpora distributed from 4 Hz upwards (DEAP, AMIGOS).
    "esc-gan-4hz": _bands(theta=(4, 8), alpha=(8, 13), beta=(13, 30), gamma=(30, 45)),
    # TorchEEG's default.
    "torcheeg": _bands(theta=(4, 8), alpha=(8, 14), beta=(14, 31), gamma=(31, 49)),
    # LibEER.
    "libeer": _bands(delta=(0.5, 4), theta=(4, 8), alpha=(8, 14), beta=(14, 30), gamma=(30, 50)),
    # The FACED data descriptor's own pipeline.
    "faced": _bands(delta=(1, 4), theta=(4, 8), alpha=(8, 14), beta=(14, 30), gamma=(30, 47)),
    # Public re-implementations of the SEED features.
    "seed": _bands(delta=(1, 3), theta=(4, 7), alpha=(8, 13), beta=(14, 30), gamma=(31, 50)),
    # The features distributed with SEED-IV.
    "seed-iv": _bands(delta=(1, 4), theta=(4, 8), alpha=(8, 14), beta=(14, 31), gamma=(31, 50)),
    # Koelstra et al. (2012), section 5; AMIGOS (Miranda-Correa et al. 2021) adds a slow alpha of 8-10 Hz. Both measured
    # files of their own: what they distribute as preprocessed holds 4-45 Hz only.
    "deap": _bands(theta=(3, 7), alpha=(8, 13), beta=(14, 29), gamma=(30, 47)),
}
