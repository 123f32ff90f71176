"""Mistakes that options, file names and the store tell of end a command before Prefect is started."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import yaml

from storage.store import Store
from tasks.ledger import RunRecord, note_run
from tests.flows.conftest import SMALL


@pytest.fixture
def refused(escgan, monkeypatch, tmp_path):
    """Run a command that must end before Prefect is started; gives its exit code and its last words."""

    def started(root):
        raise AssertionError("Prefect was about to be started.")

    monkeypatch.setattr("flows.foreground.prepare_prefect", started)

    def run(command, *arguments, config=SMALL):
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump(config))
        code, _, said = escgan(*command.split(), path, *arguments, "--root", tmp_path / "store")
        assert not (tmp_path / "store" / "prefect").exists()
        return code, said.strip().splitlines()[-1]

    return run


@pytest.fixture
def folder(tmp_path):
    """Files by whose names a folder is a cohort of subjects 1 and 2; nothing can be read from them."""
    path = tmp_path / "deap"
    path.mkdir()
    for name in ("s01.dat", "s02.dat"):
        (path / name).touch()
    return path


@pytest.mark.parametrize("command", ["run", "study compare"])
def test_a_pool_without_a_server_is_refused_before_features_are_measured(refused, folder, command, monkeypatch):
    for name in ("PREFECT_API_URL", "PREFECT_HOME"):
        monkeypatch.delenv(name, raising=False)
    code, said = refused(command, "--data", folder, "--gpu-pool", "gpu")
    assert code == 2 and said.startswith("escgan: gpu_pool 'gpu' needs a Prefect server that its workers know too: ")


@pytest.mark.parametrize("command", ["run", "study compare"])
def test_a_data_folder_that_is_none_is_refused(refused, command, tmp_path):
    code, said = refused(command, "--data", tmp_path / "nowhere")
    assert code == 3 and "nowhere' does not exist" in said
    code, said = refused(command)
    assert code == 2 and said == "escgan: Corpus 'deap' needs its files: say where they are with --data DIR."
    code, said = refused(command, "--data", __file__)
    assert code == 3 and said.startswith(f"escgan: '{__file__}' is a file: give the folder with ")
    code, said = refused(command, "--data", tmp_path / ("a" * 300))
    assert code == 3 and "aaa' does not exist: give the folder with " in said
    (tmp_path / "empty").mkdir()
    code, said = refused(command, "--data", tmp_path / "empty")
    assert code == 3 and said.startswith("escgan: No recording of corpus 'deap' in")
    simulated = SMALL | {"dataset": {"kind": "simulated"}}
    code, said = refused(command, "--data", tmp_path, config=simulated)
    assert code == 2 and said == "escgan: A simulated cohort is written into the store: leave --data out."


@pytest.mark.parametrize("command", ["run", "study compare"])
def test_a_subject_that_no_file_is_of_is_refused(refused, command, folder):
    code, said = refused(command, "--data", folder, "--subjects", "01,99")
    assert code == 2 and said.startswith("escgan: There is no subject 99 in the data folder: it holds 01, 02; ")


@pytest.mark.parametrize("command", ["run", "study compare"])
@pytest.mark.parametrize("nobody", ["", ",", " , "])
def test_a_list_of_subjects_that_names_nobody_is_refused(refused, command, nobody, folder):
    code, said = refused(command, "--data", folder, "--subjects", nobody, config=SMALL | {"subjects": ["01"]})
    assert code == 2 and said.startswith(f"escgan: --subjects '{nobody}' names nobody: name subjects")


@pytest.mark.parametrize("command", ["run", "study compare"])
def test_a_device_that_is_not_there_is_refused(refused, command, folder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, said = refused(command, "--data", folder, "--device", "cud")
    assert code == 2 and said.startswith("escgan: There is no device 'cud': expected one of auto, cpu, cuda, mps")
    code, said = refused(command, "--data", folder, "--device", "cuda")
    assert code == 2 and said.startswith("escgan: Device 'cuda' was asked for, but torch finds none here")


def test_a_device_of_no_known_name_is_refused_without_loading_torch():
    code = (
        "import sys\nfrom escgan.device import choose_device\n"
        "try: choose_device('cud')\nexcept Exception as error: print(error, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("mps. False")


def test_packages_that_are_not_installed_are_refused(refused, folder, monkeypatch):
    monkeypatch.setattr("escgan.extras.find_spec", lambda name: None)
    code, said = refused("run", "--data", folder, "--runner", "dask")
    assert code == 2 and said.startswith("escgan: Runner 'dask' needs the package prefect-dask")
    code, said = refused("run", "--data", folder, "--tensorboard", "logs")
    assert code == 2 and said.startswith("escgan: Option 'tensorboard' needs the package tensorboard")


def test_an_earlier_run_that_is_not_there_or_lacks_a_subject_is_refused(refused, tmp_path):
    code, said = refused("run", "--using", "nope")
    assert code == 2 and said.startswith("escgan: No run 'nope' is known to the store")
    note_run(Store(tmp_path / "store"), RunRecord(id="abcd1234", name="small", recordings=()))
    code, said = refused("run", "--using", "small", "--subjects", "07")
    assert code == 2 and said.startswith("escgan: There is no subject 07 in run 'small'")
    code, said = refused("run", "--using", "small", "--data", tmp_path)
    assert code == 2 and said.endswith("and --data files to read: give one of them.")


def test_options_that_exclude_each_other_are_refused(refused, folder):
    code, said = refused("run", "--data", folder, "--only", "train", "--from", "train")
    assert code == 2 and said == "escgan: --only and --from exclude each other: give one of them."
    code, said = refused("run", "--data", folder, "--from", "train", "--refresh", "ingest")
    assert code == 2 and "--refresh ingest contradicts --from train" in said


def test_a_store_that_cannot_be_opened_is_said_before_the_data(refused, tmp_path):
    (tmp_path / "store").touch()
    code, said = refused("run", "--data", tmp_path / "nowhere")
    assert code == 4 and said.startswith("escgan: Cannot open the store")


def test_a_right_command_goes_on_to_start_prefect(refused, folder):
    with pytest.raises(AssertionError, match="Prefect was about to be started"):
        refused("run", "--data", folder, "--subjects", "01,02", "--device", "cpu")


def test_looking_loads_no_prefect():
    code = "import sys, flows.preconditions, flows.foreground; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
