"""Tickets of a lock between machines, under any order of events."""

from __future__ import annotations

import threading
import time

import pytest

from storage.errors import StorageError
from storage.lease import lease
from storage.remote import Object, RemoteFolder


@pytest.fixture
def folder(tmp_path):
    return RemoteFolder(f"file://{tmp_path}/store")


def test_of_many_that_want_it_one_holds_it_at_a_time(folder):
    holders, most, turns = [], [], []

    def work(owner):
        for _ in range(10):
            with lease(folder, "locks/train/a", owner, lease_s=30, poll_s=0.003):
                holders.append(owner)
                most.append(len(holders))
                time.sleep(0.002)
                holders.remove(owner)
                turns.append(owner)

    threads = [threading.Thread(target=work, args=(f"machine-{i}",)) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(turns) == 50
    (last,) = folder.objects("locks/train/a")
    assert int(last.name.rpartition("/")[2]) == 50


def test_a_number_that_was_drawn_too_late_does_not_count(folder, monkeypatch):
    # Another has drawn 6 and given it back, a third has drawn 7 and deleted 6, all while this one looked at 5.
    folder.write("locks/train/a/000000000007", b'{"owner": "third", "held": true, "beat": "x"}')
    outdated = [Object("locks/train/a/000000000005", 0, None)]
    objects, read = folder.objects, folder.read
    monkeypatch.setattr(folder, "objects", lambda below: [outdated.pop()] if outdated else objects(below))
    free = b'{"owner": "second", "held": false}'
    monkeypatch.setattr(folder, "read", lambda name: free if name.endswith("5") else read(name))
    began = time.monotonic()
    with lease(folder, "locks/train/a", "own", lease_s=0.5, poll_s=0.05):
        assert time.monotonic() - began >= 0.5
        assert [each.name[-1] for each in folder.objects("locks/train/a")] == ["8"]


def test_a_holder_that_gives_signs_of_life_keeps_it_beyond_a_lease(folder):
    taken = threading.Event()

    def take():
        with lease(folder, "locks/train/a", "other", lease_s=0.6, poll_s=0.05):
            taken.set()

    with lease(folder, "locks/train/a", "own", lease_s=0.6, poll_s=0.05):
        other = threading.Thread(target=take)
        other.start()
        assert not taken.wait(2.5)
    other.join()
    assert taken.is_set()


def test_what_a_dead_holder_left_runs_out_and_its_number_is_not_used_again(folder):
    folder.write("locks/train/a/000000000007", b'{"owner": "dead", "held": true, "beat": "x"}')
    waits = []
    began = time.monotonic()
    with lease(folder, "locks/train/a", "own", lease_s=0.5, poll_s=0.05, on_wait=lambda: waits.append(1)):
        assert time.monotonic() - began >= 0.5 and waits == [1]
        assert [each.name for each in folder.objects("locks/train/a")] == ["locks/train/a/000000000008"]


@pytest.mark.parametrize("ticket", [b"", b"{", b"[]", b'{"held": true}'])
def test_a_damaged_ticket_runs_out_too(folder, ticket):
    folder.write("locks/train/a/000000000001", ticket)
    began = time.monotonic()
    with lease(folder, "locks/train/a", "own", lease_s=0.3, poll_s=0.05):
        assert time.monotonic() - began >= 0.3
        assert [each.name[-1] for each in folder.objects("locks/train/a")] == ["2"]


def test_the_block_s_own_error_passes_and_gives_the_lock_back(folder):
    with pytest.raises(ValueError, match="own"), lease(folder, "locks/train/a", "own"):
        raise ValueError("own")
    with lease(folder, "locks/train/a", "other", on_wait=lambda: pytest.fail("was not given back")):
        pass


def test_a_store_that_fails_while_it_is_held_does_not_harm_the_work(folder, monkeypatch):
    tried = []

    def fail(name, content):
        tried.append(name)
        raise StorageError("gone")

    with lease(folder, "locks/train/a", "own", lease_s=0.2):
        monkeypatch.setattr(folder, "write", fail)
        time.sleep(0.3)
    monkeypatch.undo()
    # It could neither renew nor give back; what it left runs out as a dead holder's does.
    assert len(tried) >= 3
    with lease(folder, "locks/train/a", "other", lease_s=0.2, poll_s=0.05):
        assert [each.name[-1] for each in folder.objects("locks/train/a")] == ["2"]
