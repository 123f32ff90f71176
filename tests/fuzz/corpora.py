"""Small valid folders of every corpus, and which of their files are of which format.

The folders are made by the writers of the readers' own tests, as short as the corpora's layouts allow: a mutated
file should be read in some milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from escgan.datasets.deap_writer import write_deap
from tests.escgan.datasets.conftest import EEGMAT_LABELS
from tests.escgan.datasets.conftest import edf_bytes as eegmat_bytes
from tests.escgan.datasets.writers import amigos, seed_v, seed_v_features
from tests.escgan.datasets.writers.bids import write_bids
from tests.escgan.datasets.writers.deap_original import write_deap_original
from tests.escgan.datasets.writers.dreamer import draw_subject, save, subject_struct, write_dreamer
from tests.escgan.datasets.writers.faced import array_pickle, draw_clips
from tests.escgan.datasets.writers.faced_features import write_faced_features
from tests.escgan.datasets.writers.mahnob_hci import write_session
from tests.escgan.datasets.writers.seed import write_seed
from tests.escgan.datasets.writers.seed_features import write_seed_features
from tests.escgan.datasets.writers.seed_iv import write_seed_iv
from tests.escgan.datasets.writers.seed_iv_features import write_seed_iv_features
from tests.escgan.datasets.writers.seed_raw import recording, times_text
from tests.fuzz.own_files import OWN_FILES, write_own_folder


@dataclass(frozen=True)
class Seed:
    """A valid folder: the corpus' options, its writer, and patterns of the files to damage by their format."""

    kind: str
    write: Callable[[Path], object]
    files: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)
    share: int = 1
    """How many turns it has among the seeds of a format: what is read fast can be read more often."""


def _amigos(folder: Path) -> None:
    videos = amigos.draw_subject(3, 0)
    amigos.save(folder / "Data_Preprocessed_P03.mat", videos, list(amigos.VIDEO_LIST))


def _bids(folder: Path) -> None:
    write_bids(folder, 1)
    # One run says all that two do.
    for path in folder.rglob("*_run-10_*"):
        path.unlink()


def _deap(folder: Path) -> None:
    rng = np.random.default_rng(0)
    write_deap(folder / "s01.dat", rng.normal(0, 10, (1, 40, 8064)), rng.uniform(1, 9, (1, 4)))


def _simulated(folder: Path) -> None:
    rng = np.random.default_rng(1)
    write_deap(folder / "s01.dat", rng.normal(0, 10, (2, 40, 8064)), rng.uniform(1, 9, (2, 4)))


def _dreamer_uncompressed(folder: Path) -> None:
    save(folder / "DREAMER.mat", [subject_struct(draw_subject(0, 0))], compressed=False)


def _eegmat(folder: Path) -> None:
    rng = np.random.default_rng(2)
    for number, seconds in ((1, 3), (2, 2)):
        samples = rng.uniform(-150, 150, (len(EEGMAT_LABELS), seconds * 500))
        (folder / f"Subject07_{number}.edf").write_bytes(eegmat_bytes(EEGMAT_LABELS, samples, 500))


def _faced(folder: Path) -> None:
    (folder / "sub000.pkl").write_bytes(array_pickle(draw_clips(0, 0).astype(np.float32)))


def _mahnob_hci(folder: Path) -> None:
    said = {"feltVlnc": 3, "feltArsl": 4, "feltCtrl": 5, "feltPred": 6, "feltEmo": 4}
    write_session(folder / "Sessions" / "132", 2, 1, "S", "69.avi", said, np.random.default_rng(3), 2.0)


def _seed_raw(folder: Path) -> None:
    # Long enough for the first film, which ends after six seconds.
    (folder / "time.txt").write_text(times_text())
    (folder / "1_1.cnt").write_bytes(recording(11, 0, seconds=6.5)[0])


def _seed_v(folder: Path) -> None:
    (folder / "trial_start_end_timestamp.txt").write_text(seed_v.times_text())
    (folder / f"1_1_{seed_v.DAYS[1]}.cnt").write_bytes(recording(111, 0, seconds=6.5)[0])


