"""What is shipped: a wheel and sources with all that a run needs, and nothing else, usable from any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ROOMS = ("escgan", "storage", "tasks", "flows")
TINY = {
    "name": "tiny",
    "dataset": {"kind": "simulated", "n_subjects": 3, "n_trials": 4},
    "features": {"window_s": 3.0},
    "augmenters": ["none", "smote"],
    "classifiers": ["logistic"],
}


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def tracked():
    """The files of the four rooms, as the repository knows them."""
    if not (ROOT / ".git").exists():
        pytest.skip("which files belong to the package is known to the repository alone")
    return set(run("git", "ls-files", *ROOMS, cwd=ROOT).split())


@pytest.fixture(scope="session")
def built(tracked, tmp_path_factory):
    """The wheel and the sources, built without the network from a copy that is left as it was."""
    copy = tmp_path_factory.mktemp("copy")
    for name in [*tracked, "pyproject.toml", "README.md", "LICENSE", "tests/conftest.py", "configs/deap.yaml"]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=copy)
    (wheel,), (sources,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sources


def test_the_wheel_holds_every_file_of_the_four_rooms_and_none_beside(built, tracked):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == tracked
    assert {f"{room}/py.typed" for room in ROOMS} <= names
    assert {Path(name).suffix for name in names} == {".py", ".csv", ".css", ".j2", ".yaml", ".typed"}


def test_the_sources_hold_what_builds_the_wheel_and_neither_tests_nor_data(built, tracked):
    with tarfile.open(built[1]) as sources:
        names = {name.partition("/")[2] for name in sources.getnames()}
    assert tracked <= names and {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert not [name for name in names if name.split("/")[0] in ("tests", "configs", "docs", "benchmarks", "store")]


def test_the_wheel_says_for_which_pythons_it_is_and_names_its_command(built):
    with zipfile.ZipFile(built[0]) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        told = message_from_bytes(wheel.read(metadata))
        commands = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert told["Requires-Python"] == ">=3.11" and "Typing :: Typed" in told.get_all("Classifier")
    assert "escgan = flows.entry:main" in commands


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory):
    """A fresh environment with the wheel in it, which finds the packages that it needs where these tests do."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    (packages,) = place.glob("lib/python*/site-packages")
    # A path in such a file is searched, but its own such files are not read: this checkout stays out of sight.
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    python = place / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", built[0])
    return place / "bin" / "escgan"


@pytest.fixture
def elsewhere(tmp_path):
    """Another folder to run in, and an environment in which no path leads back to this checkout."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and "PREFECT" not in name}
    return {"cwd": tmp_path, "env": own}


def test_an_installed_wheel_answers_from_any_folder(installed, elsewhere):
    where = run(installed.with_name("python"), "-c", "import escgan, flows; print(escgan.__file__)", **elsewhere)
    assert Path(where).is_relative_to(installed.parents[1])
    assert "Run experiments" in run(installed, "--help", **elsewhere)
    assert run(installed, "--version", **elsewhere).startswith("escgan ")
    assert "DEAP" in run(installed, "config", "new", "deap", **elsewhere)


@pytest.mark.slow
def test_an_installed_wheel_runs_an_experiment_to_its_report(installed, elsewhere, tmp_path):
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    said = run(installed, "run", "tiny.yaml", "--device", "cpu", **elsewhere)
    assert "tiny: 3 subjects" in said and (tmp_path / "store" / "reports" / "tiny.html").is_file()
