"""Disks that are full or closed, clocks that go back, memory that runs out: one sentence, and nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess

import pytest

from storage.store import Store
from tests.faults.commands import digests, faults_of, finish, leftovers, start, write_config

pytestmark = pytest.mark.faults

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")


@pytest.fixture
def disk(tmp_path):
    """Mount a small disk of its own; gives its folder and what remounts it with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "escgan-test", str(folder)], check=True)

    mount("size=12m")
    yield folder, lambda options: mount(f"remount,{options}")
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def told(said):
    """The one sentence for the user."""
    lines = [line for line in said.splitlines() if line.startswith("escgan: ")]
    assert "Traceback" not in said, said
    return lines[-1]


@needs_root
def test_a_full_disk_is_said_in_one_sentence_and_with_more_room_the_run_goes_on(tmp_path, cohort, disk):
    folder, remount = disk
    config, root = write_config(tmp_path / "small.yaml"), folder / "store"

    def run():
        process = start(
            "run", config, "--data", cohort, "--root", root, "--device", "cpu", PREFECT_HOME=str(tmp_path / "p")
        )
        return finish(process), process.returncode

    said, code = run()
    assert code == 4 and "the disk is full: free some space and run again." in told(said), said
    assert faults_of(root) == {}
    kept = digests(root)
    remount("size=200m")
    said, code = run()
    assert code == 0, said
    assert kept.items() <= digests(root).items() and len(digests(root)) == 25
    assert faults_of(root) == {} and leftovers(root) == []


@needs_root
def test_a_store_that_may_only_be_read_is_read_and_is_said_to_be_closed(tmp_path, finished, cohort, disk):
    folder, remount = disk
    remount("size=200m")
    root = folder / "store"
    shutil.copytree(finished[0], root)
    remount("ro")
    code = (listing := start("artifacts", "verify", "--root", root)).wait(120)
    assert code == 0 and "0 damaged" in listing.communicate()[0]
    config = write_config(tmp_path / "small.yaml")
    said = finish(process := start("run", config, "--data", cohort, "--root", root, PREFECT_HOME=str(tmp_path / "p")))
    assert process.returncode == 4 and "read-only: choose a store folder that you may write to." in told(said), said


def test_memory_that_runs_out_leaves_what_was_finished(tmp_path, cohort):
    config, root = write_config(tmp_path / "small.yaml"), tmp_path / "store"
    limit = 2_500 * 2**20
    process = start("run", config, "--data", cohort, "--root", root, "--device", "cpu",
                    before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))  # fmt: skip
    said = finish(process)
    if process.returncode == 0:
        pytest.skip("this machine needs less than the limit")
    assert not root.exists() or faults_of(root) == {}, said
    said = finish(again := start("run", config, "--data", cohort, "--root", root, "--device", "cpu"))
    assert again.returncode == 0 and len(digests(root)) == 25 and faults_of(root) == {}, said


def test_a_clock_that_goes_back_changes_nothing(tmp_path, cohort, finished):
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.skip("faketime is not installed")
    root = tmp_path / "store"
    shutil.copytree(finished[0], root)
    config = write_config(tmp_path / "small.yaml", classifiers=["logistic", "lda"])
    library = subprocess.run([faketime, "-m", "-f", "-400d", "sh", "-c", "echo $LD_PRELOAD"], check=True,
                             capture_output=True, text=True).stdout.strip()  # fmt: skip
    past = {"LD_PRELOAD": library, "FAKETIME": "-400d", "FAKETIME_DONT_RESET": "1"}
    said = finish(process := start("run", config, "--data", cohort, "--root", root, "--device", "cpu", **past))
    assert process.returncode == 0 and "evaluate 8" in said, said
    assert min(m.created for m in Store(root).list("evaluate")) < min(m.created for m in Store(root).list("ingest"))
    assert faults_of(root) == {} and leftovers(root) == []


def test_a_place_with_spaces_and_letters_of_all_kinds_is_a_place(tmp_path, cohort):
    place = tmp_path / "ein Ordner – 実験 é"
    place.mkdir()
    data = shutil.copytree(cohort, place / "Daten ü")
    config = write_config(place / "Versuch 1.yaml")
    said = finish(process := start("run", config, "--data", data, "--root", place / "Ablage ß", "--device", "cpu"))
    assert process.returncode == 0 and len(digests(place / "Ablage ß")) == 25, said
