import dataclasses
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from storage.digest import digest_content, digest_json
from storage.errors import ArtifactCorrupt, StorageError
from storage.manifest import ArtifactRef, FileEntry, Manifest, check_file_name, check_names

DIGEST = hashlib.sha256(b"abc").hexdigest()
MANIFEST = Manifest(
    stage="features",
    key="0123abcd",
    unit="sub-03",
    config={"bands": {"theta": [4.0, 8.0]}, "name": "α"},
    inputs=[{"stage": "recording", "key": "99887766", "digest": "1" * 64}],
    files={"de.h5": FileEntry(3, DIGEST)},
    digest=digest_content({"de.h5": DIGEST}),
    versions={"numpy": "2.4.6"},
    device="cpu",
    wall_s=1.25,
    peak_memory_mb=100.5,
    created="2026-01-02T03:04:05.000006+00:00",
    extra={"timings": {"read_s": 0.1}},
)


# The disk of a busy machine may take its time.
patient = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a manifest's file, to be overwritten at will, and its original bytes."""
    path = tmp_path_factory.mktemp("manifest") / "manifest.json"
    MANIFEST.write(path)
    return path, path.read_bytes()


def test_a_manifest_reads_back_as_it_was_written(tmp_path):
    MANIFEST.write(tmp_path / "manifest.json")
    assert Manifest.read(tmp_path / "manifest.json") == MANIFEST


def test_a_manifest_is_private_json_sealed_by_its_own_digest(tmp_path):
    path = tmp_path / "manifest.json"
    MANIFEST.write(path)
    value = json.loads(path.read_text())
    seal = value.pop("manifest_sha256")
    assert path.stat().st_mode & 0o777 == 0o600
    assert seal == digest_json(value)
    assert value["files"] == {"de.h5": {"bytes": 3, "sha256": DIGEST}}


@patient
@given(data=st.data(), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(written, data, flip):
    path, original = written
    content = bytearray(original)
    content[data.draw(st.integers(0, len(content) - 1))] ^= flip
    path.write_bytes(content)
    with pytest.raises(ArtifactCorrupt):
        Manifest.read(path)


@patient
@given(data=st.data())
def test_any_truncation_is_noticed(written, data):
    path, original = written
    path.write_bytes(original[: data.draw(st.integers(0, len(original) - 1))])
    with pytest.raises(ArtifactCorrupt):
        Manifest.read(path)


@patient
@given(content=st.one_of(st.binary(), st.text().map(str.encode), st.from_regex(rb"[\[\]{}:,\"0-9]*")))
def test_arbitrary_bytes_are_no_manifest(written, content):
    path, _ = written
    path.write_bytes(content)
    with pytest.raises(ArtifactCorrupt):
        Manifest.read(path)


def test_a_missing_manifest_is_told_with_its_path(tmp_path):
    with pytest.raises(ArtifactCorrupt, match=r"manifest\.json.*run again"):
        Manifest.read(tmp_path / "manifest.json")


@pytest.mark.parametrize("name", ["../escape", "a/b", "..", ".hidden", "manifest.json", "", "a\\b", "a\nb"])
def test_a_well_sealed_manifest_with_a_bad_file_name_is_refused(tmp_path, name):
    files = {name: FileEntry(3, DIGEST)}
    bad = dataclasses.replace(MANIFEST, files=files, digest=digest_content({name: DIGEST}))
    bad.write(tmp_path / "manifest.json")
    with pytest.raises(ArtifactCorrupt):
        Manifest.read(tmp_path / "manifest.json")


def test_a_well_sealed_manifest_whose_digest_is_not_its_files_is_refused(tmp_path):
    dataclasses.replace(MANIFEST, digest="0" * 64).write(tmp_path / "manifest.json")
    with pytest.raises(ArtifactCorrupt, match="contradicts"):
        Manifest.read(tmp_path / "manifest.json")


def test_a_manifest_of_another_format_is_refused(tmp_path):
    dataclasses.replace(MANIFEST, format=2).write(tmp_path / "manifest.json")
    with pytest.raises(ArtifactCorrupt, match="format 2"):
        Manifest.read(tmp_path / "manifest.json")


def test_a_reference_passes_through_json_and_pydantic():
    ref = MANIFEST.ref
    value = json.loads(json.dumps(dataclasses.asdict(ref)))
    assert TypeAdapter(ArtifactRef).validate_python(value) == ref


def test_a_manifest_sums_its_files():
    assert MANIFEST.bytes == 3


@pytest.mark.parametrize("stage", ["", "Features", "1a", "../a", "a/b", ".a", "a b", "a\n", None])
def test_a_stage_that_is_no_plain_word_is_refused(stage):
    with pytest.raises(StorageError, match="no stage name"):
        check_names(stage, "0123abcd")


@pytest.mark.parametrize("key", ["", "0123abc", "0" * 65, "0123ABCD", "../01234", "0123abcg", "01234567\n", None])
def test_a_key_that_is_not_hexadecimal_is_refused(key):
    with pytest.raises(StorageError, match="no key"):
        check_names("features", key)


@pytest.mark.parametrize("name", ["features.h5", "a", "x-1_2.parquet", "with space.txt", "α.txt", "a..b"])
def test_a_plain_file_name_is_accepted(name):
    check_file_name(name)
