"""Completion, asked for as a shell does: by environment variables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from escgan.datasets import DATASETS
from escgan.studies import STUDIES
from flows import completing
from flows.names import CORPUS_NAMES, STAGES, STORED_STAGES, STUDY_NAMES

REPOSITORY = Path(__file__).parents[2]
STAGE_NAMES = [stage.value for stage in STAGES]
ID = "3f2a91c0" * 4
# The shell is the one that is named, not the one around the tests.
NAMED_SHELL = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with configurations and a store that remembers two runs and one artifact."""
    (tmp_path / "configs" / "studies").mkdir(parents=True)
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "configs" / "deap.yaml").touch()
    (tmp_path / "configs" / "notes.txt").touch()
    for root, names in (("store", ("eegmat", "small")), ("elsewhere", ("other",))):
        runs = tmp_path / root / "runs"
        runs.mkdir(parents=True)
        for number, name in enumerate(names):
            (runs / f"{number}.json").write_text(json.dumps({"name": name}))
        (runs / "cut.json").write_text("{")
    (tmp_path / "store" / "artifacts" / "train" / ID).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complete(*words, shell="bash"):
    """What a shell is offered for the last of the words."""
    asked = {"_ESCGAN_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        asked |= {"COMP_WORDS": " ".join(("escgan", *words)), "COMP_CWORD": str(len(words))}
    else:
        asked |= {"_TYPER_COMPLETE_ARGS": " ".join(("escgan", *words)), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(
        [sys.executable, "-m", "flows.entry"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | asked,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["prof"], ["profile"]),
        (["artifacts", "re"], ["remove"]),
        (["run", "--gpu"], ["--gpu-pool"]),
        (["run", "mine.yaml", "--only", "ev"], ["evaluate"]),
        (["artifacts", "list", "--stage", "t"], ["train"]),
        (["datasets", "deap"], ["deap", "deap_original"]),
        (["study", "learn"], ["learning-curve"]),
        (["run", ""], ["configs/deap.yaml", "mine.yaml"]),
        (["run", "configs/d"], ["configs/deap.yaml"]),
        (["run", "./m"], ["./mine.yaml"]),
        (["run", "mine.yaml", "--using", ""], ["eegmat", "small"]),
        (["profile", "--root", "elsewhere", ""], ["other"]),
        (["artifacts", "show", "3f"], [ID[:12]]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_shell_is_offered_what_fits(place, words, offered):
    assert complete(*words) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(place, shell):
    said = "\n".join(complete("study", "hard", shell=shell))
    assert "hard-case" in said and "fidelity" not in said


def test_a_folder_without_any_configuration_is_left_to_the_shell(place):
    assert completing.configurations("store/") == []


def test_a_word_with_signs_of_patterns_is_taken_literally(place):
    assert completing.configurations("[m]") == completing.configurations("*") == []


def test_the_names_are_those_of_the_registries():
    assert tuple(DATASETS) == CORPUS_NAMES
    declared = re.findall(r'^@stage\("(\w+)"', "".join(map(Path.read_text, (REPOSITORY / "tasks").glob("*.py"))), re.M)
    assert set(declared) == set(STORED_STAGES)
    assert {name.replace("-", "_") for name in STUDY_NAMES} == set(STUDIES)


def test_what_is_offered_for_devices_and_runners_is_accepted():
    from flows.execution import parse_execution

    for device in completing.devices(""):
        assert parse_execution({"device": device}, "the test").device == device
    for runner in completing.runners(""):
        assert parse_execution({"runner": runner}, "the test").runner == runner


def test_completing_loads_nothing_heavy(place):
    """A shell waits for it at each press of the key."""
    code = (
        "import os, sys, atexit; atexit.register(lambda: os.write(2, ' '.join(sys.modules).encode())); "
        "from flows.entry import main; main()"
    )
    asked = {"_ESCGAN_COMPLETE": "complete_bash", "COMP_WORDS": "escgan profile ", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | asked,
    )
    assert done.stdout.split() == ["eegmat", "small"]
    loaded = set(done.stderr.split())
    assert "typer" in loaded
    assert not {"torch", "mne", "prefect", "numpy", "pandas", "escgan.datasets", "storage"} & loaded


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_is_installed_for_each_shell(shell, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flows.entry", "--install-completion", shell],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert done.returncode == 0, done.stderr
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "_ESCGAN_COMPLETE" in written


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes_with_what_was_installed(place, tmp_path):
    """The installed function is called as bash calls it, with a command of that name on the path."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "escgan"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m flows.entry "$@"\n')
    command.chmod(0o755)
    environment = (
        os.environ | NAMED_SHELL | {"PYTHONPATH": str(REPOSITORY), "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    )
    script = (
        'eval "$(escgan --show-completion bash)"; COMP_WORDS=(escgan study hard); COMP_CWORD=2; '
        '"$(complete -p escgan | sed "s/.*-F \\([^ ]*\\).*/\\1/")" escgan; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.strip() == "hard-case", done.stderr
