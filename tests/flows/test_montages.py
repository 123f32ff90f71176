"""Recordings whose files list the same electrodes in another order."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml

from storage.store import Store
from storage.tables import read_table
from tests.escgan.datasets.writers.edf import EdfSignal, edf_bytes
from tests.films import ORDERS, SFREQ, TRIAL_S, write_films


@pytest.fixture
def run(escgan, prefect_api, tmp_path):
    config = {
        "name": "films",
        "dataset": {"kind": "folder"},
        "preprocessing": [],
        "features": {"window_s": 1.0},
        "labels": {"kind": "classes", "classes": ["calm", "fear"]},
        "augmenters": ["none", "smote"],
        "classifiers": ["logistic"],
    }
    path = tmp_path / "films.yaml"
    path.write_text(yaml.safe_dump(config))

    def command(folder):
        root = tmp_path / f"store of {folder.name}"
        code, out, err = escgan("run", path, "--data", folder, "--root", root, "--device", "cpu")
        return code, out + err, root

    return command


def results(root):
    (made,) = Store(root).list("report")
    pictures = re.findall(r'src="(data:image[^"]+)"', (root / "reports" / "films.html").read_text())
    return read_table(Store(root).open(made.ref).file("scores.parquet")), pictures


def test_the_same_electrodes_in_another_order_give_the_same_scores_and_maps(run, tmp_path):
    # The fold that tests the first subject has the second one's order, and every other fold the first one's.
    shuffled = ORDERS | {"2": [3, 0, 7, 5, 1, 2, 6, 4]}
    code, said, usual = run(write_films(tmp_path / "usual", ORDERS))
    assert code == 0, said
    code, said, other = run(write_films(tmp_path / "shuffled", shuffled))
    assert code == 0, said
    (scores, pictures), (scores_again, pictures_again) = results(usual), results(other)
    assert scores["balanced_accuracy"].mean() > 0.8
    assert scores.equals(scores_again) and len(pictures) > 3 and pictures == pictures_again


def test_other_electrodes_are_refused_with_what_each_recording_alone_has(run, tmp_path):
    folder = write_films(tmp_path / "other", ORDERS)
    samples = np.random.default_rng(9).normal(0, 20, (8, 5 * TRIAL_S * SFREQ))
    names = ("Fp1", "Fp2", "Fz", "C3", "C4", "Pz", "O1", "Oz")
    (folder / "S3.edf").write_bytes(edf_bytes([EdfSignal(n, s, SFREQ) for n, s in zip(names, samples, strict=True)]))
    code, said, _ = run(folder)
    assert code == 2 and "differ in channels (sub-1 alone has O2; sub-3 alone has Oz): give all" in said
