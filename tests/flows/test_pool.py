"""Waiting for runs on a work pool: what becomes of units when runs end, fail, or are lost."""

from __future__ import annotations

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed, Crashed, Failed, Running, Scheduled

from escgan.errors import ConfigError, EscganError
from flows import pool
from flows.execution import ExecutionConfig
from storage.store import Store
from tasks.stage import StageRun, stage

POOLED = ExecutionConfig(gpu_pool="gpu", device="cpu", pack=2)


@stage("train", version=1)
def double(number: int, *, run: StageRun) -> None:
    run.draft.file("n.txt").write_text(str(2 * number))


class Server:
    """Runs that go through given states, one a poll; a state may be a function that works first."""

    def __init__(self, *scripts, known=()):
        self.scripts, self.known = list(scripts), list(known)
        self.submitted, self.cancelled = [], []
        self._runs = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run_deployment(self, name, **options):
        run = FlowRun(id=uuid4(), flow_id=uuid4(), state=self.known.pop(0) if self.known else Scheduled())
        self.submitted.append((name, options))
        self._runs[run.id] = list(self.scripts.pop(0))
        return run

    def read_flow_runs(self, flow_run_filter, limit):
        assert len(flow_run_filter.id.any_) <= limit
        found = []
        for run in flow_run_filter.id.any_:
            states = self._runs[run]
            state = states.pop(0) if len(states) > 1 else states[0]
            if isinstance(state, type(Server.read_flow_runs)):
                state = state()
            if state is not None:
                found.append(FlowRun(id=run, flow_id=uuid4(), state=state))
        return found

    def set_flow_run_state(self, run, state):
        self.cancelled.append(run)


@pytest.fixture
def compute(tmp_path, monkeypatch):
    """Compute numbers on a pool whose runs follow scripts; gives errors, the server and the units that ended."""
    store = Store(tmp_path)

    def run(packs, *scripts, mode="run", known=()):
        server, ended = Server(*scripts, known=known), []
        monkeypatch.setattr(pool, "run_deployment", server.run_deployment)
        monkeypatch.setattr(pool, "get_client", lambda sync_client: server)
        runs = pool.PoolRuns(double, store, POOLED, ended.append, poll_s=0, grace_s=0, mode=mode)
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
            results = runs.compute([{str(n): (n,) for n in pack} for pack in packs])
        assert set(results) == {str(n) for pack in packs for n in pack}
        errors = {unit: result for unit, result in results.items() if isinstance(result, EscganError)}
        assert all(results[unit] == double.lookup(store, (int(unit),)) for unit in results.keys() - errors)
        return errors, server, ended

    def make(*numbers, then=Completed):
        def work():
            for n in numbers:
                double.execute(store, str(n), (n,))
            return then()

        return work

    run.store, run.make = store, make
    return run


def test_a_run_a_pack_and_what_it_made_is_in_the_store(compute):
    errors, server, ended = compute(
        [[1, 2], [3]], [Scheduled(), Running(), compute.make(1, 2)], [Running(), compute.make(3)]
    )
    assert errors == {} and sorted(ended) == ["1", "2", "3"]
    names = [(name, options["flow_run_name"]) for name, options in server.submitted]
    assert names == [("train-folds/gpu", "train 1 and 1 more"), ("train-folds/gpu", "train 3")]
    given = server.submitted[0][1]["parameters"]
    assert given["units"] == ["1", "2"] and given["root"] == str(compute.store.root)
    # The pool's own run must not submit runs again.
    assert given["execution"]["gpu_pool"] is None and given["execution"]["pack"] == 2
    assert list((compute.store.root / "orders").iterdir()) == []


def test_a_lost_run_is_submitted_again_and_what_it_had_finished_counts(compute):
    errors, server, _ = compute([[1]], [Running(), Crashed()], [compute.make(1)])
    assert errors == {} and len(server.submitted) == 2
    first, second = (options["parameters"]["order"] for _, options in server.submitted)
    assert first == second
    # Lost after its last artifact: nothing is missing.
    errors, server, _ = compute([[2]], [compute.make(2, then=Crashed)])
    assert errors == {} and len(server.submitted) == 1


