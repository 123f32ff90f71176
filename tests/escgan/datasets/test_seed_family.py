"""What the SEED corpora share, and that none of their folders is taken for another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from escgan.datasets.corpus import Corpus
from escgan.datasets.seed import SeedConfig
from escgan.datasets.seed_family import ELECTRODES, SEED_CONDITIONS, SEED_FILM_S, SEED_LABELS, dated_files
from escgan.datasets.seed_features import SeedFeaturesConfig
from escgan.datasets.seed_iv import SeedIvConfig
from escgan.datasets.seed_iv_features import SeedIvFeaturesConfig
from escgan.errors import RecordingError
from escgan.montage import canonical_name, grid_cell

OWNERS_ORDER = (
    "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 C6 T8 "
    "TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 OZ O2 CB2"
)
DAY = "1_20131027.mat"
TREES = {
    "seed": ("Preprocessed_EEG/" + DAY, "Preprocessed_EEG/label.mat"),
    "seed_features": ("ExtractedFeatures/" + DAY, "ExtractedFeatures/label.mat"),
    "seed_iv": ("eeg_raw_data/1/" + DAY, "eeg_raw_data/2/" + DAY, "eye_raw_data/1_20131027_blink.mat"),
    "seed_iv_features": ("eeg_feature_smooth/1/" + DAY, "eye_feature_smooth/1/" + DAY),
}
CORPORA: dict[str, type[Corpus]] = {
    "seed": SeedConfig,
    "seed_features": SeedFeaturesConfig,
    "seed_iv": SeedIvConfig,
    "seed_iv_features": SeedIvFeaturesConfig,
}


def _touch(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _accepts(kind: str, folder: Path) -> bool:
    try:
        return bool(CORPORA[kind]().discover(folder))
    except RecordingError as error:
        assert "give the folder with" in str(error)
        return False


def test_the_electrodes_are_the_owners_with_a_cell_of_the_scalp_grid_each() -> None:
    assert tuple(canonical_name(name) for name in OWNERS_ORDER.split()) == ELECTRODES
    assert len({grid_cell(name) for name in ELECTRODES}) == 62


def test_five_films_of_each_class_are_shown() -> None:
    names = [SEED_CONDITIONS[label] for label in SEED_LABELS]
    assert {name: names.count(name) for name in names} == {"positive": 5, "neutral": 5, "negative": 5}
    assert sum(SEED_FILM_S) == 3394


@pytest.mark.parametrize("kind", CORPORA)
@pytest.mark.parametrize("tree", TREES)
def test_only_its_own_corpus_accepts_a_tree_and_each_of_its_folders(kind: str, tree: str, tmp_path: Path) -> None:
    _touch(tmp_path, TREES[tree])
    main = tmp_path / Path(TREES[tree][0]).parts[0]
    for folder in (tmp_path, main):
        assert _accepts(kind, folder) == (kind == tree)
    for folder in [path for path in tmp_path.rglob("*") if path.is_dir() and path != main]:
        assert not _accepts(kind, folder)


@pytest.mark.parametrize("kind", CORPORA)
def test_the_working_directory_and_a_link_are_known_by_what_they_are_called(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path, TREES[kind])
    main = tmp_path / Path(TREES[kind][0]).parts[0]
    (tmp_path / "data").symlink_to(main)
    assert _accepts(kind, tmp_path / "data")
    monkeypatch.chdir(main)
    assert _accepts(kind, Path())


def test_a_folder_of_both_forms_of_seed_is_either(tmp_path: Path) -> None:
    _touch(tmp_path, TREES["seed"] + TREES["seed_features"])
    assert [kind for kind in CORPORA if _accepts(kind, tmp_path)] == ["seed", "seed_features"]


def test_a_signal_folder_may_have_a_name_of_the_users_own(tmp_path: Path) -> None:
    _touch(tmp_path / "mine", (DAY, "label.mat"))
    _touch(tmp_path / "theirs", ("1/" + DAY,))
    assert [kind for kind in CORPORA if _accepts(kind, tmp_path / "mine")] == ["seed"]
    assert [kind for kind in CORPORA if _accepts(kind, tmp_path / "theirs")] == ["seed_iv"]


def test_files_are_sorted_by_number_and_by_day_and_others_are_left_alone(tmp_path: Path) -> None:
    others = (
        "1_20131027.mat.bak",
        "1_20131340.mat",
        "1_2013127.mat",
        "._3_20131027.mat",
        "label.mat",
        "x_20131027.mat",
    )
    _touch(
        tmp_path, ("10_20131130.mat", "2_20140404.mat", "1_20131107.mat", "1_20131027.mat", "1_20131030.mat", *others)
    )
    assert [(file.subject, file.day.isoformat()) for file in dated_files(tmp_path)] == [
        ("1", "2013-10-27"),
        ("1", "2013-10-30"),
        ("1", "2013-11-07"),
        ("2", "2014-04-04"),
        ("10", "2013-11-30"),
    ]
    assert dated_files(tmp_path / "nowhere") == ()
