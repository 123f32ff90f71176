"""A BIDS-EEG tree is read by its own tables, whatever liberties these take."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from escgan.datasets.bids import BidsConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording
from tests.escgan.datasets.writers.bids import CHANNELS, RUN_S, SFREQ, write_bids
from tests.escgan.datasets.writers.edf import STEP_UV, EdfSignal, edf_bytes
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("bids")
    return folder, write_bids(folder, 2)


@pytest.fixture
def tree(written: tuple[Path, tuple[RecordingTruth, ...]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(written[0], tmp_path / "tree"))


@pytest.fixture
def edit(tree: Path) -> Edit:
    """Replace text in every file whose name matches; something must be replaced."""

    def apply(names: str, old: str, new: str) -> None:
        for path in tree.rglob(names):
            content = path.read_text(encoding="utf-8")
            assert old in content
            path.write_text(content.replace(old, new), encoding="utf-8")

    return apply


def read_first(tree: Path, **options: object) -> RawRecording:
    corpus = BidsConfig.model_validate(options)
    return corpus.read(corpus.discover(tree)[0])


def test_every_recording_is_read_as_it_was_written(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = written
    corpus = BidsConfig()
    for source, truth in zip(corpus.discover(folder), truths, strict=True):
        raw = corpus.read(source)
        compare(raw, truth, 1e-3)
        # Run 2 before run 10.
        assert [path.name[:-9] for path in source.files if path.suffix == ".vhdr"] == [
            f"sub-{truth.subject}_task-films_run-2",
            f"sub-{truth.subject}_task-films_run-10",
        ]
        assert [span.segment for span in raw.spans] == [0, 0, 1, 1]


def test_a_tree_may_be_named_from_where_one_is(
    written: tuple[Path, tuple[RecordingTruth, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, truths = written
    monkeypatch.chdir(folder.parent)
    sources = BidsConfig().discover(Path(folder.name))
    assert [source.subject for source in sources] == [truth.subject for truth in truths]
    compare(BidsConfig().read(sources[0]), truths[0], 1e-3)


def test_sidecars_state_reference_band_and_what_channels_are(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    raw = read_first(written[0])
    assert (raw.reference, raw.passband_hz) == ("FCz", (0.1, 70.0))
    assert raw.auxiliary == {"LEFTEYE": "eog", "M1": "mastoid"}
    assert "mains frequency, by eeg.json: 50 Hz" in raw.log
    assert any("dropped" in line and "SKIN" in line for line in raw.log)


def test_events_without_onset_or_beyond_the_file_are_left_out_and_said(
    written: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    log = read_first(written[0]).log
    assert "trials left out, no onset: line 6 of sub-01_task-films_run-2_events.tsv" in log
    assert "trials left out, reach beyond the file: line 5 of sub-01_task-films_run-2_events.tsv" in log


def test_marks_of_joins_and_rejected_stretches_are_no_trials_unless_asked_for(tree: Path) -> None:
    events = tree / "sub-01" / "eeg" / "sub-01_task-films_run-2_events.tsv"
    before = read_first(tree)
    marks = "0.2\t0\tBAD boundary\tn/a\n0.5\t0.4\tBAD rejected\tn/a\n0.9\t0\tboundary\tn/a\n"
    events.write_text(events.read_text() + marks)
    raw = read_first(tree)
    assert [span.condition for span in raw.spans] == [span.condition for span in before.spans]
    told = "marks among the events, which are no trials: 'BAD boundary' x1, 'BAD rejected' x1, 'boundary' x1"
    assert told in raw.log and not any("marks" in line for line in before.log)
    asked = read_first(tree, conditions=["BAD rejected"])
    assert [(span.condition, span.duration_s) for span in asked.spans] == [("BAD rejected", 0.4)]


def test_the_usual_preprocessing_runs(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    recording = preprocess(read_first(written[0]), BidsConfig().default_preprocessing())
    assert (recording.channels, recording.sfreq, len(recording.trials)) == (CHANNELS, 128.0, 4)


def test_everything_that_decides_the_result_is_among_a_recordings_files(tree: Path) -> None:
    for name in ("sub-01/sub-01_electrodes.tsv", "sub-01/eeg/sub-01_task-rest_events.tsv", "task-rest_eeg.json"):
        (tree / name).write_text("name\tx\ty\tz\n")
    names = {path.name for path in BidsConfig().discover(tree)[0].files}
    for run in ("2", "10"):
        stem = f"sub-01_task-films_run-{run}"
        ends = ("eeg.vhdr", "eeg.eeg", "eeg.vmrk", "channels.tsv", "events.tsv")
        assert names >= {f"{stem}_{end}" for end in ends}
    assert names >= {"task-films_eeg.json", "sub-01_electrodes.tsv"}
    # Of another task, and of tables that these labels do not come from.
    assert not names & {"sub-01_task-rest_events.tsv", "task-rest_eeg.json", "participants.tsv"}
    with_groups = BidsConfig(labels_from="participants", column="group").discover(tree)[0]
    assert with_groups.files[-1] == tree / "participants.tsv"


def test_reading_writes_nothing_into_the_tree(tree: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (tree, *tree.rglob("*"))}
    read_first(tree)
    assert {path: path.stat().st_mtime_ns for path in (tree, *tree.rglob("*"))} == before


def test_conditions_choose_the_events_that_are_trials(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    raw = read_first(written[0], conditions=["fear"])
    assert [(span.trial, span.condition) for span in raw.spans] == [(1, "fear"), (2, "fear")]


def test_trial_s_and_baseline_s_shape_trials_instead_of_the_duration_column(tree: Path, edit: Edit) -> None:
    edit("*_events.tsv", "\t4\t", "\tn/a\t")
    with pytest.raises(RecordingError, match=r"The event 'joy' in line 3 of .*tsv has no duration: .*'trial_s'"):
        read_first(tree)
    spans = read_first(tree, trial_s=2.0, baseline_s=1.5).spans
    assert [(span.start_s, span.duration_s, span.baseline_s) for span in spans[:2]] == [
        (1.5, 2.0, 1.5),
        (6.0, 2.0, 1.5),
    ]
    # With more baseline than there is before it, the first event of each run goes.
    assert [span.condition for span in read_first(tree, trial_s=1.0, baseline_s=1.75).spans] == ["fear"] * 4


def test_rating_columns_become_ratings_under_lower_case_names(tree: Path, edit: Edit) -> None:
    edit("*_events.tsv", "valence", "Valence")
    ratings = [dict(span.ratings) for span in read_first(tree, ratings=["Valence"]).spans]
    np.testing.assert_equal(ratings, [{"valence": 7.0}, {"valence": np.nan}] * 2)


def test_another_column_can_name_the_condition_and_stim_file_the_stimulus(tree: Path, edit: Edit) -> None:
    edit("*_events.tsv", "trial_type\tvalence", "emotion\tstim_file")
    spans = read_first(tree, column="emotion").spans
    assert [(span.condition, span.stimulus) for span in spans[:2]] == [("joy", "7"), ("fear", "fear")]


def test_a_property_of_the_participant_can_be_the_condition(tree: Path) -> None:
    corpus = BidsConfig(labels_from="participants", column="group")
    raws = [corpus.read(source) for source in corpus.discover(tree)]
    assert [[span.condition for span in raw.spans] for raw in raws] == [["control"] * 2, ["patient"] * 2]
    assert [(span.trial, span.start_s, span.duration_s) for span in raws[0].spans] == [(1, 0.0, RUN_S), (2, 0.0, RUN_S)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sub-01\t", "sub-09\t", r"participants\.tsv does not list sub-01: correct it, or leave the subject out"),
        ("\tcontrol", "\tn/a", r"gives no 'group' for sub-01"),
        ("sub-02\t", "sub-01\t", r"contradicts itself on sub-01"),
        ("group", "team", r"participants\.tsv has no column 'group': expected one of participant_id, team"),
        ("\tcontrol", "\tpilot", r"Subject 01 belongs to 'pilot', which is not among the conditions control, patient"),
    ],
)
def test_a_participant_of_unclear_group_costs_its_own_subject(
    old: str, new: str, message: str, tree: Path, edit: Edit
) -> None:
    edit("participants.tsv", old, new)
    with pytest.raises(RecordingError, match=message):
        read_first(tree, labels_from="participants", column="group", conditions=["control", "patient"])


def test_tasks_can_be_conditions_and_be_chosen(tree: Path) -> None:
    for path in tree.rglob("*run-10*"):
        moved = path.with_name(path.name.replace("films_run-10", "rest"))
        text = path.read_bytes().replace(b"films_run-10", b"rest")
        moved.write_bytes(text)
        path.unlink()
    shutil.copy(tree / "task-films_eeg.json", tree / "task-rest_eeg.json")
    assert [(span.trial, span.condition) for span in read_first(tree, labels_from="task").spans] == [
        (1, "films"),
        (2, "rest"),
    ]
    assert [span.condition for span in read_first(tree, labels_from="task", conditions=["rest"]).spans] == ["rest"]
    assert len(read_first(tree, task="rest").segments) == 1
    assert len(read_first(tree, task=["rest", "films"]).segments) == 2
    with pytest.raises(RecordingError, match=r"no run of the wanted task: choose among films, rest with .* 'task'"):
        BidsConfig(task="sleep").discover(tree)


def test_sessions_and_subjects_are_in_numerical_order(tree: Path) -> None:
    for name in ("ses-10", "ses-9"):
        for path in (tree / "sub-02" / "eeg").iterdir():
            moved = tree / "sub-02" / name / "eeg" / path.name.replace("sub-02", f"sub-02_{name}")
            moved.parent.mkdir(parents=True, exist_ok=True)
            moved.write_bytes(path.read_bytes().replace(b"sub-02", f"sub-02_{name}".encode()))
    shutil.rmtree(tree / "sub-02" / "eeg")
    (tree / "sub-01").rename(tree / "sub-11")
    for path in (tree / "sub-11" / "eeg").iterdir():
        path.rename(path.with_name(path.name.replace("sub-01", "sub-11")))
    sources = BidsConfig().discover(tree)
    assert [(source.subject, source.session) for source in sources] == [("02", "9"), ("02", "10"), ("11", "1")]
    assert BidsConfig().read(sources[0]).session == "9"


def test_channels_tsv_decides_types_states_and_order(tree: Path, edit: Edit) -> None:
    edit("*run-2_channels.tsv", "Oz\tEEG\tµV\t0.1\t70\tgood", "Oz\tEEG\tµV\t0.1\t70\tbad")
    edit("*channels.tsv", "Fp2\tEEG", "Fp2\tEOG")
    for path in tree.rglob("*channels.tsv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *rows[::-1]]), encoding="utf-8")
    raw = read_first(tree)
    assert set(raw.channels) == set(CHANNELS) - {"Fp2"}
    assert raw.auxiliary["Fp2"] == "eog"
    assert any("marked as bad, but kept" in line and line.endswith(": Oz") for line in raw.log)
    eeg = np.fromfile(next(tree.rglob("sub-01*run-2*.eeg")), "<f4").reshape(-1, 11).T
    segment = raw.segments[0].eeg
    np.testing.assert_allclose(segment[raw.channels.index("C4")], eeg[3], rtol=1e-5)


def test_names_in_channels_tsv_replace_labels_only_when_asked_to(tree: Path, edit: Edit) -> None:
    edit("*.vhdr", "Ch3=C3", "Ch3=EXG3")
    with pytest.raises(
        RecordingError, match=r"run-2_eeg\.vhdr of subject 01 names 'C3' where the file has 'EXG3': .*'by"
    ):
        read_first(tree)
    assert read_first(tree, channel_names="by_order").channels == CHANNELS


def test_uneven_rates_and_renaming_by_order_go_together(tree: Path) -> None:
    rng = np.random.default_rng(0)
    samples: list[NDArray[np.float64]] = [rng.normal(0, 20, 100 * RUN_S) for _ in range(2)]
    folder = tree / "sub-03" / "eeg"
    folder.mkdir(parents=True)
    labels = [EdfSignal("1", samples[0], 100), EdfSignal("2", rng.normal(0, 20, 400 * RUN_S), 400)]
    stem = "sub-03_task-films"
    (folder / f"{stem}_eeg.edf").write_bytes(edf_bytes([*labels, EdfSignal("3", samples[1], 100)]))
    rows = ["name\ttype\tunits", "Fz\tEEG\tuV", "ARM\tEMG\tuV", "Pz\tEEG\tuV"]
    (folder / f"{stem}_channels.tsv").write_text("\n".join(rows))
    (folder / f"{stem}_events.tsv").write_text("onset\tduration\ttrial_type\n1\t2\tjoy\n")
    corpus = BidsConfig(channel_names="by_order")
    raw = corpus.read(corpus.discover(tree)[2])
    assert (raw.channels, raw.segments[0].sfreq, raw.passband_hz) == (("Fz", "Pz"), 100.0, (0.1, 50.0))
    np.testing.assert_allclose(raw.segments[0].eeg, samples, rtol=0, atol=0.51 * STEP_UV)


def test_a_table_that_lists_more_or_less_than_the_file_is_followed_as_far_as_it_goes(tree: Path, edit: Edit) -> None:
    edit(
        "*run-2_channels.tsv",
        "SKIN\tGSR\tS\tn/a\tn/a\tgood\n",
        "Status\tTRIG\tn/a\tn/a\tn/a\tgood\nX\tEEG\tV\t1\t2\tgood\n",
    )
    edit("*run-10_channels.tsv", "M1\tMISC\tµV\tn/a\tn/a\tgood\n", "")
    edit("*.vhdr", "=SKIN,", "=GSR1,")
    raw = read_first(tree)
    assert (raw.channels, raw.auxiliary) == (CHANNELS, {"LEFTEYE": "eog", "M1": "mastoid"})
    assert "channels.tsv names channels that the file does not have: Status, X" in raw.log


def test_channels_named_twice_in_channels_tsv_are_refused(tree: Path, edit: Edit) -> None:
    edit("*channels.tsv", "P4\t", "P3\t")
    with pytest.raises(RecordingError, match=r"run-2_eeg\.vhdr of subject 01 names 'P3' twice: correct it"):
        read_first(tree)


@pytest.mark.parametrize("lost", [".eeg", ".vmrk"])
def test_a_missing_data_file_is_listed_and_named_when_read(lost: str, tree: Path) -> None:
    name = f"sub-01_task-films_run-10_eeg{lost}"
    (tree / "sub-01" / "eeg" / name).unlink()
    corpus = BidsConfig()
    source, other = corpus.discover(tree)
    assert name in {path.name for path in source.files}
    with pytest.raises(RecordingError, match=rf"The file {name} of subject 01 is missing: put it where it belongs"):
        corpus.read(source)
    assert len(corpus.read(other).spans) == 4


def test_a_link_into_nowhere_is_a_missing_file(tree: Path) -> None:
    path = tree / "sub-01" / "eeg" / "sub-01_task-films_run-2_eeg.eeg"
    path.unlink()
    path.symlink_to("../../.git/annex/objects/not-fetched")
    with pytest.raises(RecordingError, match=r"run-2_eeg\.eeg of subject 01 is missing"):
        read_first(tree)


def test_events_in_milliseconds_are_refused_and_not_taken_for_a_short_recording(tree: Path, edit: Edit) -> None:
    edit("*_events.tsv", "\n1.5\t", "\n1500\t")
    edit("*_events.tsv", "\n6.0\t", "\n6000\t")
    with pytest.raises(RecordingError, match=r"3 of 4 trials in .*run-2_events\.tsv reach beyond .* which lasts 12 s"):
        read_first(tree)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conditions": ["sad"]}, r"sub-01 holds no trial among the rows .*\('joy' x4, 'fear' x4\): check"),
        ({"column": "emotion"}, r"run-2_events\.tsv of subject 01 has no column 'emotion': expected one of onset, dur"),
        ({"ratings": ["arousal"]}, r"has no column 'arousal': expected one of"),
        ({"ratings": ["trial_type"], "conditions": ["joy"]}, r"Line 3 of .* has 'joy' as trial_type: give a number"),
    ],
)
def test_options_that_name_what_is_not_there_are_answered_with_what_is(
    options: dict[str, object], message: str, written: tuple[Path, tuple[RecordingTruth, ...]]
) -> None:
    with pytest.raises(RecordingError, match=message):
        read_first(written[0], **options)


def test_a_run_whose_events_are_missing_is_not_left_out_without_a_word(tree: Path) -> None:
    events = tree / "sub-01" / "eeg" / "sub-01_task-films_run-2_events.tsv"
    head = events.read_text().splitlines()[0]
    events.unlink()
    with pytest.raises(
        RecordingError, match=r"run-2_eeg\.vhdr of subject 01 has no events\.tsv, and other runs of its"
    ):
        read_first(tree)
    # As the remedy says, for a run without a trial.
    events.write_text(f"{head}\n")
    raw = read_first(tree)
    assert [(span.trial, span.segment) for span in raw.spans] == [(1, 0), (2, 0)] and len(raw.segments) == 1


def test_the_runs_of_a_task_without_any_events_are_left_out_and_said(tree: Path) -> None:
    for path in (tree / "sub-01" / "eeg").glob("*run-2_*"):
        path.rename(path.with_name(path.name.replace("task-films", "task-rest")))
        if path.name.endswith("_events.tsv"):
            path.with_name(path.name.replace("task-films", "task-rest")).unlink()
    header = tree / "sub-01" / "eeg" / "sub-01_task-rest_run-2_eeg.vhdr"
    header.write_text(header.read_text().replace("task-films", "task-rest"))
    raw = read_first(tree)
    assert len(raw.segments) == 1
    assert "run left out, no events.tsv: sub-01_task-rest_run-2_eeg.vhdr" in raw.log


def test_one_run_in_two_formats_would_count_twice(tree: Path) -> None:
    (tree / "sub-01" / "eeg" / "sub-01_task-films_run-2_eeg.set").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"one run in two formats \(.*run-2_eeg\.set, .*run-2_eeg\.vhdr\): keep"):
        read_first(tree)


def test_the_more_specific_sidecar_counts(tree: Path) -> None:
    stem = tree / "sub-01" / "eeg" / "sub-01_task-films_run-10"
    Path(f"{stem}_eeg.json").write_text(json.dumps({"EEGReference": "average reference"}))
    assert read_first(tree).reference == "FCz or average"
    for broken in ("{", "[" * 100_000, "9" * 5000):
        Path(f"{stem}_eeg.json").write_text(broken)
        with pytest.raises(RecordingError, match=r"The sidecar sub-01_task-films_run-10_eeg\.json is no JSON text"):
            read_first(tree)


def test_events_inherited_from_the_root_hold_for_every_run(tree: Path) -> None:
    events = [*tree.rglob("*_events.tsv")]
    events[0].rename(tree / "task-films_events.tsv")
    for path in events[1:]:
        path.unlink()
    assert [len(BidsConfig().read(source).spans) for source in BidsConfig().discover(tree)] == [4, 4]


def test_derivatives_and_other_folders_are_no_subjects(tree: Path) -> None:
    shutil.copytree(tree / "sub-01", tree / "derivatives" / "clean" / "sub-01")
    (tree / "sub-01" / "anat").mkdir()
    assert len(BidsConfig().discover(tree)) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels_from": "participants"}, "needs the column that names the condition"),
        ({"labels_from": "task", "column": "x"}, "reads no table: remove 'column'"),
        ({"labels_from": "task", "task": "films"}, "the tasks are the conditions"),
        ({"labels_from": "participants", "column": "group", "trial_s": 2}, "makes each run one trial"),
        ({"labels_from": "task", "ratings": ["valence"]}, "makes each run one trial"),
        ({"trial_s": 0}, "greater than 0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BidsConfig.model_validate(options)


def test_an_event_may_end_with_the_files_last_sample(tree: Path, edit: Edit) -> None:
    edit("*_events.tsv", "11.0\t4\t", f"{RUN_S - 2.5}\t2.5\t")
    raw = read_first(tree)
    assert [span.start_s for span in raw.spans[:3]] == [1.5, 6.0, 9.5]
    assert raw.segments[0].eeg.shape[1] == RUN_S * SFREQ
