"""What a folder is said to be, against folders whose content is known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from escgan.datasets.inspection import inspect_folder, recognise
from escgan.datasets.simulated import SimulatedConfig
from escgan.errors import ConfigError, RecordingError


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
