"""How a run is executed: settings, runners, and that none changes a result."""

from __future__ import annotations

import os

import pytest

from escgan.config import parse_config
from escgan.datasets.simulated import SimulatedConfig
from escgan.errors import ConfigError, EscganError
from flows.execution import ExecutionConfig, parse_execution, task_runner
from flows.lost import MOST_RUNS, refuse_endless_runs
from flows.names import StageName
from storage.store import Store
from tests.flows.conftest import ON_CPU, SMALL


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"runner": "threds"},
            r"^In the options: runner is 'threds', and should be 'threads', 'processes', 'dask' or 'ray'",
        ),
        ({"workers": 0}, "workers is 0, and should be greater than or equal to 1"),
        ({"cluster": "tcp://host:8786"}, "cluster is an address of Dask or Ray, and runner is 'threads'"),
        ({"gpu_pool": "/gpu"}, "gpu_pool is '/gpu': use letters, digits and ' ', '.', '_', '-', a letter"),
        ({"gpu": "gpu"}, "there is no setting 'gpu'"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(values, message):
    with pytest.raises(ConfigError, match=message) as raised:
        parse_execution(values, "the options")
    assert "\n" not in str(raised.value)


def test_what_is_not_given_keeps_its_default():
    assert parse_execution({"device": "cpu", "pack": None}, "the options") == ExecutionConfig(device="cpu")
    assert ExecutionConfig().n_workers == os.cpu_count() and ExecutionConfig(workers=3).n_workers == 3


def test_a_runner_whose_package_is_missing_names_the_extra(monkeypatch):
    import sys

    for package, extra in (("prefect_dask", "dask"), ("prefect_ray", "ray")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ConfigError, match=rf"pip install 'escgan\[{extra}\]'"):
            task_runner(ExecutionConfig(runner=extra))


@pytest.mark.slow
def test_processes_make_the_bytes_that_threads_make(small, finished, cohort, tmp_path):
    threads, outcome = finished
    processes = small(tmp_path, cohort, execution=ExecutionConfig(device="cpu", runner="processes", workers=2))
    assert processes.tally.computed == outcome.tally.computed
    contents = [
        {(m.stage, m.unit): m.digest for m in Store(root).list() if m.stage != "report"} for root in (threads, tmp_path)
    ]
    # A report tells how long its stages took.
    assert contents[0] == contents[1] and len(contents[0]) >= 20
    again = small(tmp_path, cohort, execution=ExecutionConfig(device="cpu", workers=1))
    assert not any(again.tally.computed.values())


def measured(run, root, data, execution):
    """Ingest and measure the small experiment's recordings; gives the digest of each one's features."""
    for stage in ("ingest", "features"):
        outcome = run(parse_config(SMALL), data=data, root=root, execution=execution, only=stage)
    assert outcome.tally.computed["features"] == len(list(data.glob("*.dat")))
    return {m.unit: m.digest for m in Store(root).list("features")}


@pytest.fixture(scope="module")
def fifty(prefect_api, tmp_path_factory):
    """Fifty simulated recordings, and what threads measure of each."""
    from flows.pipeline import pipeline

    data = SimulatedConfig(n_subjects=50, n_trials=4).materialize(tmp_path_factory.mktemp("fifty"))
    return pipeline, data, measured(pipeline, tmp_path_factory.mktemp("by-threads"), data, ON_CPU)


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["processes", "dask", "ray"])
def test_fifty_recordings_have_the_same_features_on_every_runner(fifty, tmp_path, runner):
    pipeline, data, expected = fifty
    if runner != "processes":
        pytest.importorskip(f"prefect_{runner}")
    execution = ExecutionConfig(device="cpu", runner=runner, workers=2)
    assert len(expected) == 50 and measured(pipeline, tmp_path, data, execution) == expected


def test_a_run_that_is_lost_each_time_is_not_tried_for_ever():
    refuse_endless_runs(None)
    refuse_endless_runs(MOST_RUNS)
    with pytest.raises(EscganError, match="lost 5 times and is not tried again"):
        refuse_endless_runs(MOST_RUNS + 1)


def test_logs_for_tensorboard_are_a_folder_and_their_package_is_looked_for_before_anything_is_computed(
    small, cohort, tmp_path, monkeypatch
):
    with pytest.raises(ConfigError, match="'s3://lab/logs', and logs are written to a folder"):
        parse_execution({"tensorboard": "s3://lab/logs"}, "the options")
    monkeypatch.setattr("escgan.extras.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package tensorboard: pip install 'escgan\[tensorboard\]'"):
        small(tmp_path / "store", cohort, execution=ExecutionConfig(device="cpu", tensorboard="logs"))
    assert not Store(tmp_path / "store").addresses()


def test_a_run_logs_what_it_trains_beside_the_same_results(small, finished, store_copy, cohort, tmp_path):
    logs = tmp_path / "logs"
    told = ExecutionConfig(device="cpu", tensorboard=str(logs))
    again = small(store_copy, cohort, execution=told, only=StageName.TRAIN, refresh=(StageName.TRAIN,))
    assert again.tally.computed["train"] == 4
    made = [{m.unit: m.digest for m in Store(root).list("train")} for root in (finished[0], store_copy)]
    assert made[0] == made[1]
    assert sorted(path.parent.name[:13] for path in logs.rglob("events*")) == [f"sub-0{n}_escgan" for n in range(1, 5)]
