"""A configuration as commented YAML: every setting with its value and what it means, to be changed by hand."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter

from escgan.augmenters import AUGMENTERS
from escgan.classifiers import CLASSIFIERS
from escgan.config import PipelineConfig, parse_config
from escgan.datasets import DATASETS
from escgan.datasets.own_recordings import OwnRecordings
from escgan.evaluation.protocols import PROTOCOLS
from escgan.features.smoothing import SMOOTHING
from escgan.labels import LABELS
from escgan.preprocessing import PREPROCESSORS
from escgan.studies import STUDIES

_WIDTH = 116
_CHOICES: Mapping[str, Sequence[str]] = {
    "dataset": tuple(DATASETS),
    "preprocessing": tuple(PREPROCESSORS),
    "labels": tuple(LABELS),
    "smoothing": tuple(SMOOTHING),
    "protocol": tuple(PROTOCOLS),
    "augmenters": tuple(AUGMENTERS),
    "classifiers": tuple(CLASSIFIERS),
}


EXAMPLE_CONDITIONS = ("happy", "sad")
"""What stands for the conditions of recordings of one's own as long as they are not known."""


def has_own_conditions(corpus: str) -> bool:
    """Whether a corpus is somebody's own recordings, whose conditions nobody else knows."""
    return corpus in DATASETS and issubclass(DATASETS[corpus], OwnRecordings)


def usual_config(corpus: str, labels: Mapping[str, Any] | None = None) -> PipelineConfig:
    """Return what is usual for a corpus: its own treatment, the simple rivals and ESC-GAN, a linear and a deep network.

    Parameters
    ----------
    corpus
        Its kind.
    labels
        The classes. When not given they are the corpus' usual ones, and examples for recordings of one's own.

    Raises
    ------
    ConfigError
        There is no such corpus.
    """
    if labels is None and has_own_conditions(corpus):
        labels = {"kind": "classes", "classes": list(EXAMPLE_CONDITIONS), "others": "drop"}
    return parse_config(
        {
            "name": corpus,
            "dataset": corpus,
            **({"labels": dict(labels)} if labels is not None else {}),
            "augmenters": ["none", "class_weight", "threshold", "smote", {"kind": "escgan", "preset": "cross_subject"}],
            "classifiers": ["logistic", "cnn"],
        },
        f"escgan config new {corpus}",
    )


def commented_yaml(config: PipelineConfig) -> str:
    """Write a configuration with every setting, each below a comment that says what it means.

    What is read back from it is the same configuration.
    """
    head = [
        f"# {config.dataset.title}: {config.dataset.access}.",
        f"# Run: escgan run FILE --data DIR, the folder with {config.dataset.expects}.",
    ]
    lines = [wrapped for line in head for wrapped in _comment(line.removeprefix("# "), 0)]
    for name in type(config).model_fields:
        lines += ["", *_setting(config, name, 0)]
    return "\n".join(lines) + "\n"


def full_schema() -> dict[str, Any]:
    """Return the JSON schema of configuration files, their section of studies too, for editors that check YAML."""
    schema = PipelineConfig.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    studies = {}
    for kind, study in STUDIES.items():
        own = study.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(own.pop("$defs", {}))
        own["properties"].pop("kind", None)
        own["required"] = [name for name in own.get("required", []) if name != "kind"]
        studies[kind] = own
    schema["properties"]["studies"] = {
        "type": "object",
        "description": "Options of `escgan study`, by the study.",
        "properties": studies,
        "additionalProperties": False,
    }
    schema["title"] = "escgan configuration"
    return schema


def _setting(owner: BaseModel, name: str, depth: int) -> Iterator[str]:
    field = type(owner).model_fields[name]
    value = getattr(owner, name)
    if name == "name" and depth and value is None:
        return
    told = _plain(field.description or "")
    if not all(choice in told for choice in _CHOICES.get(name, ())):
        told = f"{told.rstrip('.')}. One of: {', '.join(_CHOICES[name])}."
    if told:
        yield from _comment(told, depth)
    yield from _value(name, value, depth)


def _value(name: str, value: Any, depth: int) -> Iterator[str]:
    margin = "  " * depth
    if isinstance(value, BaseModel):
        own = list(type(value).model_fields)
        if own == ["kind"]:
            yield f"{margin}{name}: {value.kind}"  # type: ignore[attr-defined]
            return
        yield f"{margin}{name}:"
        for field in own:
            yield from _setting(value, field, depth + 1)
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        yield f"{margin}{name}:"
        for item in value:
            yield from _item(item, depth + 1)
    elif dataclasses.is_dataclass(value):
        yield f"{margin}{name}:"
        described = TypeAdapter(type(value)).json_schema()["properties"]
        for own_name in (each.name for each in dataclasses.fields(value)):
            yield from _comment(_plain(described[own_name].get("description", "")), depth + 1)
            yield f"{margin}  {own_name}: {_inline(getattr(value, own_name))}"
    else:
        yield f"{margin}{name}: {_inline(value)}"


def _item(item: BaseModel, depth: int) -> Iterator[str]:
    """Write a list's entry: its kind alone where nothing else was said, and otherwise what was, a setting a line."""
    margin = "  " * depth
    if "kind" not in type(item).model_fields:
        yield f"{margin}- {_inline(item)}"
        return
    said = [name for name in type(item).model_fields if name != "kind" and name in item.model_fields_set]
    kind = item.kind  # type: ignore[attr-defined]
    if not said:
        yield f"{margin}- {kind}"
        return
    yield f"{margin}- kind: {kind}"
    for name in said:
        yield from _setting(item, name, depth + 1)


def _inline(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif isinstance(value, tuple):
        value = list(value)
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _comment(text: str, depth: int) -> list[str]:
    margin = "  " * depth + "# "
    return textwrap.wrap(text, _WIDTH, initial_indent=margin, subsequent_indent=margin)


def _plain(text: str) -> str:
    """Take the markup out of a docstring."""
    text = re.sub(r":\w+:`~?([^`]*)`", lambda match: match[1].rsplit(".", 1)[-1], text)
    return " ".join(text.replace("``", "").split())
