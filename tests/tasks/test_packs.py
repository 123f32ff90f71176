"""Several units as one program, each with its own artifact."""

import json
import logging
import threading
import time

import pytest

from escgan.errors import RecordingError
from storage.store import Store
from tasks.packs import PACK_ON_CARD, execute_pack, make_packs, pack_size, shared_part
from tasks.stage import Together, stage


def doubling(fail_at=None):
    """A stage that doubles numbers, together where they are of one parity; negative ones are refused."""
    programs = []

    def write(number, run):
        run.draft.file("n.txt").write_text(str(2 * number))

    def together(sciences, runs):
        programs.append([run.unit for run in runs])
        with shared_part(runs, "fit"):
            time.sleep(0.2)
        if fail_at == "compute":
            raise ValueError("a defect")
        return [
            RecordingError(f"{number} is negative.") if number < 0 else (lambda run, n=number: write(n, run))
            for (number,) in sciences
        ]

    def alike(science):
        return None if science[0] == 0 else str(science[0] % 2)

    @stage("double", version=1, together=Together(alike, together))
    def body(number: int, *, run):
        write(number, run)

    return body, programs


def test_each_unit_has_the_artifact_that_it_would_have_alone(tmp_path):
    body, programs = doubling()
    together, alone = Store(tmp_path / "a"), Store(tmp_path / "b")
    results = execute_pack(body, together, {"one": (1,), "three": (3,)}, device="cpu")
    assert results == {"one": (*body.execute(alone, "one", (1,)),), "three": (*body.execute(alone, "three", (3,)),)}
    assert programs == [["one", "three"]]
    manifest = next(m for m in together.list("double") if m.unit == "one")
    other = next(m for m in alone.list("double") if m.unit == "one")
    assert (manifest.config, manifest.inputs, manifest.versions) == (other.config, other.inputs, other.versions)


def test_a_units_seconds_are_its_share_of_the_program(tmp_path):
    body, _ = doubling()
    store = Store(tmp_path)
    began = time.perf_counter()
    execute_pack(body, store, {str(n): (n,) for n in (1, 3, 5, 7)}, device="cpu")
    elapsed = time.perf_counter() - began
    manifests = list(store.list("double"))
    parts = [manifest.extra["parts"][0] for manifest in manifests]
    assert [part["part"] for part in parts] == ["fit"] * 4 and {m.extra["pack"] for m in manifests} == {4}
    # Together they are the program's 0.2 s and no more than all of it took.
    assert 0.199 <= sum(part["seconds"] for part in parts) <= elapsed
    assert 0.199 <= sum(manifest.wall_s for manifest in manifests) <= elapsed
    assert max(part["seconds"] for part in parts) < 1.5 * min(part["seconds"] for part in parts)


def test_what_is_stored_is_taken_and_a_damaged_artifact_is_made_again_with_the_reason(tmp_path, caplog):
    body, programs = doubling()
    store = Store(tmp_path)
    first = execute_pack(body, store, {"1": (1,), "3": (3,)}, device="cpu")
    store.open(first["3"][0]).file("n.txt").write_text("7")
    with caplog.at_level(logging.WARNING, logger="escgan"):
        again = execute_pack(body, store, {"1": (1,), "3": (3,), "5": (5,)}, device="cpu")
    assert {unit: computed for unit, (_, computed) in again.items()} == {"1": False, "3": True, "5": True}
    assert programs[1] == ["3", "5"] and "double 3: n.txt" in caplog.text
    assert all(
        computed for _, computed in execute_pack(body, store, {"1": (1,)}, device="cpu", mode="refresh").values()
    )
    execute_pack(body, store, {"1": (1,)}, device="cpu")
    assert len(programs) == 3


def test_one_units_error_is_none_of_the_others(tmp_path):
    body, _ = doubling()
    store = Store(tmp_path)
    results = execute_pack(body, store, {"a": (-1,), "b": (1,)}, device="cpu")
    assert isinstance(results["a"], RecordingError) and results["b"][1]
    assert [m.unit for m in store.list("double")] == ["b"]


def test_after_a_defect_nothing_is_left_and_every_lock_is_free(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ValueError, match="a defect"):
        execute_pack(doubling("compute")[0], store, {"1": (1,), "3": (3,)}, device="cpu")
    assert not list(store.list("double"))
    assert len(execute_pack(doubling()[0], store, {"3": (3,), "1": (1,)}, device="cpu")) == 2


def test_packs_and_single_units_side_by_side_compute_each_key_once(tmp_path):
    body, _ = doubling()
    store = Store(tmp_path)
    outcomes = []
    jobs = [
        lambda: outcomes.extend(execute_pack(body, store, {"1": (1,), "3": (3,), "5": (5,)}, device="cpu").values()),
        lambda: outcomes.extend(execute_pack(body, store, {"5": (5,), "3": (3,), "7": (7,)}, device="cpu").values()),
        lambda: outcomes.append(body.execute(store, "3", (3,))),
    ]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(outcomes) == 7 and sum(computed for _, computed in outcomes) == 4


def test_units_are_parted_by_what_they_share_into_packs_of_nearly_equal_size():
    body, _ = doubling()
    units = {str(n): (n,) for n in range(12)} | {"again": (3,)}
    packs = make_packs(body, units, most=4)
    assert sorted(map(len, packs)) == [2, 3, 3, 3]
    assert all(len({int(name) % 2 for name in pack}) == 1 for pack in packs)
    # 0 shares nothing with any; what another unit makes already is not made twice.
    assert {name for pack in packs for name in pack} == {str(n) for n in range(1, 12)}


def test_how_many_units_make_a_pack(monkeypatch):
    body, _ = doubling()
    alone = stage("alone", version=1)(body.body)
    on_card = stage("on_card", version=1, on_device=True, together=body.together)(body.body)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert pack_size(on_card, None, "auto") == pack_size(on_card, None, "cuda") == PACK_ON_CARD
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert pack_size(on_card, None, "mps") == 0
    assert pack_size(on_card, None, "cpu") == 0 and pack_size(on_card, 5, "cpu") == 5
    assert pack_size(on_card, 1, "cuda") == 0 and pack_size(alone, 5, "cuda") == 0
    assert pack_size(body, None, "cuda") == 0


def test_a_stage_without_a_program_for_several_says_so(tmp_path):
    @stage("alone", version=1)
    def alone(number: int, *, run):
        """Nothing."""

    with pytest.raises(TypeError, match="'alone' computes its units one by one"):
        execute_pack(alone, Store(tmp_path), {"1": (1,)}, device="cpu")


def test_manifests_of_a_pack_are_plain_json(tmp_path):
    body, _ = doubling()
    store = Store(tmp_path)
    execute_pack(body, store, {"1": (1,), "3": (3,)}, device="cpu")
    for path in tmp_path.rglob("manifest.json"):
        assert json.loads(path.read_text())["extra"]["pack"] == 2
