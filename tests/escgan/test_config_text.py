"""Commented configurations: read back they are the same, and nothing in them is left unexplained."""

from __future__ import annotations

import json

import pytest
import yaml

from escgan.augmenters import AUGMENTERS
from escgan.config import PipelineConfig, load_experiment, parse_config
from escgan.config_text import commented_yaml, full_schema, usual_config
from escgan.datasets import DATASETS
from escgan.errors import ConfigError
from escgan.studies import STUDIES
from tests.test_architecture import ROOT


@pytest.mark.parametrize("corpus", DATASETS)
def test_what_is_written_for_a_corpus_is_read_back_as_the_same(corpus, tmp_path):
    config = usual_config(corpus)
    path = tmp_path / "new.yaml"
    path.write_text(commented_yaml(config), encoding="utf-8")
    assert load_experiment(path) == (config, {})
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 160


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_configurations_survive_it_too(path):
    config, _ = load_experiment(path)
    assert parse_config(yaml.safe_load(commented_yaml(config))) == config


@pytest.mark.parametrize("kind", AUGMENTERS)
def test_every_augmenters_settings_survive_it(kind):
    changed = {"kind": kind, "name": "mine"} if kind not in ("none", "class_weight", "threshold") else {"kind": kind}
    config = parse_config({"dataset": "deap", "augmenters": [changed], "classifiers": [{"kind": "svm", "C": 3}]})
    text = commented_yaml(config)
    assert parse_config(yaml.safe_load(text)) == config and "C: 3" in text


def test_every_setting_stands_below_a_comment_and_choices_are_listed():
    lines = commented_yaml(usual_config("deap")).splitlines()
    for name in PipelineConfig.model_fields:
        (place,) = [i for i, line in enumerate(lines) if line.startswith(f"{name}:")]
        assert lines[place - 1].startswith("# ")
    text = " ".join(line.removeprefix("# ") for line in lines)
    assert all(kind in text for kind in AUGMENTERS) and "``" not in text and ":mod:" not in text


def test_a_corpus_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"dataset is 'deep', expected one of: amigos.*did you mean 'deap'"):
        usual_config("deep")


def undescribed(schema):
    """Every setting of a schema that says nothing of what it means, neither itself nor by its own schema."""
    groups = {"": schema, **schema["$defs"]}
    for group, own in groups.items():
        for name, setting in own.get("properties", {}).items():
            target = schema["$defs"].get(setting.get("$ref", "").rsplit("/", 1)[-1], {})
            if name != "kind" and "description" not in setting and "description" not in target:
                yield f"{group}.{name}"


def test_every_setting_of_the_schema_is_described():
    assert list(undescribed(full_schema())) == []


def test_the_schema_knows_the_studies_and_is_json():
    schema = json.loads(json.dumps(full_schema()))
    assert set(schema["properties"]["studies"]["properties"]) == set(STUDIES)
    assert schema["properties"]["studies"]["additionalProperties"] is False