def _seed_v_features(folder: Path) -> None:
    data = seed_v_features.draw(1, 0, n_windows=1)
    seed_v_features.write_archive(folder / "1_123.npz", data, seed_v_features.labels(data))


_BIDS_FILES = {
    "vhdr": ("**/*.vhdr",),
    "vmrk": ("**/*.vmrk",),
    "eeg": ("**/*.eeg",),
    "tsv": ("**/*_channels.tsv", "**/*_events.tsv"),
    "json": ("**/*_eeg.json",),
}
SEEDS: dict[str, Seed] = {
    "amigos": Seed("amigos", _amigos, {"mat": ("*.mat",)}),
    "bids": Seed("bids", _bids, _BIDS_FILES, {"ratings": ["valence"]}),
    "bids by participant": Seed(
        "bids",
        _bids,
        {"tsv": ("participants.tsv", "**/*_channels.tsv")},
        {"labels_from": "participants", "column": "group"},
    ),
    "bids by order": Seed("bids", _bids, {"tsv": ("**/*_channels.tsv",)}, {"channel_names": "by_order"}),
    "deap": Seed("deap", _deap, {"pickle": ("*.dat",)}, {"n_trials": 1}),
    "deap_original": Seed(
        "deap_original", lambda folder: write_deap_original(folder, 1), {"bdf": ("**/*.bdf",), "csv": ("**/*.csv",)}
    ),
    "dreamer": Seed("dreamer", lambda folder: write_dreamer(folder, 1), {"mat": ("*.mat",)}),
    "dreamer uncompressed": Seed("dreamer", _dreamer_uncompressed, {"mat": ("*.mat",)}, {"baseline": "neutral_film"}),
    "eegmat": Seed("eegmat", _eegmat, {"edf": ("*.edf",)}),
    "faced": Seed("faced", _faced, {"pickle": ("*.pkl",)}),
    "faced_features": Seed("faced_features", lambda folder: write_faced_features(folder, 1), {"pickle": ("**/*.pkl",)}),
    "mahnob_hci": Seed("mahnob_hci", _mahnob_hci, {"bdf": ("**/*.bdf",), "xml": ("**/*.xml",)}),
    "seed": Seed("seed", lambda folder: write_seed(folder, 1, trial_s=1), {"mat": ("**/*.mat",)}),
    "seed_features": Seed(
        "seed_features",
        lambda folder: write_seed_features(folder, 1, variables=("de_LDS",)),
        {"mat": ("**/*.mat",)},
    ),
    "seed_iv": Seed("seed_iv", lambda folder: write_seed_iv(folder, 1, trial_s=1), {"mat": ("**/*.mat",)}),
    "seed_iv_features": Seed(
        "seed_iv_features",
        lambda folder: write_seed_iv_features(folder, 1, variables=("de_LDS",)),
        {"mat": ("**/*.mat",)},
    ),
    "seed_raw": Seed("seed_raw", _seed_raw, {"cnt": ("*.cnt",), "times": ("*.txt",)}),
    "seed_v": Seed("seed_v", _seed_v, {"cnt": ("*.cnt",), "times": ("*.txt",)}),
    "seed_v_features": Seed("seed_v_features", _seed_v_features, {"npz": ("*.npz",)}),
    "simulated": Seed("simulated", _simulated, {"pickle": ("*.dat",)}, {"n_subjects": 1, "n_trials": 2}),
    **{
        f"folder of {name}": Seed(
            "folder",
            lambda folder, name=name: write_own_folder(folder, name),
            own.formats,
            {"conditions": ["calm", "fear"]},
            share=4,
        )
        for name, own in OWN_FILES.items()
    },
}
"""Every corpus at least once; ``folder`` once for each kind of file."""

FORMATS: tuple[str, ...] = tuple(dict.fromkeys(name for seed in SEEDS.values() for name in seed.files))
TEXTS = frozenset(["vhdr", "vmrk", "csv", "tsv", "json", "xml", "times"])
"""Formats that are damaged as texts."""


def seeds_with(file_format: str) -> tuple[str, ...]:
    """Name the seeds that have a file of a format."""
    return tuple(name for name, seed in SEEDS.items() if file_format in seed.files)
