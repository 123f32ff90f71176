"""Values of any shape are a configuration, or a manifest, or refused in one sentence."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from escgan.config import PipelineConfig, parse_config
from escgan.datasets import DATASETS
from escgan.errors import ConfigError
from storage.digest import digest_content, digest_json
from storage.errors import ArtifactCorrupt
from storage.manifest import FileEntry, Manifest
from tests.fuzz.conftest import THOROUGH
from tests.fuzz.mutations import WORDS

plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
    | st.binary(max_size=4)
)
keys = st.sampled_from([*PipelineConfig.model_fields, "kind", "bands", "threshold", "names"]) | st.text(max_size=5)
values = st.recursive(
    plain, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(keys, inside, max_size=4), max_leaves=12
)
settings_of = st.fixed_dictionaries(
    {
        "dataset": st.sampled_from(list(DATASETS)) | values,
        "augmenters": st.just(["none"]) | values,
        "classifiers": st.just(["logistic"]) | values,
    },
    optional={
        name: values for name in PipelineConfig.model_fields if name not in ("dataset", "augmenters", "classifiers")
    },
)
DIGEST = "0" * 64
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(WORDS),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)


def check_config(given_values: Any) -> None:
    try:
        config = parse_config(given_values)
    except ConfigError as error:
        assert str(error).isprintable() and len(str(error)) <= 1000
        return
    text = config.to_yaml()
    again = parse_config(yaml.safe_load(text))
    assert again == config and again.to_yaml() == text


@given(settings_of)
def test_any_values_are_a_configuration_or_refused(given_values: dict[str, Any]) -> None:
    check_config(given_values)


@pytest.mark.fuzz
@settings(max_examples=THOROUGH)
@given(settings_of | values)
def test_thousands_of_values_are_a_configuration_or_refused(given_values: Any) -> None:
    check_config(given_values)


def check_manifest(content: dict[str, Any], seal: bool) -> None:
    if seal:
        content = {**content, "manifest_sha256": digest_json(content)}
    text = (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode("ascii")
    try:
        manifest = Manifest.parse(text, "manifest.json")
    except ArtifactCorrupt as error:
        assert len(str(error).splitlines()) == 1
        return
    for name in manifest.files:
        assert PurePosixPath(name).name == name and name not in (".", "..")


whole = {"stage": "features", "key": DIGEST, "digest": digest_content({}), "files": {}, "format": 1}
names = st.sampled_from([word for word in WORDS if len(word) < 100]) | st.text(max_size=8)
entries = st.fixed_dictionaries({"bytes": json_values, "sha256": json_values | st.just(DIGEST)}) | json_values
manifests = st.builds(
    lambda files, changed: whole | {"files": files} | changed,
    st.dictionaries(names, entries, max_size=3) | json_values,
    st.dictionaries(st.sampled_from([*Manifest.__dataclass_fields__, "other"]), json_values, max_size=2),
)


@given(manifests, st.booleans())
def test_any_sealed_or_unsealed_json_is_a_manifest_of_plain_names_or_corrupt(
    content: dict[str, Any], seal: bool
) -> None:
    check_manifest(content, seal)


@given(st.dictionaries(names, st.just(DIGEST), min_size=1, max_size=3))
def test_a_manifest_that_is_right_in_all_but_its_names_leads_nowhere(files: dict[str, str]) -> None:
    listed = {name: {"bytes": 1, "sha256": digest} for name, digest in files.items()}
    check_manifest(whole | {"files": listed, "digest": digest_content(files)}, seal=True)


@pytest.mark.fuzz
@settings(max_examples=THOROUGH)
@given(manifests, st.booleans())
def test_thousands_of_sealed_or_unsealed_json_are_manifests_or_corrupt(content: dict[str, Any], seal: bool) -> None:
    check_manifest(content, seal)


def test_the_manifest_that_is_damaged_here_is_one() -> None:
    # Without this, the tests above could be of refusals only.
    files = {"a.h5": DIGEST}
    text = Manifest(stage="features", key=DIGEST, files={"a.h5": FileEntry(1, DIGEST)}, digest=digest_content(files))
    assert list(Manifest.parse(text.render(), "manifest.json").files) == ["a.h5"]
