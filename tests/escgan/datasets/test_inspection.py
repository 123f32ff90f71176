"""What a folder is said to be, against folders whose content is known."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from escgan.datasets.inspection import inspect_folder, labels_for
from escgan.datasets.recognition import recognise
from escgan.datasets.simulated import SimulatedConfig
from escgan.errors import ConfigError, RecordingError
from escgan.labels import ConditionLabels
from tests.films import CHANNELS, ORDERS, write_films


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SimulatedConfig(n_subjects=3, n_trials=4).materialize(tmp_path_factory.mktemp("cohort"))


@pytest.fixture
def folder(cohort: Path, tmp_path: Path) -> Path:
    """The cohort's files alone, without the truth that tells a simulation from DEAP."""
    for path in sorted(cohort.glob("*.dat")):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def four_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of four trials pass for DEAP's."""
    from escgan.datasets import DATASETS, DeapConfig

    class Small(DeapConfig):
        n_trials: int = 4

    monkeypatch.setitem(DATASETS, "deap", Small)


def test_a_cohort_that_says_it_is_simulated_is_no_deap(cohort: Path, folder: Path) -> None:
    assert recognise(folder) == ("deap",)
    with pytest.raises(RecordingError, match="is a cohort that this program simulated"):
        recognise(cohort)


@pytest.mark.usefixtures("four_trials")
def test_every_recording_is_read_and_counted(folder: Path) -> None:
    found = inspect_folder(folder)
    assert (found.kind, found.sound, found.duplicates, found.unused) == ("deap", True, (), ())
    assert [one.name for one in found.recordings] == ["sub-01", "sub-02", "sub-03"]
    for one in found.recordings:
        assert (one.n_trials, one.n_channels, one.sfreq, one.minutes) == (4, 32, 128.0, 4.0)
        assert sum(count for _, count in one.classes) == 4
        assert one.megabytes == pytest.approx(one.files[0].stat().st_size / 1e6)


@pytest.mark.usefixtures("four_trials")
def test_a_named_pipe_in_a_files_place_costs_its_recording_and_is_not_waited_for(folder: Path) -> None:
    (folder / "s02.dat").unlink()
    os.mkfifo(folder / "s02.dat")
    found = {one.name: one.problem for one in inspect_folder(folder).recordings}
    expected = f"{folder / 's02.dat'} is a named pipe where a file is expected: put the file itself there."
    assert found == {"sub-01": None, "sub-02": expected, "sub-03": None}


def test_a_named_pipe_in_a_tables_place_is_not_waited_for(tmp_path: Path) -> None:
    folder = write_films(tmp_path / "films")
    table = next(folder.glob("*.csv"))
    table.unlink()
    os.mkfifo(table)
    with pytest.raises(RecordingError, match="is a named pipe where a file is expected"):
        inspect_folder(folder, "folder")
    with pytest.raises(RecordingError, match="is no corpus that is known"):
        inspect_folder(folder)


