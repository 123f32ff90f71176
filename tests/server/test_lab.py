"""A lab's way of working, on a real server: deployments, single stages, the GPU pool, recovery."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from escgan.config import parse_config
from storage.remote_store import CACHE, RemoteStore
from storage.store import Store

pytestmark = pytest.mark.server

POOLED = {"gpu_pool": "gpu", "device": "cpu"}


def experiment(epochs, name="lab", **more):
    return {
        "name": name,
        "dataset": {"kind": "simulated", "n_subjects": 4, "n_trials": 4},
        "features": {"window_s": 3.0},
        "augmenters": [
            {"kind": "none"},
            {
                "kind": "escgan",
                "network": {"hidden": 4},
                "training": {"epochs": epochs, "batch_size": 32},
                "delta": 5.0,
            },
        ],
        "classifiers": [{"kind": "logistic"}],
        **more,
    }


def contents(store, stage):
    """The digest of each unit's content."""
    return {m.unit: m.digest for m in Store(store).list(stage)}


def intervals(store, seed=0):
    """When each augmenter of a seed was being trained."""
    for m in Store(store).list("train"):
        if ("seed" in m.unit) == bool(seed):
            end = datetime.fromisoformat(m.created)
            yield end - timedelta(seconds=m.wall_s), end


def most_at_once(spans):
    spans = list(spans)
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


@pytest.fixture(scope="module")
def undisturbed(lab, tmp_path_factory):
    """The same experiments in the foreground of a terminal, without any server."""

    homes = tmp_path_factory.mktemp("home")

    def run(config):
        root = homes / config["name"]
        if (root / "reports").exists():
            return root
        path = homes / f"{config['name']}.yaml"
        path.write_text(parse_config(config).to_yaml())
        own = {name: value for name, value in lab.env.items() if not name.startswith(("PREFECT_", "ESCGAN_"))}
        before, lab.env = lab.env, own
        try:
            lab.call("escgan", "run", str(path), "--root", str(root), "--device", "cpu")
        finally:
            lab.env = before
        return root

    return run


@pytest.fixture(scope="module")
def pooled_run(lab, tmp_path_factory):
    """A store after the pipeline's deployment has trained its folds on the GPU pool."""
    root = tmp_path_factory.mktemp("pooled") / "store"
    # Long enough that four folds, started together, would be at it together.
    said = lab.run("pipeline/default", config=experiment(30), root=str(root), execution=POOLED)
    return root, said


def test_without_the_password_the_api_answers_401_and_with_it_200(lab):
    assert lab.status("/admin/version") == 401
    assert lab.status("/admin/version", password="escgan:wrong") == 401
    assert lab.status("/admin/version", password=lab.env["PREFECT_API_AUTH_STRING"]) == 200
    assert (lab.folder / "env").stat().st_mode & 0o077 == 0


def test_the_server_listens_on_loopback_alone(lab):
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1].split(":") for row in rows if row[3] == "0A"]
    assert [host for host, port in listening if int(port, 16) == lab.port] == ["0100007F"]


def test_folds_trained_on_the_pool_score_as_in_one_process(pooled_run, undisturbed):
    root, said = pooled_run
    assert "finished successfully" in said.replace("\n", " ")
    home = undisturbed(experiment(30))
    for stage in ("train", "augment", "evaluate"):
        assert contents(root, stage) == contents(home, stage) and len(contents(root, stage)) >= 4
    assert not any((root / "orders").iterdir())


def test_machines_that_share_a_bucket_and_no_disk_score_as_in_one_process(
    lab, undisturbed, bucket, tmp_path, monkeypatch
):
    monkeypatch.setenv(CACHE, str(tmp_path))
    config, url = experiment(5, name="bucket"), f"s3://{bucket}/store"
    lab.run("pipeline/default", config=config, root=url, execution=POOLED)
    home, remote = undisturbed(config), RemoteStore(url)
    for stage in ("train", "augment", "evaluate"):
        assert {m.unit: m.digest for m in remote.list(stage)} == contents(home, stage)
    assert len(remote.list("report")) == 1 and remote.orders.read_all() == {}
    lab.run("evaluate/default", config=config | {"classifiers": [{"kind": "lda"}]}, root=url, using="bucket")
    assert len(remote.list("evaluate")) == 16


def test_a_card_of_one_slot_never_trains_two_folds_and_one_of_two_at_most_two(lab, pooled_run, tmp_path):
    root, _ = pooled_run
    assert len(list(intervals(root))) == 4 and most_at_once(intervals(root)) == 1
    lab.call("prefect", "gcl", "update", "test-card", "--limit", "2")
    try:
        two = tmp_path / "store"
        shutil.copytree(root, two)
        lab.run("train/default", config=experiment(30, seeds=[1]), root=str(two), execution=POOLED)
        assert len(list(intervals(two, seed=1))) == 4 and most_at_once(intervals(two, seed=1)) <= 2
    finally:
        lab.call("prefect", "gcl", "update", "test-card", "--limit", "1")


