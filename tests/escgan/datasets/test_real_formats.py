"""Real recordings of every format are read as MNE reads them; what nobody can read is one clear sentence.

ESCGAN_FORMATS names a folder with small real files: EDF, BDF, BrainVision, EEGLAB, FIF, a BIDS tree, and a Neuroscan
file that no setting of MNE reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

from escgan.datasets.bids import BidsConfig
from escgan.datasets.folder import FolderConfig
from escgan.datasets.mne_reading import open_recording
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess

FORMATS = Path(os.environ.get("ESCGAN_FORMATS", ""))
pytestmark = pytest.mark.skipif(
    "ESCGAN_FORMATS" not in os.environ, reason="ESCGAN_FORMATS does not name a folder with real files of every format"
)
READERS: dict[str, Callable[..., Any]] = {
    ".bdf": mne.io.read_raw_bdf,
    ".edf": mne.io.read_raw_edf,
    ".vhdr": mne.io.read_raw_brainvision,
    ".set": mne.io.read_raw_eeglab,
    ".fif": mne.io.read_raw_fif,
}
SAMPLES = (
    sorted(path for path in FORMATS.rglob("*") if path.suffix in READERS) if "ESCGAN_FORMATS" in os.environ else []
)
BIOSEMI = [f"A{i}" for i in range(1, 17)]
PLACES = "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz".split()


def directly(path: Path) -> mne.io.BaseRaw:
    return READERS[path.suffix](path, preload=True, verbose="error")


def linked(name: str, folder: Path) -> str:
    """Link a sample and what belongs to it into a folder: a table names files of its own folder only."""
    for path in (FORMATS / name).parent.iterdir():
        (folder / path.name).symlink_to(path)
    return Path(name).name


def test_there_is_a_sample_of_every_format() -> None:
    assert {path.suffix for path in SAMPLES} == READERS.keys()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_channels_rate_duration_and_samples_are_those_that_mne_gives(path: Path) -> None:
    raw = directly(path)
    file = open_recording(path, "01")
    assert list(file.labels) == raw.ch_names
    assert list(file.types) == raw.get_channel_types()
    assert file.sfreq == raw.info["sfreq"]
    assert file.n_times == raw.n_times
    assert file.duration_s == pytest.approx(raw.n_times / raw.info["sfreq"])
    even = [
        name for name, kind in zip(file.labels, file.types, strict=True) if kind == "eeg" and name not in file.own_hz
    ]
    np.testing.assert_allclose(file.microvolts(even), raw.get_data(picks=even) * 1e6, rtol=1e-9)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_markers_are_the_annotations_and_trigger_codes_that_mne_finds(path: Path) -> None:
    raw = directly(path)
    expected = [
        (str(note["description"]), round(note["onset"] - (raw.first_time if raw.annotations.orig_time else 0.0), 6))
        for note in raw.annotations
    ]
    if "stim" in raw.get_channel_types():
        # Of BioSemi's status channel only the lower bits are triggers.
        bits: dict[str, Any] = {"mask": 0xFF, "mask_type": "and"} if path.suffix == ".bdf" else {}
        events = mne.find_events(raw, consecutive=True, shortest_event=1, initial_event=True, verbose="error", **bits)
        expected += [(str(code), round((at - raw.first_samp) / raw.info["sfreq"], 6)) for at, _, code in events]
    found = [(marker.name, round(marker.onset_s, 6)) for marker in open_recording(path, "01").markers()]
    assert sorted(found) == sorted(expected)


def test_the_samples_hold_events_at_all() -> None:
    """Without this, the comparison above could be of nothing with nothing."""
    counts = {path.name: len(open_recording(path, "01").markers()) for path in SAMPLES}
    assert counts["eeglab_data.set"] == 154
    assert min(counts[name] for name in ("test.bdf", "test_bdf_stim_channel.bdf", "test.vhdr", "test_bin_raw.fif")) > 5


def test_a_channel_of_uneven_rates_has_the_samples_that_the_file_holds() -> None:
    path = FORMATS / "edf" / "test_uneven_samp.edf"
    file = open_recording(path, "01")
    (slow,) = file.own_hz
    samples = file.microvolts([slow])
    assert samples.shape == (1, round(file.duration_s * file.own_hz[slow]))
    # The signal is called blocks of 1 and 0: it has these values and, being no wave, none above or below.
    assert "Blk 1/0uV" in slow
    assert 0.9 < np.percentile(samples, 95) <= samples.max() < 1.1
    assert samples.min() > -0.1


def test_the_file_that_nobody_can_read_is_one_clear_sentence() -> None:
    with pytest.raises(RecordingError) as caught:
        open_recording(FORMATS / "cnt" / "unreadable.cnt", "07")
    sentence = str(caught.value)
    assert sentence.startswith("The file unreadable.cnt of subject 07 ")
    assert sentence.count(". ") == 0 and "\n" not in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "options", "channels", "auxiliary"),
    [
        ("biosemi/test.bdf", {"rename": dict(zip(BIOSEMI, PLACES, strict=True))}, 16, 0),
        ("biosemi/test_bdf_stim_channel.bdf", {}, 3, 0),
        ("brainvision/test.vhdr", {"drop": ["HL", "HR", "Vb", "ReRef"]}, 26, 0),
        ("edf/test.edf", {}, 16, 0),
        ("edf/duplicate_channel_labels.edf", {"drop": ["EEG F1-Ref-1"], "rename": {"EEG F1-Ref-0": "F1"}}, 2, 0),
        ("eeglab/eeglab_data.set", {}, 30, 2),
        ("fif/test_bin_raw.fif", {"rename": {"EEG 001": "Fp1"}, "drop": [f"EEG {i:03d}" for i in range(2, 33)]}, 1, 0),
    ],
)
def test_a_plain_folder_takes_every_format(
    name: str, options: dict[str, Any], channels: int, auxiliary: int, tmp_path: Path
) -> None:
    (tmp_path / "trials.csv").write_text(f"file,subject,condition\n{linked(name, tmp_path)},1,rest\n")
    corpus = FolderConfig.model_validate(options)
    (source,) = corpus.discover(tmp_path)
    raw = corpus.read(source)
    direct = directly(FORMATS / name)
    assert (len(raw.channels), len(raw.auxiliary)) == (channels, auxiliary)
    assert raw.segments[0].sfreq == direct.info["sfreq"]
    assert raw.spans[0].duration_s == pytest.approx(direct.n_times / direct.info["sfreq"])
    recording = preprocess(raw, ())
    assert recording.trials[0].eeg.shape == (channels, direct.n_times)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "biosemi/test.bdf",
            r"test\.bdf of subject 1 has EEG channels without a 10-10 name, 'A1', .* BioSemi's .*'rename'",
        ),
        ("edf/duplicate_channel_labels.edf", r"'EEG F1-Ref-0', 'EEG F1-Ref-1' \(a label that the file holds twice"),
        ("fif/test_bin_raw.fif", r"without a 10-10 name, 'EEG 001', .* and 20 more: give them one"),
        ("edf/test_uneven_samp.edf", r"'3Hz \+5/-5 V', '0\.2Hz Blk 1/0uV': give them one"),
        ("cnt/unreadable.cnt", r"The file unreadable\.cnt of subject 1 "),
    ],
)
def test_what_a_plain_folder_cannot_place_says_how_to(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(f"file,subject\n{linked(name, tmp_path)},1\n")
    corpus = FolderConfig()
    (source,) = corpus.discover(tmp_path)
    with pytest.raises(RecordingError, match=message):
        corpus.read(source)


def test_a_signal_of_volts_is_noticed(tmp_path: Path) -> None:
    uneven = linked("edf/test_uneven_samp.edf", tmp_path)
    (tmp_path / "trials.csv").write_text(f"file,subject\n{uneven},1\n")
    corpus = FolderConfig(rename={"3Hz +5/-5 V": "Cz"}, drop=("0.2Hz Blk 1/0uV",))
    with pytest.raises(RecordingError, match=r"deviation of 3\.5\de\+06, so they are no EEG in microvolts"):
        corpus.read(corpus.discover(tmp_path)[0])


def test_the_bids_tree_loads_with_its_types_bad_channels_and_events() -> None:
    # Its two events are 0.2 s apart.
    corpus = BidsConfig(trial_s=0.2)
    (source,) = corpus.discover(FORMATS / "bids" / "tiny_bids")
    assert (source.subject, source.session) == ("01", "eeg")
    raw = corpus.read(source)
    direct = directly(next(path for path in source.files if path.suffix == ".vhdr"))
    # Of 69 channels, 64 are typed as EEG in channels.tsv.
    assert len(raw.channels) == 64
    assert raw.auxiliary == {"ECG": "ecg", "HEOG": "eog", "VEOG": "eog"}
    np.testing.assert_allclose(
        raw.segments[0].eeg, direct.get_data(picks=list(raw.channels)) * 1e6, rtol=1e-4, atol=1e-3
    )
    assert [(span.condition, span.start_s) for span in raw.spans] == [("start_experiment", 0.0), ("show_stimulus", 0.2)]
    assert any(line.endswith("kept, since every recording needs the same ones: PO10") for line in raw.log)
    assert raw.passband_hz == pytest.approx((0.0159, 1000), rel=0.01)
    assert raw.reference == "unknown"


def test_the_bids_tree_says_that_its_events_have_no_duration() -> None:
    corpus = BidsConfig()
    with pytest.raises(RecordingError, match=r"The event 'start_experiment' in line 2 of .* has no duration: give it"):
        corpus.read(corpus.discover(FORMATS / "bids" / "tiny_bids")[0])


def test_a_participants_property_labels_the_bids_tree() -> None:
    corpus = BidsConfig(labels_from="participants", column="sex")
    (span,) = corpus.read(corpus.discover(FORMATS / "bids" / "tiny_bids")[0]).spans
    assert (span.condition, span.duration_s) == ("F", 2.0)
