"""Named settings of ESC-GAN: what a preset says holds wherever a configuration does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# ``paper`` is what the defaults are. How ``cross_subject`` was found, and that a moved threshold and strong noise are
# about as good: docs/results/cross-subject.md.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "cross_subject": {
        "network": {"hidden": 8, "form": "channels", "residual": True},
        "losses": {"reconstruction": 10.0, "boundary": 0.5, "class_on_edits": False, "balanced": True},
        "training": {"epochs": 15, "batch_size": 128, "learning_rate": 1e-3, "borrow": 0.5},
        "acceptance": "none",
        "jitter": 1.5,
    },
}


def fill(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given settings with those of a preset where nothing is given; groups are filled setting by setting.

    >>> fill({"network": {"hidden": 16, "dropout": 0.1}, "delta": 1.0}, {"network": {"hidden": 8}})
    {'network': {'hidden': 8, 'dropout': 0.1}, 'delta': 1.0}
    """
    filled = dict(preset) | dict(given)
    for name, group in preset.items():
        own = given.get(name)
        # A group that came as an object says all of itself.
        if isinstance(group, Mapping) and isinstance(own, Mapping):
            filled[name] = fill(group, own)
    return filled
