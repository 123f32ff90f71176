"""What a run costs beside its work: help, a run from the cache, orchestration."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratio import Ratio, in_turns

CONFIG = """
name: overhead
dataset: {kind: simulated, n_subjects: 32, n_trials: 2}
features: {window_s: 3.0}
protocol: leave_one_subject_out
augmenters: [none, class_weight, {kind: escgan, network: {hidden: 2}, training: {epochs: 1}}]
classifiers: [logistic]
"""

TRIVIAL = """
import sys
from pathlib import Path
from flows.environment import prepare_prefect
prepare_prefect(Path(sys.argv[1]))
from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
    flow(lambda: 1, name="trivial")()
"""


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def ratios() -> list[Ratio]:
    """Measure ``escgan --help``, and a run of 32 subjects that computes nothing against a flow that does nothing."""
    took = in_turns({"help": lambda: _run("-m", "flows.cli", "--help")}, rounds=5)
    found = [Ratio("overhead: escgan --help", took["help"], 0.5, False, "s", "a process of its own")]
    with tempfile.TemporaryDirectory() as folder:
        config, store = Path(folder) / "overhead.yaml", str(Path(folder) / "store")
        config.write_text(CONFIG, encoding="utf-8")
        cached = ("-m", "flows.cli", "run", str(config), "--root", store)
        _run(*cached)
        sides = {"cached": lambda: _run(*cached), "trivial": lambda: _run("-c", TRIVIAL, store)}
        took = in_turns(sides, rounds=3)
    detail = f"{took['cached']:.1f} s against {took['trivial']:.1f} s of a Prefect flow that does nothing"
    difference = took["cached"] - took["trivial"]
    found.append(Ratio("overhead: a cached run of 32 subjects", difference, 3, False, "s", detail))
    return found
