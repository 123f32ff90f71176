"""A laboratory's own files and table become recordings as the table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from escgan.datasets.folder import FolderConfig
from escgan.datasets.own_recordings import natural_key
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording
from tests.escgan.datasets.writers.bdf import bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.brainvision import write_brainvision
from tests.escgan.datasets.writers.edf import STEP_UV, EdfSignal, edf_bytes
from tests.escgan.datasets.writers.folder import CHANNELS, write_folder
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 25, (3, 2000))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("own")
    return folder, write_folder(folder, 3)


def one_file(
    folder: Path, table: str, labels: tuple[str, ...] = ("Fz", "Cz", "Pz"), name: str = "a.edf", seconds: int = 10
) -> None:
    """Write a file of 200 Hz and its table."""
    signals = [EdfSignal(label, row[: 200 * seconds], 200) for label, row in zip(labels, NOISE, strict=True)]
    (folder / name).write_bytes(edf_bytes(signals))
    (folder / "trials.csv").write_text(table)


def read_one(folder: Path, **options: object) -> RawRecording:
    corpus = FolderConfig.model_validate(options)
    (source,) = corpus.discover(folder)
    return corpus.read(source)


def test_every_recording_is_read_as_it_was_written(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = written
    corpus = FolderConfig()
    sources = corpus.discover(folder)
    # Numbers, not texts, order the subjects: 2, 10, 18.
    assert [source.subject for source in sources] == [truth.subject for truth in truths] == ["2", "10", "18"]
    for source, truth in zip(sources, truths, strict=True):
        raw = corpus.read(source)
        compare(raw, truth, 0.51 * STEP_UV)
        assert raw.auxiliary == {"EOG left": "eog"}
        assert raw.segments[0].auxiliary is not None
        assert raw.segments[0].auxiliary.shape == (1, raw.segments[0].eeg.shape[1])
        assert (raw.reference, raw.passband_hz) == ("unknown", (0.0, 100.0))
        assert any("no numbers: notes" in line for line in raw.log)


def test_the_usual_preprocessing_runs(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    corpus = FolderConfig()
    recording = preprocess(corpus.read(corpus.discover(written[0])[0]), corpus.default_preprocessing())
    assert (recording.channels, recording.sfreq, recording.reference) == (CHANNELS, 128.0, "average")
    assert recording.passband_hz == (0.5, 45.0)


def test_the_table_belongs_to_what_decides_a_recording(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    source = FolderConfig().discover(written[0])[0]
    assert [path.name for path in source.files] == ["calm.edf", "fear.edf", "trials.csv"]


def test_a_table_without_trials_is_told_from_no_table(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\n")
    with pytest.raises(RecordingError, match="has no lines below its head"):
        FolderConfig().discover(tmp_path)
    (tmp_path / "trials.csv").unlink()
    with pytest.raises(RecordingError, match="No recording of corpus 'folder' in"):
        FolderConfig().discover(tmp_path)


def test_a_table_a_subject_keeps_the_others_apart(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,1\n")
    (tmp_path / "trials.csv").rename(tmp_path / "trials_s1.csv")
    (tmp_path / "trials_s2.csv").write_text("file\tsubject\na.edf\t2\n")
    files = [[path.name for path in source.files] for source in FolderConfig().discover(tmp_path)]
    assert files == [["a.edf", "trials_s1.csv"], ["a.edf", "trials_s2.csv"]]


def test_with_file_and_subject_alone_the_whole_file_is_the_trial(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,7\n")
    (span,) = read_one(tmp_path).spans
    assert (span.trial, span.stimulus, span.condition, dict(span.ratings)) == (1, "1", None, {})
    assert (span.start_s, span.duration_s, span.baseline_s) == (0.0, 10.0, 0.0)


def test_sessions_are_recordings_of_their_own_in_numerical_order(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject,session\na.edf,7,10\na.edf,7,9\na.edf,7,\n")
    sources = FolderConfig().discover(tmp_path)
    assert [(source.subject, source.session) for source in sources] == [("7", "1"), ("7", "9"), ("7", "10")]
    assert [len(FolderConfig().read(source).spans) for source in sources] == [1, 1, 1]


def test_trials_keep_the_numbers_that_the_table_gives(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject,trial,start_s,duration_s\na.edf,1,30,0,2\na.edf,1,4,2,2\n")
    assert [span.trial for span in read_one(tmp_path).spans] == [30, 4]


def test_conditions_that_are_not_wanted_are_left_out_with_their_files(tmp_path: Path) -> None:
    one_file(
        tmp_path,
        "file,subject,condition,start_s,duration_s\na.edf,1,calm,0,2\nbroken.edf,1,test,0,2\na.edf,1,fear,4,2\na.edf,1,,6,2\n",
    )
    (tmp_path / "broken.edf").write_bytes(b"")
    raw = read_one(tmp_path, conditions=["calm", "fear"])
    assert [(span.trial, span.condition) for span in raw.spans] == [(1, "calm"), (3, "fear")]
    assert FolderConfig(conditions=("calm", "fear")).default_labels() == {
        "kind": "classes",
        "classes": ["calm", "fear"],
    }
    with pytest.raises(
        RecordingError, match=r"No trial of subject 1, session 1, has one of the conditions joy: correct"
    ):
        read_one(tmp_path, conditions=["joy"])


def test_trials_that_share_samples_are_refused_unless_the_conditions_choose_among_them(tmp_path: Path) -> None:
    rows = "a.edf,1,block,0,6\na.edf,1,calm,1,2\na.edf,1,fear,3.005,2\n"
    one_file(tmp_path, f"file,subject,condition,start_s,duration_s\n{rows}")
    with pytest.raises(
        RecordingError, match=r"a\.edf of subject 1 has trials 1 and 2, which share 2 s \(one lasts from 0 to 6 s, the"
    ):
        read_one(tmp_path)
    # Two that follow each other may share what rounding makes of their ends.
    assert len(read_one(tmp_path, conditions=["calm", "fear"]).spans) == 2


def test_a_marker_is_where_its_trial_starts(tmp_path: Path) -> None:
    codes = np.zeros(2000, np.int64)
    for start, code in ((200, 4), (700, 7), (1300, 4)):
        codes[start : start + 5] = code
    signals = [*(electrode(label, row) for label, row in zip(("Fz", "Cz", "Pz"), NOISE, strict=True))]
    (tmp_path / "a.bdf").write_bytes(bdf_bytes([*signals, trigger("Status", codes)], 200))
    rows = "a.bdf,1,4,0.5,2,x\na.bdf,1,7,,1,y\na.bdf,1,4,-0.5,2,z\na.bdf,1,,9,1,\n"
    (tmp_path / "trials.csv").write_text(f"file,subject,marker,start_s,duration_s,condition\n{rows}")
    spans = read_one(tmp_path).spans
    assert [(span.condition, span.start_s) for span in spans] == [("x", 1.5), ("y", 3.5), ("z", 6.0), (None, 9.0)]
    (tmp_path / "trials.csv").write_text("file,subject,marker,duration_s\na.bdf,1,4,1\n")
    with pytest.raises(RecordingError, match=r"marker '4' 2 times, but 1 rows .*\(its markers: '4' x2, '7' x1\): give"):
        read_one(tmp_path)


def test_a_marker_with_a_duration_lends_it_to_its_trial(tmp_path: Path) -> None:
    notes = [(2.0, 3.0, "film"), (6.0, 0.0, "word")]
    signals = [EdfSignal(label, row, 200) for label, row in zip(("Fz", "Cz", "Pz"), NOISE, strict=True)]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals, notes=notes))
    (tmp_path / "trials.csv").write_text("file,subject,marker\na.edf,1,film\na.edf,1,word\n")
    assert [(span.start_s, span.duration_s) for span in read_one(tmp_path).spans] == [(2.0, 3.0), (6.0, 4.0)]


def test_a_recording_joins_files_of_different_kinds_by_channel_names(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,1\nb.vhdr,1\n")
    write_brainvision(tmp_path / "b", ["PZ", "Heart ECG", "fz", "CZ"], RNG.normal(0, 20, (4, 1000)), 200)
    raw = read_one(tmp_path)
    assert raw.channels == ("Fz", "Cz", "Pz")
    written = np.frombuffer((tmp_path / "b.eeg").read_bytes(), "<f4").reshape(-1, 4).T
    np.testing.assert_allclose(raw.segments[1].eeg, written[[2, 3, 0]], rtol=1e-5)
    # Not in both files, so no step could use it.
    assert raw.auxiliary == {}
    assert [path.name for path in FolderConfig().discover(tmp_path)[0].files][1:4] == ["b.vhdr", "b.eeg", "b.vmrk"]


def test_auxiliary_channels_that_all_files_have_are_kept_and_others_said(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,1\nb.edf,1\n", ("Fz", "M1", "ECG"))
    signals = [EdfSignal(label, row, 200) for label, row in zip(("Fz", "M1", "HEOG"), NOISE, strict=True)]
    (tmp_path / "b.edf").write_bytes(edf_bytes(signals))
    raw = read_one(tmp_path)
    assert raw.auxiliary == {"M1": "mastoid"}
    assert "channels dropped, not in every file at the rate of its EEG: ECG" in raw.log


def test_channels_that_only_one_file_has_are_named(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,1\nb.edf,1\n")
    (tmp_path / "b.edf").write_bytes(edf_bytes([EdfSignal(name, NOISE[0], 200) for name in ("Fz", "Cz", "Oz")]))
    with pytest.raises(RecordingError, match=r"a\.edf and b\.edf of subject 1 differ in channels \(Oz, Pz\): .*'drop'"):
        read_one(tmp_path)
    assert read_one(tmp_path, drop=["Oz", "Pz"]).channels == ("Fz", "Cz")


def test_the_file_of_a_slower_rate_is_read_at_that_rate_beside_faster_channels(tmp_path: Path) -> None:
    signals = [EdfSignal("Fz", NOISE[0, :1000], 100), EdfSignal("EMG", NOISE[1], 200), EdfSignal("HEOG", NOISE[2], 200)]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals))
    (tmp_path / "trials.csv").write_text("file,subject\na.edf,1\n")
    raw = read_one(tmp_path)
    assert raw.segments[0].sfreq == 100.0
    np.testing.assert_allclose(raw.segments[0].eeg[0], NOISE[0, :1000], rtol=0, atol=0.51 * STEP_UV)
    # An eye channel at another rate cannot stand beside the EEG.
    assert raw.auxiliary == {}
    assert raw.spans[0].duration_s == 10.0


def test_what_the_user_knows_better_replaces_what_the_files_say(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject\na.edf,1\n")
    raw = read_one(tmp_path, reference="nose", passband_hz=[1, 40], cleaned=["ocular"])
    assert (raw.reference, raw.passband_hz, raw.cleaned) == ("nose", (1.0, 40.0), {"ocular"})


def test_samples_in_a_wrong_unit_are_noticed_and_can_be_scaled(tmp_path: Path) -> None:
    signals = [EdfSignal(label, row, 200, unit="mV") for label, row in zip(("Fz", "Cz", "Pz"), NOISE, strict=True)]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals))
    (tmp_path / "trials.csv").write_text("file,subject\na.edf,1\n")
    with pytest.raises(RecordingError, match=r"a\.edf of subject 1 holds samples .* of 2\.\d+e\+04, .*option 'scale'"):
        read_one(tmp_path)
    eeg = read_one(tmp_path, scale=1e-3).segments[0].eeg
    np.testing.assert_allclose(eeg, NOISE, rtol=0, atol=0.51 * STEP_UV)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,person\na.edf,1\n", r"trials\.csv has no column 'subject' \(it has file, person\): name"),
        ("file,subject\na.edf,1\n,1\n", r"Line 3 of trials\.csv names no file: fill it in"),
        ("file,subject\na.edf,\n", r"Line 2 of trials\.csv names no subject"),
        ("file,subject\na.edf,a/b\n", r"Line 2 of trials\.csv has the subject or session 'a/b': use letters"),
    ],
)
def test_a_row_that_belongs_to_nobody_is_refused_at_once(table: str, message: str, tmp_path: Path) -> None:
    one_file(tmp_path, table)
    with pytest.raises(RecordingError, match=message):
        FolderConfig().discover(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,subject,start_s\na.edf,1,soon\n", r"Line 2 of trials\.csv has 'soon' as start_s: give a number"),
        ("file,subject,trial\na.edf,1,1\na.edf,1,1\n", r"Line 2 of trials\.csv gives subject 1 trial 1, which is no"),
        ("file,subject,trial\na.edf,1,1e300\n", r"trial 1e\+300, which is no number of its own"),
        ("file,subject,trial\na.edf,1,1.5\n", r"trial 1\.5, which is no number of its own"),
        ("file,subject,start_s\na.edf,1,10\n", r"a trial of 0 s from 10 s on .*, in a file of 10 s: correct"),
        ("file,subject,start_s\na.edf,1,-1\n", r"from -1 s on"),
        ("file,subject,baseline_s\na.edf,1,-1\n", r"baseline of -1 s"),
        ("file,subject,label\na.edf,1,1\n", r"a rating column 'label', a name that the results use: rename"),
        ("file,subject,Joy,joy\na.edf,1,1,2\n", r"two rating columns 'joy': rename"),
        ("file,subject\nb.edf,1\n", r"The file b\.edf of subject 1 is missing: put it where it belongs"),
        ("file,subject,marker\na.edf,1,4\n", r"marker '4' 0 times, but 1 rows .*\(its markers: none\)"),
    ],
)
def test_a_row_that_cannot_be_right_costs_its_own_subject(table: str, message: str, tmp_path: Path) -> None:
    one_file(tmp_path, table)
    with pytest.raises(RecordingError, match=message):
        read_one(tmp_path)


def test_a_trial_beyond_its_file_is_refused_by_the_preprocessing(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject,start_s,duration_s\na.edf,1,8,3\n")
    with pytest.raises(RecordingError, match=r"Trial 1 of sub-1 runs from 8 to 11 s.* in a segment of 10 s"):
        preprocess(read_one(tmp_path), ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rename": {"A": "Cz"}, "drop": ["A"]}, "channel 'A' is to be renamed and dropped"),
        ({"rename": {"A": "Cz", "B": "Cz"}}, "two channels are to be renamed to 'Cz'"),
        ({"drop": ["A", "A"]}, "a name stands twice"),
        ({"passband_hz": [40, 1]}, "is empty: give a lower and a higher edge"),
        ({"scale": 0}, "greater than 0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FolderConfig.model_validate(options)


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["s10", "s9", "S2", "a", "10", "9", "s9b"]
    assert sorted(names, key=natural_key) == ["9", "10", "S2", "a", "s9", "s9b", "s10"]


def test_missing_ratings_are_not_numbers_and_texts_are_no_ratings(tmp_path: Path) -> None:
    one_file(tmp_path, "file,subject,Arousal,mood,start_s,duration_s\na.edf,1,n/a,fine,0,2\na.edf,1,3.5,,2,2\n")
    raw = read_one(tmp_path)
    np.testing.assert_equal([dict(span.ratings) for span in raw.spans], [{"arousal": np.nan}, {"arousal": 3.5}])
    assert any("mood" in line for line in raw.log)


@pytest.mark.parametrize(
    "name", ["../a.edf", "..\\a.edf", "S1/../../a.edf", "/etc/passwd", "/dev/zero", "..", ".", "a\x00.edf", "x" * 300]
)
def test_a_row_that_leads_out_of_its_folder_costs_its_own_subject(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    one_file(folder, f"file,subject\na.edf,1\n{name},2\n")
    (folder / "a.edf").rename(tmp_path / "a.edf")
    (folder / "a.edf").symlink_to(tmp_path / "a.edf")
    corpus = FolderConfig()
    first, second = corpus.discover(folder)
    # A link is the user's own way out.
    assert corpus.read(first).channels == ("Fz", "Cz", "Pz")
    assert [path.name for path in second.files] == ["trials.csv"]
    with pytest.raises(RecordingError, match=r"Line 3 of trials\.csv names the file '.*', which is none in"):
        corpus.read(second)


def test_a_file_named_by_its_whole_path_may_lie_in_the_folder(tmp_path: Path) -> None:
    one_file(tmp_path, f"file,subject\n{tmp_path / 'a.edf'},1\n")
    assert len(read_one(tmp_path).channels) == 3


def test_numbers_of_any_length_sort_as_numbers() -> None:
    names = ["s" + "9" * 5000, "s10", "s" + "1" + "0" * 5000, "s9", "s010"]
    assert sorted(names, key=natural_key) == [names[3], names[1], names[4], names[0], names[2]]
