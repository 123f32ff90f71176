"""A simulated corpus in DEAP's layout, with known truth: for trying, testing and measuring the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt

from escgan.datasets.corpus import SignalCorpus, existing_folder
from escgan.datasets.deap import DeapConfig, read_deap, subject_files
from escgan.datasets.deap_writer import write_deap, write_whole
from escgan.datasets.simulation import draw_subject, simulate_ratings, simulate_trial, source_table
from escgan.errors import RecordingError
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource

TRUTH_FILE = "truth.json"
# Part of what a folder must match: raise it when a change to the physics changes the bytes.
_VERSION = 3


class SimulatedConfig(SignalCorpus):
    """A cohort whose sources, rhythms and class effect are chosen here."""

    title: ClassVar[str] = "Simulated cohort in DEAP's layout"
    in_text: ClassVar[str] = "a simulated cohort in DEAP's layout"
    licence: ClassVar[str] = "made by this program, free of terms"
    citation: ClassVar[str] = "none: simulated data"
    note: ClassVar[str] = (
        "A simulation with known truth: dipoles in a spherical head, whose frontal alpha and temporal beta "
        "and gamma change with the class. A result here says whether the pipeline works, and nothing about "
        "people or emotion."
    )
    access: ClassVar[str] = "made on the spot"
    expects: ClassVar[str] = "s01.dat, s02.dat, ... as this program writes them"
    default_bands: ClassVar[str] = DeapConfig.default_bands
    default_window_s: ClassVar[float] = DeapConfig.default_window_s
    default_baseline: ClassVar[Literal["none", "subtract"]] = DeapConfig.default_baseline

    kind: Literal["simulated"] = "simulated"
    n_subjects: PositiveInt = 8
    """Subjects in the cohort; adding some leaves the others' files as they are."""
    n_trials: Annotated[int, Field(ge=2)] = 12
    """Trials a subject."""
    effect: NonNegativeFloat = 1.0
    """Class difference in log-amplitude, in units of the built-in one; 0 is a world without any."""
    minority_share: Annotated[float, Field(gt=0, le=0.5)] = 0.25
    """Share of low-valence trials in every subject; at least one trial of each class is kept."""
    sensor_noise_uv: NonNegativeFloat = 2.0
    """Standard deviation of each electrode's own noise in microvolts, before the band-pass."""
    seed: int = 0
    """Seed of the cohort."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the cohort's subjects; files of further subjects in the folder are left alone."""
        folder = existing_folder(data, type(self))
        found = {source.subject: source for source in subject_files(folder)}
        missing = [subject for subject in self.subjects() if subject not in found]
        if missing:
            raise RecordingError(
                f"The simulated cohort in '{folder}' lacks subject {', '.join(missing)}: simulate it again, "
                "or set n_subjects to the number that is there."
            )
        return tuple(found[subject] for subject in self.subjects())

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject exactly as a DEAP file is read."""
        return read_deap(source, self.n_trials)

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return no step, as for DEAP."""
        return DeapConfig().default_preprocessing()

    def default_labels(self) -> dict[str, Any]:
        """Return low against high valence, as for DEAP."""
        return DeapConfig().default_labels()

    def materialize(self, folder: Path, on_subject: Callable[[int, int], None] | None = None) -> Path:
        """Make sure that a folder holds exactly this cohort, and return the folder.

        ``on_subject`` is called with the number of subjects written so far and their total; never where the
        cohort is already there.
        """
        if not _holds(folder, self):
            write_cohort(folder, self, on_subject)
        return folder

    def subjects(self) -> list[str]:
        """Return the subjects' names, ``01`` onwards."""
        return [f"{number:02d}" for number in range(1, self.n_subjects + 1)]


def write_cohort(folder: Path, config: SimulatedConfig, on_subject: Callable[[int, int], None] | None = None) -> None:
    """Simulate a cohort and write it: one DEAP file a subject, then ``truth.json`` with what is true of it.

    The truth is written last, so a folder with it holds a whole cohort.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # From here on the folder holds no cohort until the last file is written.
    (folder / TRUTH_FILE).unlink(missing_ok=True)
    subjects = {}
    for number, name in enumerate(config.subjects(), start=1):
        drawn = draw_subject(config.seed, number, config.n_trials, config.minority_share, config.effect)
        trials = [
            simulate_trial(config.seed, number, trial, drawn, config.sensor_noise_uv)
            for trial in range(config.n_trials)
        ]
        path = folder / f"s{name}.dat"
        write_deap(path, np.stack(trials), simulate_ratings(config.seed, number, drawn.high))
        subjects[name] = {
            "bytes": path.stat().st_size,
            "effect": drawn.effect,
            "classes": ["high valence" if high else "low valence" for high in drawn.high],
        }
        if on_subject is not None:
            on_subject(number, config.n_subjects)
    truth = {
        "version": _VERSION,
        "config": config.model_dump(mode="json"),
        "effect": config.effect,
        "sources": source_table(),
        "subjects": subjects,
    }
    write_whole(folder / TRUTH_FILE, json.dumps(truth, indent=2).encode())


def _holds(folder: Path, config: SimulatedConfig) -> bool:
    """Whether the folder's truth is this configuration's and its files have the sizes it gives."""
    try:
        truth = json.loads((folder / TRUTH_FILE).read_text())
        if (truth["version"], truth["config"]) != (_VERSION, config.model_dump(mode="json")):
            return False
        sizes = {f"s{name}.dat": facts["bytes"] for name, facts in truth["subjects"].items()}
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        # No truth, or none that can be read: not this cohort.
        return False
