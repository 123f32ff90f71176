"""DEAP's original recordings are read as their description says."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.deap import DeapConfig
from escgan.datasets.deap_original import DeapOriginalConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording
from tests.escgan.datasets.writers.bdf import STEP_UV, bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.deap_original import GENEVA, OTHERS, SFREQ, TWENTE, VIDEOS, write_deap_original
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

CORPUS = DeapOriginalConfig()
# Half a step of the amplifier, and float32 at an offset of 20 mV.
ATOL_UV = 0.51 * STEP_UV + 0.002


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    """Subjects 01, 02 (Twente), 24 and 29 (Geneva)."""
    folder = tmp_path_factory.mktemp("deap")
    return folder, write_deap_original(folder, 4)


@pytest.fixture(scope="module")
def recordings(written: tuple[Path, tuple[RecordingTruth, ...]]) -> dict[str, RawRecording]:
    return {source.subject: CORPUS.read(source) for source in CORPUS.discover(written[0])}


@pytest.fixture
def one(written: tuple[Path, tuple[RecordingTruth, ...]], tmp_path: Path) -> Path:
    """A folder with subject 24 alone, to be damaged."""
    shutil.copy(written[0] / "data_original" / "s24.bdf", tmp_path)
    shutil.copy(written[0] / "metadata_csv" / "participant_ratings.csv", tmp_path)
    return tmp_path


def refused(folder: Path, match: str) -> None:
    (source,) = CORPUS.discover(folder)
    with pytest.raises(RecordingError, match=match):
        CORPUS.read(source)


def test_both_sites_read_back_in_one_order_with_trials_by_video(
    written: tuple[Path, tuple[RecordingTruth, ...]], recordings: dict[str, RawRecording]
) -> None:
    assert TWENTE != GENEVA and sorted(TWENTE) == sorted(GENEVA)
    for truth, (subject, raw) in zip(written[1], recordings.items(), strict=True):
        compare(raw, truth, ATOL_UV)
        assert [span.trial for span in raw.spans] == sorted(VIDEOS[int(subject)])
        assert [int(span.stimulus) for span in raw.spans] == [span.trial for span in raw.spans]
        assert (raw.reference, raw.cleaned) == ("CMS electrode", frozenset())


def test_the_recording_stays_in_one_piece_with_a_margin_for_filters(recordings: dict[str, RawRecording]) -> None:
    for raw in recordings.values():
        (segment,) = raw.segments
        assert segment.eeg.dtype == np.float32
        begins = [span.start_s - span.baseline_s for span in raw.spans]
        ends = [span.start_s + span.duration_s for span in raw.spans]
        assert min(begins) == 10.0
        # After the last video: fixation, rating, synchronisation and end, less than the margin.
        left = segment.eeg.shape[1] / SFREQ - max(ends)
        assert 7 < left <= 10.0


def test_the_bipolar_eye_channels_are_differences_of_their_electrodes(
    written: tuple[Path, tuple[RecordingTruth, ...]], recordings: dict[str, RawRecording]
) -> None:
    import mne

    raw = recordings["24"]
    assert dict(raw.auxiliary) == {"hEOG": "eog", "vEOG": "eog"}
    eyes = raw.segments[0].auxiliary
    assert eyes is not None
    file = mne.io.read_raw_bdf(written[0] / "data_original" / "s24.bdf", verbose="error")
    volts = dict(zip(("EXG1", "EXG2", "EXG3", "EXG4"), file.get_data(picks=list(OTHERS[:4])), strict=True))
    # The segment begins 13 s before the first video, which starts 14 s after the first code.
    first = round(7.3 * SFREQ) + SFREQ
    for row, (plus, minus) in zip(eyes, (("EXG1", "EXG2"), ("EXG3", "EXG4")), strict=True):
        expected = (volts[plus] - volts[minus])[first : first + row.size] * 1e6
        np.testing.assert_allclose(row, expected, atol=0.005)


def test_familiarity_is_nan_where_it_was_not_asked(recordings: dict[str, RawRecording]) -> None:
    asked = {
        subject: [not np.isnan(span.ratings["familiarity"]) for span in raw.spans]
        for subject, raw in recordings.items()
    }
    assert asked == {"01": [True] * 3, "02": [False] * 3, "24": [True] * 3, "29": [True] * 3}


def test_the_default_chain_gives_the_preprocessed_layout(recordings: dict[str, RawRecording]) -> None:
    raw = recordings["01"]
    recording = preprocess(raw, CORPUS.default_preprocessing())
    assert recording.channels == GENEVA
    assert (recording.sfreq, recording.passband_hz, recording.reference) == (128.0, (4.0, 45.0), "average")
    assert all("warning" not in entry for entry in recording.log)
    for trial in recording.trials:
        assert trial.eeg.shape == (32, 60 * 128)
        assert trial.baseline is not None and trial.baseline.shape == (32, 3 * 128)
        np.testing.assert_allclose(trial.eeg.mean(axis=0), 0, atol=1e-4)
        # White noise of 20 uV, of which 4-45 of 256 Hz remain: no offset, no drift.
        assert 4 < trial.eeg.std() < 12 and np.abs(trial.eeg.mean(axis=1)).max() < 0.1


@pytest.mark.parametrize(
    "place", ["data_original", "data_original/metadata_csv", ".", "metadata_csv"], ids=lambda place: place
)
def test_the_table_is_found_in_every_usual_place(place: str, tmp_path: Path) -> None:
    recordings, table = tmp_path / "data_original", tmp_path / place / "participant_ratings.csv"
    recordings.mkdir()
    table.parent.mkdir(exist_ok=True)
    for name in ("s10.bdf", "s02.bdf", "s01.bdf", "s01.bdf.part", "readme.txt"):
        (recordings / name).touch()
    table.touch()
    for data in (tmp_path, recordings):
        sources = CORPUS.discover(data)
        assert [source.subject for source in sources] == ["01", "02", "10"]
        assert all(source.files[1].samefile(table) for source in sources)


def test_a_missing_table_or_recording_is_named_when_it_is_read(one: Path) -> None:
    (source,) = CORPUS.discover(one)
    (one / "participant_ratings.csv").unlink()
    refused(one, r"participant_ratings\.csv, needed for subject 24, is missing: put it beside")
    write_deap_original(one / "again", 2)
    shutil.copy(one / "again" / "metadata_csv" / "participant_ratings.csv", one)
    (one / "s24.bdf").unlink()
    with pytest.raises(RecordingError, match=r"s24\.bdf of subject 24 is missing: download it again"):
        CORPUS.read(source)


def test_the_preprocessed_corpus_is_not_taken_for_the_original(tmp_path: Path) -> None:
    (tmp_path / "s01.dat").touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'deap_original' in"):
        CORPUS.discover(tmp_path)
    (tmp_path / "s01.dat").rename(tmp_path / "s01.bdf")
    with pytest.raises(RecordingError, match="No recording of corpus 'deap' in"):
        DeapConfig().discover(tmp_path)


@pytest.mark.parametrize(("kept", "announced"), [(0, None), (300, None), (-1, None), (-512 * 48 * 3, None), (None, -7)])
def test_a_file_that_does_not_fit_its_header_is_refused(kept: int | None, announced: int | None, one: Path) -> None:
    content = (one / "s24.bdf").read_bytes()[:kept]
    if announced is not None:
        content = content[:236] + str(announced).encode().ljust(8) + content[244:]
    (one / "s24.bdf").write_bytes(content)
    refused(one, r"s24\.bdf of subject 24 is damaged or truncated .*: download it again")


def test_a_file_of_another_format_is_refused(one: Path) -> None:
    content = (one / "s24.bdf").read_bytes()
    (one / "s24.bdf").write_bytes(b"0".ljust(8) + content[8:])
    refused(one, "does not begin with a BDF header")


def _edit(change: Callable[[list[list[str]]], list[list[str]]]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "participant_ratings.csv"
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(change(rows))

    return edit


def _set(subject: str, column: int, value: str) -> Callable[[Path], None]:
    """Change a column in the subject's first row."""

    def change(rows: list[list[str]]) -> list[list[str]]:
        row = next(row for row in rows if row[0] == subject)
        row[column] = value
        return rows

    return _edit(change)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_edit(lambda rows: rows[:1]), "lacks the column"),
        (_edit(lambda rows: [row for row in rows if row[0] != "24"]), "does not list the subject's trials"),
        (_edit(lambda rows: rows[:-1]), r"marks the start of 3 videos \(code 4\), but participant_ratings.csv lists 2"),
        (_edit(lambda rows: [row[:4] + row[5:] for row in rows]), "lacks the column Valence"),
        (_set("24", 1, "9"), "without a gap"),
        (_set("24", 1, "first"), "'first' as Trial instead of a number"),
        (_set("24", 2, "21"), "video 21 of the subject twice"),
        (_set("24", 2, "-1"), "names video -1, which is none of the corpus' 40"),
        (_set("24", 2, "9" * 4000), "names video 999"),
        (_set("24", 4, "0.5"), "rates valence of trial 1 as '0.5', off the scale"),
        (_set("24", 5, ""), "rates arousal of trial 1 as ''"),
        (_set("24", 8, "11"), "rates familiarity of trial 1 as '11'"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(edit: Callable[[Path], None], message: str, one: Path) -> None:
    # The last row of the table must be the subject's own to be missed.
    _edit(lambda rows: rows[:1] + sorted(rows[1:], key=lambda row: (row[0] == "24", int(row[1]))))(one)
    edit(one)
    refused(one, message)


def test_a_table_with_a_byte_order_mark_is_read(one: Path) -> None:
    path = one / "participant_ratings.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(CORPUS.read(CORPUS.discover(one)[0]).spans) == 3


def _write(folder: Path, codes: NDArray[np.int64], labels: tuple[str, ...] = (*GENEVA, *OTHERS[:4])) -> None:
    rng = np.random.default_rng(5)
    signals = [electrode(label, 20 * rng.standard_normal(codes.size)) for label in labels]
    (folder / "s24.bdf").write_bytes(bdf_bytes([*signals, trigger("Status", codes)], SFREQ))
    rows = ["24,1,8,0,5,5,5,5,1", "24,2,30,0,5,5,5,5,1"]
    head = "Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,Liking,Familiarity"
    (folder / "participant_ratings.csv").write_text("\n".join([head, *rows]))


def _codes(seconds: int, *starts_s: float) -> NDArray[np.int64]:
    codes = np.zeros(seconds * SFREQ, np.int64)
    for start_s in starts_s:
        codes[round(start_s * SFREQ)] = 4
    return codes


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (_codes(8, 2, 7), r"no room for video 1 in order of presentation, 60 s from 2\.0 s on, and 3 s before it"),
        (_codes(70, 4, 9), "no room for video 1"),
        (_codes(120, 4, 65), "no room for video 2"),
        (_codes(8, 4), "marks the start of 1 videos"),
        (_codes(8), "marks the start of 0 videos"),
    ],
)
def test_triggers_that_cannot_be_right_are_refused(codes: NDArray[np.int64], message: str, tmp_path: Path) -> None:
    _write(tmp_path, codes, GENEVA[:1])
    refused(tmp_path, message)


def test_a_video_may_end_with_the_file(tmp_path: Path) -> None:
    _write(tmp_path, _codes(124, 3, 64))
    raw = CORPUS.read(CORPUS.discover(tmp_path)[0])
    assert [(span.trial, span.start_s, span.baseline_s) for span in raw.spans] == [(8, 3.0, 3.0), (30, 64.0, 3.0)]
    assert raw.segments[0].eeg.shape == (32, 124 * SFREQ)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (GENEVA, "lacks 'EXG1'"),
        ((*GENEVA[1:], *OTHERS[:4]), "lacks 'Fp1'"),
        ((*GENEVA, *OTHERS[:4], "FP1"), "has 2 channels named 'Fp1'"),
    ],
)
def test_missing_and_double_channels_are_named(labels: tuple[str, ...], message: str, tmp_path: Path) -> None:
    _write(tmp_path, _codes(124, 3, 64), labels)
    refused(tmp_path, rf"s24\.bdf of subject 24 {message}: use the files")
