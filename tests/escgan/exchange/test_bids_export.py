"""A dataset that was written is read back by mne-bids and by the corpus ``bids``, to the same samples."""

from __future__ import annotations

import json
from dataclasses import replace

import mne_bids
import numpy as np
import pandas as pd
import pytest
import yaml

from escgan.datasets import DATASETS
from escgan.errors import ConfigError
from escgan.exchange.bids_dataset import bids_names, reading_options, write_root
from escgan.exchange.bids_recording import write_recording
from escgan.exchange.feature_windows import FeatureWindows
from tests.escgan.exchange.recordings import make_recording

SFREQ = 128.0
CHANNELS = ("Fz", "Cz", "Pz", "Oz")
BANDS = ("alpha", "beta")


def features(own):
    rows = [
        (own.subject, own.session, trial.trial, window, trial.start_s + window)
        for trial in own.trials
        for window in range(3)
    ]
    draw = np.random.default_rng(5)
    return FeatureWindows(
        values=draw.normal(size=(len(rows), len(CHANNELS), len(BANDS))).astype(np.float32),
        table=pd.DataFrame(rows, columns=["subject", "session", "trial", "window", "start_s"]),
        channels=CHANNELS,
        bands=BANDS,
        band_edges_hz=((8.0, 13.0), (13.0, 30.0)),
        measure="de",
        unit="nats",
        definition="half the log of the variance",
        labels=np.array([0, 1, -1] * len(own.trials), dtype=np.int64),
        classes=("calm", "joy"),
        labelling="the classes are conditions",
    )


def written(root, recordings):
    names = bids_names([own.name for own in recordings], "eegmat")
    for own in recordings:
        write_recording(root, names[own.name], own, features(own))
    write_root(root, "night", DATASETS["eegmat"](), names, reading_options(recordings), "de")
    return root


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    recordings = (make_recording("01"), make_recording("02"))
    return written(tmp_path_factory.mktemp("bids"), recordings), recordings


def test_mne_bids_reads_the_same_samples_events_and_filters(dataset):
    root, recordings = dataset
    for own in recordings:
        path = mne_bids.BIDSPath(
            root=root, subject=own.subject, task="eegmat", description="preproc", datatype="eeg", extension=".vhdr"
        )
        raw = mne_bids.read_raw_bids(path, verbose="error")
        assert raw.ch_names == list(CHANNELS) and raw.info["sfreq"] == SFREQ
        trials = [a for a in raw.annotations if a["description"] in ("calm", "joy")]
        assert [a["description"] for a in trials] == ["calm", "joy", "calm"]
        for mark, trial in zip(trials, own.trials, strict=True):
            start, n = round(mark["onset"] * SFREQ), round(mark["duration"] * SFREQ)
            read = raw.get_data()[:, start : start + n] * 1e6
            # Float32 microvolts: a part in 2**24, here and in MNE's volts.
            np.testing.assert_allclose(read, trial.eeg, rtol=2e-7)
        descriptions = [a["description"] for a in raw.annotations]
        assert descriptions.count("BAD boundary") == 2 and descriptions.count("BAD rejected") == 1


def test_the_readme_says_how_escgan_reads_it_again(dataset):
    root, recordings = dataset
    options = yaml.safe_load((root / "README").read_text().partition("reads it again with")[2])["dataset"]
    corpus = DATASETS["bids"].model_validate(options)
    sources = corpus.discover(root)
    assert [source.subject for source in sources] == ["01", "02"]
    for source, own in zip(sources, recordings, strict=True):
        raw = corpus.read(source)
        assert (raw.channels, raw.reference, raw.passband_hz) == (CHANNELS, "average", (1.0, 45.0))
        for span, trial in zip(raw.spans, own.trials, strict=True):
            assert (span.condition, span.stimulus, span.ratings) == (trial.condition, trial.condition, trial.ratings)
            start, n, before = round(span.start_s * SFREQ), trial.eeg.shape[1], trial.baseline.shape[1]
            assert (round(span.duration_s * SFREQ), round(span.baseline_s * SFREQ)) == (n, before)
            np.testing.assert_allclose(raw.segments[0].eeg[:, start : start + n], trial.eeg, rtol=2e-7)
            np.testing.assert_allclose(raw.segments[0].eeg[:, start - before : start], trial.baseline, rtol=2e-7)