def test_a_crashed_run_that_an_automation_revives_is_not_submitted_twice(compute, monkeypatch):
    monkeypatch.setattr(pool.PoolRuns, "grace_s", 3600)
    runs = [Running(), Crashed(), Scheduled(name="AwaitingRetry"), Running(), compute.make(1)]
    store, server, ended = compute.store, Server(runs), []
    monkeypatch.setattr(pool, "run_deployment", server.run_deployment)
    monkeypatch.setattr(pool, "get_client", lambda sync_client: server)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        own = pool.PoolRuns(double, store, POOLED, ended.append, poll_s=0, grace_s=3600)
        assert own.compute([{"1": (1,)}]) == {"1": double.lookup(store, (1,))}
    assert len(server.submitted) == 1 and ended == ["1"]


def test_a_run_that_is_lost_three_times_costs_its_units_and_no_others(compute):
    errors, server, ended = compute([[1], [2]], [Crashed()], [compute.make(2)], [Crashed()], [None])
    assert list(errors) == ["1"] and len(server.submitted) == 4 and sorted(ended) == ["1", "2"]
    assert "Stage 'train' of 1 on work pool 'gpu' was lost 3 times" in str(errors["1"])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Failed(message="Flow run encountered an exception: DivergedError: The loss became nan."),
         "Stage 'train' of 1 on work pool 'gpu' failed: The loss became nan."),
        (Cancelled(), "was cancelled: run again to go on"),
        (Completed(), "ended without its artifact in .*share that store"),
    ],
    ids=["failed", "cancelled", "elsewhere"],
)  # fmt: skip
def test_units_of_a_run_that_made_nothing_say_why(compute, state, message):
    errors, server, _ = compute([[1]], [Running(), state])
    assert len(server.submitted) == 1
    with pytest.raises(EscganError, match=message):
        raise errors["1"]


def test_what_was_to_be_made_anew_does_not_count_because_it_was_there_before(compute):
    double.execute(compute.store, "1", (1,))
    errors, server, _ = compute([[1]], [Running(), Failed(message="The disk is full.")], mode="refresh")
    assert "The disk is full." in str(errors["1"]) and len(server.submitted) == 1
    errors, server, _ = compute([[1]], [Crashed()], [compute.make(1)], mode="refresh")
    assert errors == {} and len(server.submitted) == 2


def test_a_waiting_run_that_is_run_again_is_not_bound_to_what_was_cancelled_with_it(compute):
    # The server answers with the run that has the idempotency key, here one that ended with its waiting run.
    errors, server, _ = compute([[1]], [Cancelled()], [compute.make(1)], known=[Cancelled()])
    keys = [options["idempotency_key"] for _, options in server.submitted]
    assert errors == {} and len(set(keys)) == 2


def test_whoever_stops_waiting_stops_the_runs(compute):
    def stop():
        raise KeyboardInterrupt

    server = Server([Running(), stop, Running()])
    with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        patch.setattr(pool, "run_deployment", server.run_deployment)
        patch.setattr(pool, "get_client", lambda sync_client: server)
        with pytest.raises(KeyboardInterrupt):
            pool.PoolRuns(double, compute.store, POOLED, print, poll_s=0).compute([{"1": (1,)}])
    assert len(server.cancelled) == 1 and list((compute.store.root / "orders").iterdir()) == []


def test_without_server_or_deployment_one_sentence_says_what_to_do(compute, monkeypatch):
    own = pool.PoolRuns(double, compute.store, POOLED, print)
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(ConfigError, match="needs a Prefect server"):
        own.compute([{"1": (1,)}])

    def refuse(*_, **__):
        raise ObjectNotFound(ValueError())

    monkeypatch.setattr(pool, "run_deployment", refuse)
    monkeypatch.setattr(pool, "get_client", lambda sync_client: Server())
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}),
        pytest.raises(ConfigError, match="no deployment 'train-folds/gpu': run `prefect --no-prompt deploy --all`"),
    ):
        own.compute([{"1": (1,)}])
