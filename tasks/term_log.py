"""The loss terms of trainings as TensorBoard reads them, while they run.

A unit's log begins anew whenever its training does. What was told before a checkpoint is told again on resuming
(:data:`escgan.augmenters.base.OnTerms`), so a training that was killed has each step once, however far it had got.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from escgan.augmenters.base import OnTerms
from tasks.stage import UnitRun

_EVENTS = "events.out.tfevents.*"


@contextmanager
def logged_terms(run: UnitRun) -> Iterator[OnTerms | None]:
    """Give what is told a unit's loss terms, for as long as its training lasts; None where nobody asked for a log."""
    if run.tensorboard is None:
        yield None
        return
    # Importing it takes seconds, and only those who ask for a log have it.
    from torch.utils.tensorboard import SummaryWriter

    folder = log_folder(run.tensorboard, run.unit, run.key)
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob(_EVENTS):
        earlier.unlink()
    with SummaryWriter(str(folder)) as writer:

        def tell(terms: Mapping[str, float]) -> None:
            for name, value in terms.items():
                if name != "step":
                    writer.add_scalar(name, value, int(terms["step"]))

        yield tell


def log_folder(tensorboard: Path, unit: str, key: str) -> Path:
    """Return the folder of a unit's log: its name for people, and its key, which tells settings apart.

    >>> log_folder(Path("logs"), "sub-03 escgan", "0123456789abcdef").as_posix()
    'logs/sub-03_escgan-01234567'
    """
    return tensorboard / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', unit)}-{key[:8]}"