def test_every_column_of_the_features_is_described_and_their_values_are_kept(dataset):
    root, recordings = dataset
    stem = root / "sub-01" / "eeg" / "sub-01_task-eegmat_desc-de_features"
    table = pd.read_csv(f"{stem}.tsv", sep="\t", dtype={"Pz_beta": np.float32})
    described = json.loads(stem.with_suffix(".json").read_text())
    assert list(described) == list(table.columns)
    assert described["Pz_beta"]["Units"] == "nats" and "13-30 Hz" in described["Pz_beta"]["Description"]
    own = features(recordings[0])
    np.testing.assert_array_equal(table["Pz_beta"].to_numpy(), own.values[:, 2, 1])
    assert table["label"].fillna("").tolist() == ["calm", "joy", ""] * 3
    # 1 s of baseline before each trial of 5 and 900/128 s; windows a second apart.
    expected = [1, 2, 3, *(7 + np.arange(3)), *(8 + 900 / 128 + np.arange(3))]
    np.testing.assert_allclose(table["onset"], expected, atol=1e-6)


def test_the_root_says_what_it_is_made_from_and_under_which_terms(dataset):
    root, _ = dataset
    corpus = DATASETS["eegmat"]
    description = json.loads((root / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and description["GeneratedBy"][0]["Name"] == "escgan"
    assert description["License"] == corpus.licence and description["SourceDatasets"][0]["URL"].startswith("https://")
    assert corpus.licence in (root / "LICENSE").read_text() and corpus.citation in (root / "README").read_text()
    people = pd.read_csv(root / "participants.tsv", sep="\t", dtype=str)
    assert people.to_dict("list") == {"participant_id": ["sub-01", "sub-02"], "corpus_id": ["01", "02"]}


def test_every_file_is_named_by_the_specification_or_left_to_its_bidsignore(dataset):
    root, _ = dataset
    ignored = [line.removeprefix("*") for line in (root / ".bidsignore").read_text().split()]
    at_root = {
        "dataset_description.json", "participants.tsv", "participants.json", "README", "LICENSE", ".bidsignore",
    }  # fmt: skip
    assert {path.name for path in root.iterdir() if path.is_file()} == at_root
    ends = {"eeg.vhdr", "eeg.vmrk", "eeg.eeg", "eeg.json", "channels.tsv", "events.tsv", "events.json"}
    for path in root.glob("sub-*/eeg/*"):
        if not path.name.endswith(tuple(ignored)):
            stem, _, end = path.name.rpartition("_")
            assert stem == f"{path.parts[-3]}_task-eegmat_desc-preproc" and end in ends
    events = pd.read_csv(root / "sub-01/eeg/sub-01_task-eegmat_desc-preproc_events.tsv", sep="\t")
    described = json.loads((root / "sub-01/eeg/sub-01_task-eegmat_desc-preproc_events.json").read_text())
    assert list(events.columns) == list(described) and events["onset"].is_monotonic_increasing


def test_trials_without_conditions_and_several_sessions_are_read_back(tmp_path):
    plain = {"lengths": (640, 640), "conditions": (None, None), "baseline": 0}
    recordings = (make_recording("01", "1", **plain), make_recording("01", "2", **plain))
    root = written(tmp_path, recordings)
    options = reading_options(recordings)
    assert options == {"kind": "bids", "conditions": ["trial"], "ratings": ["valence"]}
    sources = DATASETS["bids"].model_validate(options).discover(root)
    assert [(source.subject, source.session) for source in sources] == [("01", "1"), ("01", "2")]
    raw = DATASETS["bids"].model_validate(options).read(sources[1])
    np.testing.assert_allclose(raw.segments[0].eeg[:, 640:], recordings[1].trials[1].eeg, rtol=2e-7)


def test_names_that_bids_cannot_tell_apart_are_refused():
    assert bids_names(["sub-a_1"], "seed_iv")["sub-a_1"].stem == "sub-a1_task-seediv"
    with pytest.raises(ConfigError, match="sub-a1 cannot be told from sub-a_1"):
        bids_names(["sub-a_1", "sub-a1"], "deap")


def test_a_channel_name_with_a_comma_survives(tmp_path):
    own = make_recording()
    odd = replace(own, channels=("Fz", "Cz", "a,b", "Oz"))
    names = bids_names([odd.name], "eegmat")
    write_recording(tmp_path, names[odd.name], odd, features(own))
    path = mne_bids.BIDSPath(root=tmp_path, subject="01", task="eegmat", description="preproc", datatype="eeg")
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    raw = mne_bids.read_raw_bids(path.update(extension=".vhdr"), verbose="error")
    assert raw.ch_names == list(odd.channels)
