"""A Prefect server of the tests' own, and a cohort small enough to run the whole pipeline many times."""

from __future__ import annotations

import http.server
import os
import shutil
import sys
import threading

import numpy as np
import pytest

from escgan.config import parse_config
from escgan.datasets.simulated import SimulatedConfig
from flows.execution import ExecutionConfig

ON_CPU = ExecutionConfig(device="cpu")

SMALL = {
    "name": "small",
    "dataset": {"kind": "deap", "n_trials": 4},
    "features": {"window_s": 3.0},
    "augmenters": [
        "none",
        {"kind": "escgan", "network": {"hidden": 2}, "training": {"epochs": 2, "batch_size": 32}, "delta": 5.0},
    ],
    "classifiers": ["logistic"],
}


@pytest.fixture
def escgan(monkeypatch, capsys):
    """Run the command in this process: ``escgan("artifacts", "list")`` gives exit code, output and errors."""

    from flows import cli

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["escgan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def one_answer():
    """A server that answers every question alike: its address, and what sets the answer's status."""

    class Answer(http.server.BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(b"7")

        def do_GET(self):
            # Prefect's client asks for a token first, and does without where a server hands out none.
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/api", lambda status: setattr(Answer, "status", status)
        running.shutdown()


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory):
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_LOGGING_LEVEL, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=300),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_LOGGING_LEVEL: "CRITICAL"}),
    ):
        yield


@pytest.fixture(scope="session")
def five_subjects(tmp_path_factory):
    return SimulatedConfig(n_subjects=5, n_trials=4).materialize(tmp_path_factory.mktemp("five"))


@pytest.fixture(scope="session")
def cohort(five_subjects, tmp_path_factory):
    """The files of the first four of five simulated subjects; copy the folder before changing it."""
    folder = tmp_path_factory.mktemp("four")
    for i in range(1, 5):
        shutil.copy(five_subjects / f"s{i:02d}.dat", folder)
    return folder


@pytest.fixture
def small(prefect_api):
    """Run the small experiment: ``small(root, data, **changes)``."""
    from flows.pipeline import pipeline

    def run(root, data, changes=None, execution=ON_CPU, **options):
        return pipeline(parse_config(SMALL | (changes or {})), data=data, root=root, execution=execution, **options)

    return run


@pytest.fixture(scope="session")
def finished(prefect_api, cohort, tmp_path_factory):
    """A store after one undisturbed run, and its outcome; copy the store before changing it."""
    from flows.pipeline import pipeline

    root = tmp_path_factory.mktemp("finished") / "store"
    return root, pipeline(parse_config(SMALL), data=cohort, root=root, execution=ON_CPU)


@pytest.fixture
def store_copy(finished, tmp_path):
    """A copy of the finished store, at another path."""
    return shutil.copytree(finished[0], tmp_path / "moved store é")


def computed(outcome):
    """How many units of each stage were computed, zeros left out."""
    return {stage: n for stage, n in outcome.tally.computed.items() if n}


def rewrite_with_noise(path, seed=0):
    """Replace a DEAP file's signals by noise, keeping its ratings."""
    from escgan.datasets.deap_writer import write_deap
    from escgan.datasets.unpickling import load_arrays

    arrays = load_arrays(path, path.stem)
    noise = np.random.default_rng(seed).standard_normal(arrays["data"].shape) * 20
    write_deap(path, noise, arrays["labels"])
