"""Each exit code that docs/exit-codes.md describes is what happens."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import yaml

from flows.exit_codes import EXIT_CODES
from tests.flows.conftest import SMALL

PAGE = Path(__file__).parents[2] / "docs" / "exit-codes.md"
# Signals reach processes of their own only: tests/flows/test_interrupt.py sends them.
BY_SIGNAL = {130, 143}


def version(escgan, **_):
    return escgan("--version")


def defect(escgan, store_copy, monkeypatch, **_):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("flows.pipeline.pipeline", broken)
    return escgan("demo", "--root", store_copy)


def unknown_option(escgan, **_):
    return escgan("runs", "--sort")


def no_such_configuration(escgan, **_):
    return escgan("config", "validate", "nowhere.yaml")


def no_such_folder(escgan, **_):
    return escgan("inspect", "nowhere")


def no_such_artifact(escgan, store_copy, **_):
    return escgan("artifacts", "show", "ffffffffffff", "--root", store_copy)


def damaged_artifact(escgan, store_copy, **_):
    next(store_copy.glob("artifacts/train/*/generator.safetensors")).write_bytes(b"cut")
    return escgan("artifacts", "verify", "--root", store_copy)


def diverging(escgan, store_copy, cohort, tmp_path, **_):
    gan = {"kind": "escgan", "network": {"hidden": 2}, "training": {"epochs": 2, "learning_rate": 1e30}}
    (tmp_path / "wild.yaml").write_text(yaml.safe_dump(SMALL | {"augmenters": ["none", gan]}))
    return escgan("run", tmp_path / "wild.yaml", "--data", cohort, "--root", store_copy, "--device", "cpu")


def other_bytes(escgan, store_copy, monkeypatch, **_):
    # Whole runs that come out otherwise are those of tests/flows/test_reproducing.py.
    monkeypatch.setattr("flows.reproducing.reproduced", lambda *_, **__: False)
    return escgan("reproduce", "small", "--root", store_copy)


CASES = [
    (0, version, ""),
    (1, defect, "unexpected ZeroDivisionError"),
    (2, unknown_option, "No such option"),
    (2, no_such_configuration, "cannot be read"),
    (3, no_such_folder, "does not exist"),
    (4, no_such_artifact, "see `escgan artifacts list`"),
    (4, damaged_artifact, ""),
    (5, diverging, "lower training.learning_rate"),
    (6, other_bytes, ""),
]


@pytest.mark.parametrize(("code", "happening", "said"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_each_code_is_what_happens(
    code, happening, said, escgan, prefect_api, store_copy, cohort, tmp_path, monkeypatch
):
    got, _, errors = happening(
        escgan=escgan, store_copy=store_copy, cohort=cohort, tmp_path=tmp_path, monkeypatch=monkeypatch
    )
    assert got == code, errors
    assert said in errors and "Traceback" not in errors


def test_the_page_describes_every_code_and_no_other():
    described = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)]
    assert described == list(EXIT_CODES)
    assert {code for code, *_ in CASES} | BY_SIGNAL == set(described)


def test_saying_no_to_a_question_is_no_success(escgan, store_copy, monkeypatch):
    from storage.store import Store

    monkeypatch.setattr("builtins.input", lambda *_: "n")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    key = Store(store_copy).list("report")[0].key
    code, _, _ = escgan("artifacts", "remove", key, "--root", store_copy)
    assert code == 1 and Store(store_copy).list("report")
