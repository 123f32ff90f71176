"""A Prefect server that cannot be used is told in one sentence, before anything is computed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from escgan.errors import ConfigError
from flows.environment import prepare_prefect
from flows.server import refuse_pool_without_server, trouble_with
from tests.flows.conftest import SMALL


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, None), (401, "asks for a password"), (404, "answers 404"), (500, "answers 500")],
)
def test_what_a_server_answers_is_told(one_answer, status, said):
    url, answer = one_answer
    answer(status)
    trouble = trouble_with(url)
    assert trouble is None if said is None else trouble.said == f"{url} {said}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/api", "does not answer (ConnectError)"),
        ("http://no-such-host.invalid/api", "does not answer (ConnectError)"),
        ("nonsense", "is no address of a server"),
        ("ftp://somewhere/api", "is no address of a server"),
        ("http://[x/api", "is no address of a server"),
    ],
)
def test_an_address_without_a_server_is_told_apart_from_what_is_none(url, said):
    assert trouble_with(url).said == f"{url} {said}"


@pytest.mark.parametrize("command", ["run", "setup-automations"])
def test_commands_end_with_one_sentence_where_the_server_is_away(command, escgan, monkeypatch, tmp_path):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SMALL | {"dataset": {"kind": "simulated"}}))
    arguments = [tmp_path / "small.yaml", "--root", tmp_path / "store"] if command == "run" else []
    code, _, said = escgan(command, *arguments)
    assert code == 2 and said.splitlines()[-1] == (
        "escgan: Prefect server: http://127.0.0.1:9/api does not answer (ConnectError): start it (`make server`), or "
        "unset PREFECT_API_URL to run without."
    )


@pytest.mark.parametrize(
    ("name", "value"), [("PREFECT_API_URL", "http://[x/api"), ("PREFECT_CLIENT_MAX_RETRIES", "many")]
)
@pytest.mark.parametrize("command", [["demo", "--root", "store"], ["setup-automations"], ["doctor"]])
def test_a_setting_that_prefect_refuses_is_told(name, value, command, tmp_path):
    # Prefect looks at its settings once, where it is imported.
    env = {"PREFECT_API_URL": "http://127.0.0.1:9/api"} | os.environ | {name: value}
    ended = subprocess.run(
        [sys.executable, "-m", "flows.cli", *command],
        env=env | {"PYTHONPATH": os.getcwd()}, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert "Prefect refuses its settings" in ended.stdout + ended.stderr and name in ended.stdout + ended.stderr


def test_a_pool_without_a_server_is_refused_unless_a_profile_may_name_one(monkeypatch):
    monkeypatch.delenv("PREFECT_HOME", raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "")
    refuse_pool_without_server(None)
    with pytest.raises(ConfigError, match=r"^gpu_pool 'gpu' needs a Prefect server .* set PREFECT_API_URL\.$"):
        refuse_pool_without_server("gpu")
    monkeypatch.setenv("PREFECT_HOME", "/home/me/.prefect")
    refuse_pool_without_server("gpu")
    monkeypatch.delenv("PREFECT_HOME")
    monkeypatch.setenv("PREFECT_API_URL", "http://lab:4200/api")
    refuse_pool_without_server("gpu")


def test_an_empty_address_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr("os.environ", own := {"PREFECT_API_URL": ""})
    prepare_prefect(tmp_path / "store")
    assert "PREFECT_API_URL" not in own and own["PREFECT_HOME"] == str(tmp_path / "store" / "prefect")
