"""What `escgan datasets` and `inspect` answer to a script."""

from __future__ import annotations

from typing import Any

from escgan.datasets import DATASETS, Corpus
from escgan.datasets.found import Found
from escgan.datasets.inspection import Inspection

_FACTS = ("title", "expects", "licence", "access", "citation", "note")


def datasets_document() -> dict[str, Any]:
    """Return every corpus: what it is, which files it must have, its terms, and where to get it."""
    return {"datasets": [_facts(kind, corpus) for kind, corpus in DATASETS.items()]}


def dataset_document(kind: str, corpus: type[Corpus], usual: dict[str, str]) -> dict[str, Any]:
    """Return everything about one corpus: its facts, what a configuration that only names it does, its options."""
    defaults = corpus.model_validate({}).model_dump(mode="json")
    options = {
        name: {"description": " ".join((field.description or "").split()), "default": defaults[name]}
        for name, field in corpus.model_fields.items()
        if name != "kind"
    }
    return _facts(kind, corpus) | {"usual": usual, "options": options}


def inspection_document(result: Inspection) -> dict[str, Any]:
    """Return what a folder holds, and what is missing or broken."""
    return {
        "kind": result.kind,
        "also": result.also,
        "sound": result.sound,
        "recordings": [_recording(found) for found in result.recordings],
        "missing": result.missing,
        "unused": result.unused,
        "duplicates": result.duplicates,
        "together": result.together,
    }


def _facts(kind: str, corpus: type[Corpus]) -> dict[str, Any]:
    return {"kind": kind} | {name: getattr(corpus, name) for name in _FACTS}


def _recording(found: Found) -> dict[str, Any]:
    numbers = {name: getattr(found, name) for name in ("megabytes", "n_trials", "n_channels", "minutes")}
    told = {"name": found.name, "files": found.files, "problem": found.problem, **numbers, "sfreq_hz": found.sfreq}
    return told | {"classes": dict(found.classes), "log": found.log}
