"""Machines that work on one bucket at once, each a process with a cache of its own."""

import threading
from datetime import datetime

import pytest

from storage.errors import ArtifactCorrupt

KEY = "0123456789abcdef"

HOLD = """
import sys
from storage.remote_store import RemoteStore
with RemoteStore(sys.argv[1], lease_s=float(sys.argv[3])).lock("features", sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""

COMPUTE_ONCE = """
import sys, time
from storage.remote_store import RemoteStore
store = RemoteStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with store.lock("features", sys.argv[2]):
    if store.find("features", sys.argv[2]) is None:
        with store.create("features", sys.argv[2]) as draft:
            time.sleep(0.3)
            draft.file("features.h5").write_bytes(b"x")
        print("computed")
"""

PUBLISH = """
import sys
from storage.remote_store import RemoteStore
store = RemoteStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    with store.create("features", sys.argv[2]) as draft:
        draft.file("features.h5").write_bytes(sys.argv[3].encode() * 1000)
        draft.file("windows.parquet").write_bytes(sys.argv[3].encode())
"""


def test_machines_that_make_the_same_at_once_never_mix_it(machine, url, starts_on):
    running = [starts_on(name, PUBLISH, url, KEY, name) for name in ("a", "b")]
    for each in running:
        each.stdout.readline()
    for each in running:
        each.stdin.write("\n")
        each.stdin.flush()
    store = machine("c")
    seen = set()
    while any(each.poll() is None for each in running):
        ref = store.find("features", KEY)
        if ref is not None:
            try:
                artifact = store.open(ref)
            except ArtifactCorrupt as error:
                assert "holds content" in str(error)
                continue
            own = artifact.file("windows.parquet").read_text()
            assert artifact.file("features.h5").read_text() == own * 1000
            seen.add(own)
    assert all(each.returncode == 0 for each in running) and seen
    assert store.why_not("features", KEY) is None


def test_machines_that_share_a_store_compute_a_key_once(url, machine, starts_on):
    machine("a")
    running = [starts_on(name, COMPUTE_ONCE, url, KEY) for name in "abcd"]
    for each in running:
        each.stdout.readline()
    for each in running:
        each.stdin.write("\n")
        each.stdin.flush()
    assert sum("computed" in each.communicate(timeout=120)[0] for each in running) == 1


def test_the_lock_of_a_killed_machine_is_free_after_its_lease_and_at_once_on_that_machine(url, machine, starts_on):
    for name, at_least, at_most in (("b", 1.0, 20.0), ("a", 0.0, 1.5)):
        store = machine(name, lease_s=2.0)
        holder = starts_on("a", HOLD, url, KEY, 2.0)
        assert holder.stdout.readline() == "held\n"
        waited = threading.Event()
        if name == "b":
            # While it lives, however long that is, nobody else gets in.
            taken = threading.Event()

            def take(store=store, taken=taken, waited=waited):
                with store.lock("features", KEY, on_wait=waited.set):
                    taken.set()

            other = threading.Thread(target=take)
            other.start()
            assert waited.wait(20) and not taken.wait(5)
            holder.kill()
            began = datetime.now()
            other.join(30)
            assert taken.is_set()
        else:
            holder.kill()
            holder.wait()
            began = datetime.now()
            with store.lock("features", KEY, on_wait=lambda: pytest.fail("waited for a dead process")):
                pass
        assert at_least <= (datetime.now() - began).total_seconds() <= at_most
