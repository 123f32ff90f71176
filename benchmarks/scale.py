"""Ingest and features of more and more recordings: seconds and memory against their number."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from benchmarks.ratio import Ratio

COUNTS = (25, 50, 100)

# In a process of its own, so that its peak memory is its own.
WORKER = """
import json, shutil, sys, time
from pathlib import Path
from escgan.datasets.simulated import SimulatedConfig
from escgan.features import FeatureConfig
from storage.store import Store
from tasks.features import features
from tasks.recordings import ingest
from flows.side_by_side import one_thread_each, quiet_mne
n, folder = int(sys.argv[1]), Path(sys.argv[2])
cohort = SimulatedConfig(n_subjects=2, n_trials=4)
source = cohort.discover(cohort.materialize(folder / "data"))[0]
store = Store(folder / f"store-{n}")
config = FeatureConfig(bands="esc-gan-4hz", window_s=2.0, baseline="subtract")
seconds = 0.0
with one_thread_each(), quiet_mne():
    for i in range(n):
        # A file of its own for each, as many subjects would have; making it is not counted.
        path = folder / f"copy-{i}" / source.files[0].name
        path.parent.mkdir()
        shutil.copyfile(source.files[0], path)
        own = type(source)(subject=f"{i}", session=source.session, files=(path,))
        began = time.perf_counter()
        ref, _ = ingest.execute(store, str(i), (own, cohort, ()))
        features.execute(store, str(i), (ref, config), mode="refresh")
        seconds += time.perf_counter() - began
        shutil.rmtree(path.parent)
# Not getrusage: its maximum counts what the parent held before this process was another.
status = Path("/proc/self/status").read_text()
peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps([seconds, int(peak) / 1024]))
"""


def measure(n: int) -> tuple[float, float]:
    """Return seconds and peak memory in MiB of ``n`` recordings through ingest and features, on one core."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", WORKER, str(n), folder], check=True, capture_output=True, text=True
        )
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def ratios(counts: tuple[int, ...] = COUNTS) -> list[Ratio]:
    """Measure growing numbers of recordings: the cost of each must stay, and so must memory."""
    took = {n: measure(n) for n in counts}
    few, many = min(counts), max(counts)
    told = ", ".join(f"{n}: {s:.1f} s, {mb:.0f} MiB" for n, (s, mb) in took.items())
    return [
        Ratio("scale: seconds a recording, the most against the fewest",
              (took[many][0] / many) / (took[few][0] / few), 1.15, False, "times", told, "1 is linear"),
        Ratio("scale: peak memory of a worker", max(mb for _, mb in took.values()) / 1024, 1.5, False, "GiB", told),
    ]  # fmt: skip
