"""From a corpus' files to the features of every usable recording."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from escgan.config import PipelineConfig
from escgan.datasets.duplicates import duplicate_trials
from escgan.errors import ConfigError, EscganError, RecordingError
from escgan.recording import RecordingSource, recording_name
from flows.fan import Execution, Unit, all_or_raise, fan
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.features import distributed_features, feature_fingerprints, features
from tasks.recordings import ingest, trial_fingerprints
from tasks.reporting import RecordingEntry

LOG = logging.getLogger("escgan")


def measure(
    config: PipelineConfig, data: Path | None, execution: Execution, *, with_features: bool
) -> tuple[list[RecordingEntry], tuple[tuple[str, str], ...]]:
    """Ingest every recording and measure its features; also say which were left out, and why."""
    sources = chosen_sources(config, config.dataset.discover(data_folder(config, data, execution.store)))
    named = {recording_name(source.subject, source.session): source for source in sources}
    if config.features is None:
        if not with_features:
            raise ConfigError(f"Corpus '{config.dataset.kind}' is distributed as features: there is nothing to ingest.")
        units = [Unit(name, (source, config.dataset)) for name, source in named.items()]
        measured, unread = _usable(config, fan(distributed_features, units, execution))
        return [RecordingEntry(name, None, ref) for name, ref in measured.items()], unread
    units = [Unit(name, (source, config.dataset, config.preprocessing)) for name, source in named.items()]
    ingested, unread = _usable(config, fan(ingest, units, execution))
    if not with_features:
        return [], unread
    units = [Unit(name, (ref, config.features)) for name, ref in ingested.items()]
    measured, unmeasured = _usable(config, fan(features, units, execution))
    entries = [RecordingEntry(name, ingested[name], ref) for name, ref in measured.items()]
    return entries, unread + unmeasured


def chosen_sources(config: PipelineConfig, sources: Sequence[RecordingSource]) -> Sequence[RecordingSource]:
    """Return the sources of the subjects that the configuration names, or all.

    Raises
    ------
    ConfigError
        A subject is named that the folder does not hold.
    """
    if config.subjects is None:
        return sources
    found = list(dict.fromkeys(source.subject for source in sources))
    missing = [subject for subject in config.subjects if subject not in found]
    if missing:
        raise ConfigError(
            f"There is no subject {', '.join(missing)} in the data folder: it holds {', '.join(found)}; "
            "name subjects as they stand there."
        )
    return [source for source in sources if source.subject in config.subjects]


def odd_recordings(store: Store, recordings: Sequence[RecordingEntry]) -> tuple[str, ...]:
    """Say, as a warning as well, what a reader of the scores has to know about the recordings."""
    notices = duplicate_trials(
        {
            entry.name: trial_fingerprints(store.open(entry.recording))
            if entry.recording
            else feature_fingerprints(store.open(entry.features))
            for entry in recordings
        }
    )
    for notice in notices:
        LOG.warning("%s", notice)
    return notices


def data_folder(config: PipelineConfig, data: Path | None, store: Store) -> Path:
    """Return the folder with the corpus' files, writing it first for a simulated cohort.

    Raises
    ------
    ConfigError
        If no folder was given for a corpus that needs one, or one for a cohort that is simulated.
    """
    materialize = getattr(config.dataset, "materialize", None)
    if materialize is not None:
        if data is not None:
            # Writing there could replace somebody's recordings of the same names.
            raise ConfigError("A simulated cohort is written into the store: leave --data out.")
        return Path(materialize(store.root / "simulated" / config.name))
    if data is None:
        raise ConfigError(f"Corpus '{config.dataset.kind}' needs its files: say where they are with --data DIR.")
    return data


def _usable(
    config: PipelineConfig, results: dict[str, ArtifactRef | EscganError]
) -> tuple[dict[str, ArtifactRef], tuple[tuple[str, str], ...]]:
    """Part the usable recordings from the others; raise unless the others may be left out."""
    if config.on_bad_recording == "stop":
        return all_or_raise(results), ()
    bad = tuple((name, str(error)) for name, error in results.items() if isinstance(error, RecordingError))
    for name, reason in bad:
        LOG.warning("%s is left out: %s", name, reason)
    usable = all_or_raise({name: r for name, r in results.items() if not isinstance(r, RecordingError)})
    if not usable:
        raise RecordingError(f"None of the {len(bad)} recordings can be used; the first: {bad[0][1]}")
    return usable, bad
