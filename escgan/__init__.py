"""ESC-GAN for EEG emotion recognition: readers, features, the GAN, augmenters and leak-free evaluation.

The package is useful alone, as a library. It imports neither Prefect nor the artifact store.
"""

from __future__ import annotations

__version__ = "0.1.0"

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from escgan.sampler import ESCGANSampler

__all__ = ["ESCGANSampler", "__version__"]


def __getattr__(name: str) -> Any:
    # Imported when it is first asked for: the command line answers without torch.
    if name == "ESCGANSampler":
        from escgan.sampler import ESCGANSampler

        return ESCGANSampler
    raise AttributeError(f"module 'escgan' has no attribute '{name}'")
