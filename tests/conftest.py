"""What several tests share: windows with a known truth, and folders of real recordings where they exist."""

from __future__ import annotations

import os

# Before NumPy is imported: each worker of the suite has a core of its own, and threads of its own on top of that make
# linear algebra three times slower. As in a run.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import settings

from escgan.windows import WindowSet
from tests.object_store import bucket, s3_server

__all__ = ["bucket", "s3_server"]

# A busy machine is slow, which is no fault of the code. The suite draws the same values each time, so that it judges
# the change that it is run for; `make test-properties` and `make test-fuzz` draw new ones.
settings.register_profile("escgan", deadline=None, derandomize=True)
settings.register_profile("new-values", deadline=None)
settings.load_profile("escgan")

CHANNELS = tuple("Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split())


def make_windows(
    counts=(40, 12), n_subjects=3, channels=CHANNELS, n_bands=2, separation=1.0, seed=0, classes=("calm", "joy", "fear")
):
    """Windows of several subjects; each class shifts its own channels by ``separation``."""
    rng = np.random.default_rng(seed)
    de, labels, rows = [], [], []
    for subject in range(n_subjects):
        for label, n in enumerate(counts):
            block = rng.standard_normal((n, len(channels), n_bands))
            block[:, label :: len(counts)] += separation
            de.append(block)
            labels += [label] * n
            rows += [(f"{subject:02d}", "1", label, w, float(w)) for w in range(n)]
    return WindowSet(
        de=np.concatenate(de).astype(np.float32),
        labels=np.array(labels, dtype=np.int64),
        table=pd.DataFrame(rows, columns=["subject", "session", "trial", "window", "start_s"]),
        channels=tuple(channels),
        bands=tuple(f"band{i}" for i in range(n_bands)),
        classes=tuple(classes[: len(counts)]),
    )


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """As in a run; it is also faster for networks as small as the tests'."""
    torch.set_num_threads(1)


@pytest.fixture
def windows():
    return make_windows()


@pytest.fixture(scope="session")
def eegmat_folder():
    folder = os.environ.get("ESCGAN_EEGMAT")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set ESCGAN_EEGMAT to a folder with the recordings of EEG During Mental Arithmetic Tasks")
    return Path(folder)