@pytest.mark.usefixtures("four_trials")
def test_a_link_that_leads_to_itself_is_a_file_that_is_missing_or_none(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    found = inspect_folder(folder)
    assert found.sound and found.unused == ()
    (folder / "s02.dat").unlink()
    (folder / "s02.dat").symlink_to("s02.dat")
    problems = [one.problem is None for one in inspect_folder(folder).recordings]
    assert problems == [True, False, True]


@pytest.mark.parametrize("kind", [None, "deap", "seed", "bids", "folder"])
def test_a_name_that_no_folder_can_have_is_one_of_none(kind: str | None, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="' does not exist"):
        inspect_folder(tmp_path / ("a" * 300), kind)


@pytest.mark.usefixtures("four_trials")
def test_what_the_published_corpus_has_beyond_is_named(folder: Path) -> None:
    missing = inspect_folder(folder).missing
    assert missing == tuple(f"sub-{i:02d}" for i in range(4, 33))


@pytest.mark.usefixtures("four_trials")
def test_a_broken_file_is_named_and_costs_only_itself(folder: Path) -> None:
    whole = (folder / "s02.dat").read_bytes()
    (folder / "s02.dat").write_bytes(whole[: len(whole) // 2])
    found = inspect_folder(folder)
    assert not found.sound
    assert [one.problem is None for one in found.recordings] == [True, False, True]
    assert "s02.dat of subject 02 is damaged" in str(found.recordings[1].problem)


@pytest.mark.usefixtures("four_trials")
def test_names_alone_are_fast_and_blind_to_damage(folder: Path) -> None:
    (folder / "s02.dat").write_bytes(b"broken")
    found = inspect_folder(folder, names_only=True)
    assert found.sound
    assert found.recordings[1].n_trials is None


@pytest.mark.usefixtures("four_trials")
def test_one_person_under_two_names_is_reported(folder: Path) -> None:
    shutil.copy(folder / "s01.dat", folder / "s07.dat")
    found = inspect_folder(folder)
    assert not found.sound
    (sentence,) = found.duplicates
    assert sentence.startswith("sub-01 and sub-07 hold the same signals (all trials: 1, 2, 3, 4)")


@pytest.mark.usefixtures("four_trials")
def test_files_that_belong_to_nothing_are_listed(folder: Path) -> None:
    (folder / "S03.dat.part").write_bytes(b"")
    (folder / "notes").mkdir()
    (folder / "notes" / "read me.txt").write_text("hello")
    (folder / ".hidden").write_text("")
    assert inspect_folder(folder).unused == (Path("S03.dat.part"), Path("notes/read me.txt"))


@pytest.mark.usefixtures("four_trials")
def test_progress_counts_every_recording(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    inspect_folder(folder, on_recording=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_that_is_nothing_known_says_where_to_look(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"is no corpus that is known by its file names: see `escgan datasets`"):
        inspect_folder(tmp_path)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist: check the path"):
        inspect_folder(tmp_path / "nowhere")


def test_a_corpus_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no corpus 'deep': expected one of .*deap"):
        inspect_folder(tmp_path, "deep")


def test_without_a_configuration_ones_own_conditions_are_counted(tmp_path: Path) -> None:
    found = inspect_folder(write_films(tmp_path / "films"))
    assert found.sound and all(dict(one.classes) == {"calm": 3, "fear": 2} for one in found.recordings)
    assert labels_for(tmp_path / "films", "folder") == {"kind": "classes", "classes": ["calm", "fear"]}


def test_classes_that_no_trial_has_are_told_with_the_conditions_that_there_are(tmp_path: Path) -> None:
    folder = write_films(tmp_path / "films")
    asked = ConditionLabels(classes=("anger", "fear"), others="drop")
    found = inspect_folder(folder, "folder", labels=asked)
    assert not found.sound and all(one.problem is None for one in found.recordings)
    (said,) = found.together
    assert "belongs to class 'anger'" in said and "the conditions 'calm' (9 trials), 'fear' (6 trials)" in said
    refused = inspect_folder(folder, "folder", labels=ConditionLabels(classes=("anger", "fear")))
    assert all("has condition 'calm', which is not among" in str(one.problem) for one in refused.recordings)
    assert inspect_folder(folder, "folder", labels=ConditionLabels(classes=("fear", "calm"))).sound


def test_electrodes_that_differ_are_told_and_another_order_is_not(tmp_path: Path) -> None:
    shuffled = write_films(tmp_path / "shuffled", ORDERS | {"2": [3, 0, 7, 5, 1, 2, 6, 4]})
    assert inspect_folder(shuffled).sound
    fewer = write_films(tmp_path / "fewer", ORDERS | {"3": range(7)})
    found = inspect_folder(fewer)
    assert not found.sound and found.together == (
        f"Recordings sub-1 and sub-3 differ in channels (sub-1 alone has {CHANNELS[7]}): give all recordings one "
        "montage (drop channels that not all of them have).",
    )


def test_labels_come_from_ratings_where_there_are_no_two_conditions(tmp_path: Path) -> None:
    folder = write_films(tmp_path / "films")
    table = folder / "trials.csv"
    head, *rows = table.read_text().splitlines()
    alike = [row.rpartition(",")[0] + ",film" for row in rows]
    table.write_text("\n".join([head, *alike]))
    with pytest.raises(ConfigError, match=r"have the condition 'film' \(15 trials\), and two classes are needed"):
        labels_for(folder, "folder")
    table.write_text("\n".join([f"{head},arousal", *(f"{row},{i % 9}" for i, row in enumerate(alike))]))
    labels = labels_for(folder, "folder")
    assert labels["rating"] == "arousal" and labels["names"] == ["low arousal", "high arousal"]
    table.write_text(f"{head}\n" + "\n".join(row.replace("S", "nowhere") for row in rows))
    with pytest.raises(RecordingError, match="can be read"):
        labels_for(folder, "folder")
