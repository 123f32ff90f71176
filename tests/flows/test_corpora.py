"""Every corpus from a folder in its owners' layout: inspected, ingested and measured from the command line."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from escgan.datasets import DATASETS, FeatureCorpus
from escgan.datasets.inspection import inspect_folder
from escgan.datasets.recognition import recognise
from escgan.recording import recording_name
from storage.hdf5 import read_array, read_attributes
from storage.store import Store
from storage.tables import read_table
from tests.escgan.datasets.writers.registry import WRITERS

CONFIG = {"augmenters": ["none"], "classifiers": ["logistic"]}


def test_every_corpus_has_a_writer():
    # The others run through every test of the pipeline, or have real recordings.
    assert WRITERS.keys() | {"deap", "eegmat", "simulated"} == DATASETS.keys()


@pytest.fixture(scope="module", params=sorted(WRITERS))
def written(request, tmp_path_factory):
    """A folder in one corpus' layout, and what was written there."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, WRITERS[request.param](folder)


def test_a_folder_is_recognised_as_its_own_corpus_first(written):
    kind, folder, _ = written
    assert recognise(folder)[0] == kind


def test_inspection_counts_what_was_written(written):
    kind, folder, truth = written
    found = inspect_folder(folder, kind)
    assert found.sound, [one.problem for one in found.recordings]
    assert [one.name for one in found.recordings] == [recording_name(t.subject, t.session) for t in truth]
    for one, recording in zip(found.recordings, truth, strict=True):
        assert one.n_trials == len(recording.trials)
        assert one.n_channels == len(recording.channels)


def test_the_command_ingests_and_measures_two_subjects_in_the_writers_order(written, escgan, prefect_api, tmp_path):
    kind, folder, truth = written
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(CONFIG | {"dataset": kind, "name": kind}))
    of_features = issubclass(DATASETS[kind], FeatureCorpus)
    root = tmp_path / "store"
    for stage in ["features"] if of_features else ["ingest", "features"]:
        code, _, err = escgan("run", config, "--data", folder, "--root", root, "--device", "cpu", "--only", stage)
        assert code == 0, err
    store = Store(root)
    measured = {m.unit: store.open(store.find(m.stage, m.key)) for m in store.list("features")}
    assert len({recording.subject for recording in truth}) >= 2
    assert measured.keys() == {recording_name(t.subject, t.session) for t in truth}
    for recording in truth:
        artifact = measured[recording_name(recording.subject, recording.session)]
        attributes = read_attributes(artifact.file("features.h5"))
        table = read_table(artifact.file("windows.parquet"))
        values = read_array(artifact.file("features.h5"), attributes["measure"])
        assert tuple(attributes["channels"]) == recording.channels
        assert np.isfinite(values).all()
        assert len(values) == len(table)
        trials = table.drop_duplicates("trial")
        assert trials["trial"].tolist() == [trial.trial for trial in recording.trials]
        conditions = [None if c is None or c != c else c for c in trials["condition"].tolist()]
        assert conditions == [trial.condition for trial in recording.trials]
        if of_features:
            written_values = np.concatenate([trial.values for trial in recording.trials])
            np.testing.assert_allclose(values, written_values, rtol=1e-6)
        else:
            for name in recording.trials[0].ratings:
                np.testing.assert_equal(trials[name].to_numpy(), [trial.ratings[name] for trial in recording.trials])
