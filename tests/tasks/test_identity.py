import os
from pathlib import Path

import numpy as np
import pytest

from escgan.errors import RecordingError
from escgan.evaluation.scarcity import Scarcity
from escgan.features import FeatureConfig
from escgan.recording import RecordingSource
from storage.digest import digest_json
from storage.manifest import ArtifactRef
from tasks.identity import identity, inputs_of, settings_of
from tasks.sides import TrainingSide

REF = ArtifactRef("features", "abcd0123", "00" * 32)


def test_moving_or_touching_a_recordings_files_changes_nothing(tmp_path):
    first = tmp_path / "a" / "s01.dat"
    second = tmp_path / "b" / "s01.dat"
    for path in (first, second):
        path.parent.mkdir()
        path.write_bytes(b"the same samples")
    os.utime(second, (1, 1))
    assert identity(RecordingSource("01", "1", (first,))) == identity(RecordingSource("01", "1", (second,)))


def test_one_changed_byte_changes_a_recordings_identity(tmp_path):
    path = tmp_path / "s01.dat"
    path.write_bytes(b"samples")
    before = identity(RecordingSource("01", "1", (path,)))
    path.write_bytes(b"sampleS")
    assert identity(RecordingSource("01", "1", (path,))) != before


def test_a_named_pipe_among_a_recordings_files_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "s01.dat")
    with pytest.raises(RecordingError, match="is a named pipe where a file is expected"):
        identity(RecordingSource("01", "1", (tmp_path / "s01.dat",)))


@pytest.mark.parametrize("changed", ["1/session.xml", "2/session.xml"])
def test_files_of_one_name_all_count_and_may_be_moved_together(tmp_path, changed):
    def source(folder):
        names = ("1/film.bdf", "1/session.xml", "2/other.bdf", "2/session.xml")
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
        return RecordingSource("01", "1", tuple(folder / name for name in names))

    here, there = source(tmp_path / "here"), source(tmp_path / "there")
    assert identity(here) == identity(there) and inputs_of(here) == inputs_of(there)
    assert len({each["file"] for each in inputs_of(here)}) == 4
    (tmp_path / "there" / changed).write_bytes(b"another rating")
    assert identity(here) != identity(there)


def test_an_artifact_counts_by_content_not_by_key():
    assert identity(ArtifactRef("features", "aa", "dd")) == identity(ArtifactRef("features", "bb", "dd"))
    assert identity(ArtifactRef("features", "aa", "dd")) != identity(ArtifactRef("features", "aa", "ee"))


def test_every_setting_counts():
    assert digest_json(identity(FeatureConfig(window_s=1))) != digest_json(identity(FeatureConfig(window_s=2)))
    assert digest_json(identity(FeatureConfig(window_s=1))) == digest_json(identity(FeatureConfig(window_s=1.0)))


@pytest.mark.parametrize("value", [np.zeros(3), Path("x"), object()])
def test_a_value_without_agreed_content_is_refused(value):
    with pytest.raises(TypeError, match="cannot enter a cache key"):
        identity((1, [value]))


def test_inputs_are_found_however_deep_they_stand():
    ref = ArtifactRef("features", "aa", "dd")
    assert inputs_of((1, [("sub-01", ref)], {"x": ref}, None)) == [
        {"stage": "features", "key": "aa", "digest": "dd"},
        {"stage": "features", "key": "aa", "digest": "dd"},
    ]


def test_a_file_that_cannot_be_read_is_a_matter_of_its_recording(tmp_path):
    source = RecordingSource("04", "1", (tmp_path / "s04.dat",))
    for ask in (identity, inputs_of):
        with pytest.raises(RecordingError, match=r"The file s04\.dat of subject 04 cannot be read \(No such file"):
            ask(source)


def test_a_manifest_tells_settings_and_leaves_artifacts_to_its_inputs():
    scarcity = Scarcity(label="joy", keep=0.1)
    side = TrainingSide((REF,), None, scarcity)
    assert settings_of(side) == {"scarcity": {"label": "joy", "keep": 0.1, "seed": 0}}
    assert settings_of(TrainingSide((REF,))) is None and settings_of(REF) is None
    assert settings_of(scarcity) == scarcity.model_dump() and settings_of(3) == 3
