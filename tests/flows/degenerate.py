"""Writing cohorts at the edge of what can be told from them, and running each whole through the command."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml

from escgan.datasets.deap_writer import write_deap
from storage.store import Store
from storage.tables import read_table

HIGH, LOW = 8.0, 2.0
GAN = {"kind": "escgan", "network": {"hidden": 2}, "training": {"epochs": 2, "batch_size": 8}}


def write_subject(path, valence, change=None):
    """Write a subject as DEAP distributes one: noise, stronger over the left hemisphere where valence is high."""
    noise = np.random.default_rng(int(path.stem[1:])).standard_normal((len(valence), 40, 8064)) * 20
    for trial, rating in zip(noise, valence, strict=True):
        trial[:14] *= 1.0 + 0.1 * (rating >= 5)
    if change is not None:
        change(noise)
    ratings = np.full((len(valence), 4), 5.0)
    ratings[:, 0] = valence
    write_deap(path, noise, ratings)


@pytest.fixture
def data(tmp_path):
    """Write a cohort: the valence of each subject's trials, and changes to the samples of some (numbered from 1)."""

    def write(valences, changes=None):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for number, valence in enumerate(valences, start=1):
            write_subject(folder / f"s{number:02d}.dat", valence, (changes or {}).get(number))
        return folder

    return write


@pytest.fixture
def run(escgan, prefect_api, tmp_path):
    """Run an experiment on a folder: ``run(folder, **changes)`` gives exit code and all that was said."""

    def command(folder, **changes):
        config = {
            "name": "degenerate",
            "dataset": {"kind": "deap", "n_trials": 2},
            "features": {"window_s": 20.0, "baseline": "none"},
            "augmenters": ["none", "smote"],
            "classifiers": ["logistic"],
        } | changes
        path = tmp_path / "degenerate.yaml"
        path.write_text(yaml.safe_dump(config))
        code, out, err = escgan("run", path, "--data", folder, "--root", tmp_path / "store", "--device", "cpu")
        said = out + err
        assert "Traceback" not in said and "Warning" not in said and "unexpected" not in said
        assert re.search(r"\bnan\b", said) is None or code != 0
        return code, said

    command.store = tmp_path / "store"
    return command


def kept(run, stage):
    """What the store holds of a stage, by unit."""
    return sorted(m.unit for m in Store(run.store).list(stage))


def report(run):
    """The report's text, without its pictures."""
    page = (run.store / "reports" / "degenerate.html").read_text()
    page = re.sub(r"<style.*?</style>|<script.*?</script>", "", page, flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'")
    assert re.search(r"\b(nan|NaN|inf)\b", text) is None
    return text


def results(run):
    (made,) = [m for m in Store(run.store).list("report")]
    opened = Store(run.store).open(made.ref)
    return read_table(opened.file("scores.parquet")), read_table(opened.file("comparisons.parquet"))


def sentence(said):
    """The last words, which are the error."""
    return " ".join(said[said.rindex("escgan: ") :].split())
