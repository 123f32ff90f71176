"""MAHNOB-HCI's folders are read as their description says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escgan.datasets.mahnob_hci import MahnobHciConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording
from tests.escgan.datasets.writers.bdf import STEP_UV
from tests.escgan.datasets.writers.mahnob_hci import ELECTRODES, SFREQ, write_mahnob_hci, write_session
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

CORPUS = MahnobHciConfig()
# Half a step of the amplifier, and float32 at an offset of 20 mV.
ATOL_UV = 0.51 * STEP_UV + 0.002
SAID = {"feltVlnc": 7, "feltArsl": 2, "feltCtrl": 9, "feltPred": 1, "feltEmo": 4}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("mahnob")
    return folder, write_mahnob_hci(folder)


@pytest.fixture(scope="module")
def recordings(written: tuple[Path, tuple[RecordingTruth, ...]]) -> tuple[RawRecording, ...]:
    return tuple(CORPUS.read(source) for source in CORPUS.discover(written[0]))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """The folder of one film of one subject, to be damaged."""
    write_session(tmp_path / "8", 1, 4, "S", "69.avi", SAID, np.random.default_rng(3), 10.0)
    return tmp_path / "8"


def refused(session: Path, match: str) -> None:
    (source,) = CORPUS.discover(session.parent)
    with pytest.raises(RecordingError, match=match):
        CORPUS.read(source)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_every_rated_film_reads_back_in_order_of_presentation(
    written: tuple[Path, tuple[RecordingTruth, ...]], recordings: tuple[RawRecording, ...]
) -> None:
    assert [truth.subject for truth in written[1]] == ["2", "10"]
    for raw, truth in zip(recordings, written[1], strict=True):
        compare(raw, truth, ATOL_UV)
        assert [span.trial for span in raw.spans] == [1, 10]
        assert [span.duration_s for span in raw.spans] == [12.5, 12.5]
        assert [span.baseline_s for span in raw.spans] == [30.0, 30.0]
        # What follows the film stays, for filters to end in.
        assert {segment.eeg.shape for segment in raw.segments} == {(32, 73 * SFREQ)}
        assert {segment.eeg.dtype for segment in raw.segments} == {np.dtype(np.float32)}


def test_the_marks_are_those_that_mne_finds(
    written: tuple[Path, tuple[RecordingTruth, ...]], recordings: tuple[RawRecording, ...]
) -> None:
    import mne

    (path,) = (written[0] / "Sessions").glob("*/Part_2_S_Trial1_emotion.bdf")
    file = mne.io.read_raw_bdf(path, stim_channel="Status", preload=True, verbose="error")
    (start, _, code), (stop, _, _) = mne.find_events(file, "Status", verbose="error")
    assert code == 268
    span = recordings[0].spans[0]
    assert (start / SFREQ, stop / SFREQ) == (span.start_s, span.start_s + span.duration_s)
    volts = file.get_data(picks=[*ELECTRODES, "EXG1", "EXG3"])
    np.testing.assert_allclose(recordings[0].segments[0].eeg, volts[:32] * 1e6, rtol=1e-6)
    heart = recordings[0].segments[0].auxiliary
    assert heart is not None and dict(recordings[0].auxiliary) == {"ECG": "ecg"}
    np.testing.assert_allclose(heart[0], (volts[33] - volts[32]) * 1e6, atol=0.005)


def test_films_without_a_rating_and_without_a_recording_are_left_out_and_said(
    recordings: tuple[RawRecording, ...],
) -> None:
    for raw in recordings:
        assert "trial 2 left out: the subject rated nothing" in raw.log
        absent = "3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20"
        assert f"trials {absent} have no recording in this folder" in raw.log


def test_a_subject_who_rated_nothing_is_refused(session: Path) -> None:
    for answer in (' feltVlnc="7"', ' feltArsl="2"', ' feltCtrl="9"', ' feltPred="1"'):
        replaced(session / "session.xml", answer, "")
    refused(session, "Subject 1 rated none of the films")


def test_a_single_missing_rating_is_nan(session: Path) -> None:
    replaced(session / "session.xml", ' feltPred="1"', "")
    replaced(session / "session.xml", ' feltEmo="4"', "")
    (span,) = CORPUS.read(CORPUS.discover(session.parent)[0]).spans
    assert span.ratings == pytest.approx(
        {"valence": 7.0, "arousal": 2.0, "dominance": 9.0, "predictability": np.nan}, nan_ok=True
    )
    assert span.condition is None


def test_parts_in_which_the_amplifier_stood_still_are_cut_off(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    truth = write_session(tmp_path / "2", 1, 1, "S", "69.avi", SAID, rng, 10.0, idle_s=(12, 25))
    raw = CORPUS.read(CORPUS.discover(tmp_path)[0])
    assert "trial 1: 37 s cut off, where the amplifier stood still" in raw.log
    assert raw.segments[0].eeg.shape == (32, 33 * SFREQ)
    assert raw.spans[0].baseline_s == 18.0
    compare(raw, RecordingTruth("1", "1", ELECTRODES, float(SFREQ), (truth,)), ATOL_UV)


@pytest.mark.parametrize("idle_s", [(31, 0), (0, 31)])
def test_an_amplifier_that_stands_still_during_the_film_is_refused(idle_s: tuple[int, int], tmp_path: Path) -> None:
    write_session(tmp_path / "2", 1, 1, "S", "69.avi", SAID, np.random.default_rng(4), 10.0, idle_s)
    refused(tmp_path / "2", r"Part_1_S_Trial1_emotion\.bdf of subject 1 holds no signal during a part of the film")


def test_the_default_chain_filters_every_film(recordings: tuple[RawRecording, ...]) -> None:
    recording = preprocess(recordings[0], CORPUS.default_preprocessing())
    assert (recording.sfreq, recording.passband_hz, recording.reference) == (128.0, (1.0, 45.0), "average")
    assert all("warning" not in entry for entry in recording.log)
    for trial in recording.trials:
        assert trial.eeg.shape == (32, 1600)
        assert np.abs(trial.eeg.mean(axis=1)).max() < 1 < trial.eeg.std() < 20


def test_neutral_clips_and_other_files_make_no_recording(tmp_path: Path) -> None:
    for name in ("1/Part_1_N_Trial1_emotion.bdf", "2/session.xml", "3/Part_1_S_Trial1_tagging.bdf", "s01.bdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'mahnob_hci' in"):
        CORPUS.discover(tmp_path)


def test_subjects_and_trials_are_listed_in_numerical_order(tmp_path: Path) -> None:
    for session, subject, trial in ((9, 10, 1), (10, 2, 10), (11, 2, 9)):
        path = tmp_path / "Sessions" / str(session) / f"Part_{subject}_S_Trial{trial}_emotion.bdf"
        path.parent.mkdir(parents=True)
        path.touch()
    for data in (tmp_path, tmp_path / "Sessions"):
        sources = CORPUS.discover(data)
        assert [source.subject for source in sources] == ["2", "10"]
        assert [f"{path.parent.name}/{path.name}" for path in sources[0].files] == [
            "11/Part_2_S_Trial9_emotion.bdf",
            "11/session.xml",
            "10/Part_2_S_Trial10_emotion.bdf",
            "10/session.xml",
        ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('<subject id="1"', '<subject id="7"', "names subject 7, not the subject of the recording beside it"),
        ("<subject", "<person", "names subject nobody"),
        ('<subject id="1"', f'<subject id="{"9" * 5000}"', "names subject 9999"),
        ('feltVlnc="7"', 'feltVlnc="0"', "rates valence as '0', which is no whole number from 1 to 9"),
        ('feltArsl="2"', 'feltArsl="2.5"', "rates arousal as '2.5'"),
        ('feltEmo="4"', 'feltEmo="13"', "has the felt emotion '13'"),
        ('mediaFile="69.avi"', 'mediaFile=""', "does not name the film"),
        ("</session>", "", "is damaged"),
    ],
)
def test_a_wrong_xml_file_is_refused_in_one_sentence(old: str, new: str, message: str, session: Path) -> None:
    replaced(session / "session.xml", old, new)
    refused(session, rf"^The file 8/session\.xml of subject 1 {message}.*: (download|leave)")


def test_a_missing_file_is_named(session: Path) -> None:
    (source,) = CORPUS.discover(session.parent)
    (session / "session.xml").rename(session / "other.xml")
    refused(session, r"8/session\.xml of subject 1 is missing: download it again")
    (session / "other.xml").rename(session / "session.xml")
    (session / "Part_1_S_Trial4_emotion.bdf").unlink()
    with pytest.raises(RecordingError, match=r"Part_1_S_Trial4_emotion\.bdf of subject 1 is missing"):
        CORPUS.read(source)


def test_a_subject_with_a_broken_xml_file_does_not_hide_the_others(session: Path) -> None:
    write_session(session.parent / "132", 2, 1, "S", "69.avi", SAID, np.random.default_rng(3), 10.0)
    (session / "session.xml").write_bytes(b"\x00\xff")
    broken, whole = CORPUS.discover(session.parent)
    with pytest.raises(RecordingError, match=r"8/session\.xml of subject 1 is damaged"):
        CORPUS.read(broken)
    assert len(CORPUS.read(whole).spans) == 1


def test_a_recording_without_both_marks_is_refused(session: Path) -> None:
    path = session / "Part_1_S_Trial4_emotion.bdf"
    content = bytearray(path.read_bytes())
    # The triggers are the last channel of each one-second record; the film ends in the 41st.
    record = 47 * SFREQ * 3
    end = 256 * 48 + 41 * record
    assert content[end - SFREQ * 3 : end - SFREQ * 3 + 3] == b"\x0c\x01\x00"
    content[end - SFREQ * 3 : end] = bytes(SFREQ * 3)
    path.write_bytes(content)
    refused(session, r"has 1 marks instead of one at the beginning and one at the end")


def test_a_truncated_recording_is_refused(session: Path) -> None:
    path = session / "Part_1_S_Trial4_emotion.bdf"
    # Whole records missing are what MNE would read without a word.
    path.write_bytes(path.read_bytes()[: -47 * SFREQ * 3])
    refused(session, r"Part_1_S_Trial4_emotion\.bdf of subject 1 is damaged or truncated")


def test_a_copied_folder_is_refused(session: Path) -> None:
    write_session(session.parent / "8 copy", 1, 4, "S", "69.avi", SAID, np.random.default_rng(3), 10.0)
    refused(session, "Trial 4 of subject 1 lies in two folders")
