"""Small preprocessed recordings, made of known signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.recording import Recording, Trial

MakeRecording = Callable[..., Recording]


@pytest.fixture
def make_recording() -> MakeRecording:
    """Build a recording at 128 Hz whose trials all hold the same signal; ``rejected`` lists stretches by trial."""

    def make(
        eeg: NDArray[np.floating],
        baseline: NDArray[np.floating] | None = None,
        *,
        passband: tuple[float, float] = (0.5, 1000.0),
        n_trials: int = 1,
        sfreq: float = 128.0,
        rejected: dict[int, tuple[tuple[float, float], ...]] | None = None,
    ) -> Recording:
        def trial(number: int) -> Trial:
            facts: dict[str, Any] = {"ratings": {"valence": 6.0}, "rejected": (rejected or {}).get(number, ())}
            return Trial(
                trial=number,
                stimulus=str(number - 1),
                start_s=3.0,
                eeg=eeg.astype(np.float32),
                baseline=None if baseline is None else baseline.astype(np.float32),
                **facts,
            )

        return Recording(
            subject="03",
            session="1",
            channels=tuple(f"C{i + 1}" for i in range(len(eeg))),
            sfreq=sfreq,
            trials=tuple(trial(number) for number in range(1, n_trials + 1)),
            passband_hz=passband,
            reference="average",
        )

    return make