def test_a_single_stage_is_rerun_from_what_the_store_holds(lab, pooled_run):
    root, _ = pooled_run
    before = {(m.stage, m.key): m.created for m in Store(root).list()}
    lab.run("evaluate/default", config=experiment(30), root=str(root))
    assert {(m.stage, m.key): m.created for m in Store(root).list()} == before
    lab.run("evaluate/default", config=experiment(30, classifiers=[{"kind": "lda"}]), root=str(root))
    new = [m for m in Store(root).list() if (m.stage, m.key) not in before]
    assert {m.stage for m in new} == {"evaluate"} and len(new) == 8


def test_a_stage_whose_input_is_missing_fails_and_says_what_makes_it(lab, tmp_path):
    said = lab.run("evaluate/default", config=experiment(2), root=str(tmp_path / "store"), check=False)
    assert "finished in state 'Failed'" in said.replace("\n", " ")
    log = (lab.logs / "worker-cpu.log").read_text()
    assert "Stage 'ingest' of sub-01 is not in the store" in log and "to make it" in log


def test_parameters_that_cannot_work_are_refused_before_anything_is_submitted(lab):
    done = lab.call("prefect", "deployment", "run", "pipeline/default", "--param", 'execution={"runner":"threds"}',
                    check=False)  # fmt: skip
    assert done.returncode != 0 and "threds" in done.stdout + done.stderr


@pytest.mark.parametrize("killed", ["flows", "workers", "both"])
def test_what_is_killed_during_training_is_run_again_and_resumes(lab, undisturbed, tmp_path, killed):
    config, root = experiment(120, name="killed"), tmp_path / "store"
    lab.run("pipeline/default", config=config, root=str(root), execution=POOLED, watch=False)
    lab.wait_for(lambda: any((root / "work" / "train").glob("*/*.safetensors")), "a checkpoint")
    workers = lab.processes("prefect", "worker") + lab.processes("deploy/workers.sh")
    flows = lab.processes("flow_engine") + lab.processes("prefect.engine")
    assert workers and flows
    lab.kill({"flows": flows, "workers": workers, "both": workers + flows}[killed])
    kept = {m.unit: m.created for m in Store(root).list("ingest")}
    if killed != "flows":
        lab.start_workers()
    lab.wait_for(lambda: len(Store(root).list("report")) == 1, "the run to be found, run again and ended", 900)
    assert {m.unit: m.created for m in Store(root).list("ingest")} == kept
    assert contents(root, "evaluate") == contents(undisturbed(config), "evaluate")


def test_a_server_killed_during_training_and_started_again_costs_nothing(lab, undisturbed, tmp_path):
    config, root = experiment(121, name="serverless"), tmp_path / "store"
    lab.run("pipeline/default", config=config, root=str(root), execution=POOLED, watch=False)
    lab.wait_for(lambda: any((root / "work" / "train").glob("*/*.safetensors")), "a checkpoint")
    lab.kill(lab.processes("prefect", "server"))
    assert lab.status("/health") is None
    lab.start_server()
    lab.wait_for(lambda: len(Store(root).list("report")) == 1, "the run to end", 600)
    assert contents(root, "evaluate") == contents(undisturbed(config), "evaluate")


# What a busy server does to an event: whoever waits for it never hears of it.
FORGET = """
from prefect.client.orchestration import get_client
from flows.automations import AGAIN
with get_client(sync_client=True) as client:
    [own] = client.read_automations_by_name(AGAIN)
    client.delete_automation(own.id)
"""


@pytest.fixture
def deaf_to_crashes(lab):
    lab.call("python", "-c", FORGET)
    yield
    lab.call("escgan", "setup-automations")


def test_a_crashed_run_of_which_no_automation_heard_is_run_again(lab, undisturbed, tmp_path, deaf_to_crashes):
    config, root = experiment(122, name="forgotten"), tmp_path / "store"
    lab.run("pipeline/default", config=config, root=str(root), execution=POOLED, watch=False)
    lab.wait_for(lambda: any((root / "work" / "train").glob("*/*.safetensors")), "a checkpoint")
    lab.kill(lab.processes("flow_engine") + lab.processes("prefect.engine"))
    lab.wait_for(lambda: len(Store(root).list("report")) == 1, "the run to be found, run again and ended", 600)
    assert contents(root, "evaluate") == contents(undisturbed(config), "evaluate")
    assert "Run 'forgotten' was lost and forgotten" in (lab.logs / "server.log").read_text()
