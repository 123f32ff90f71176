"""From a corpus' files to the features of every usable recording."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from escgan.config import PipelineConfig
from escgan.datasets.duplicates import duplicate_trials
from escgan.errors import ConfigError, EscganError, RecordingError
from escgan.recording import recording_name
from flows.fan import Execution, Unit, all_or_raise, fan
from flows.preconditions import entries_of, found_sources, refuse_ingest_of_features, refuse_wrong_folder
from storage.errors import ArtifactMissing
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.entries import RecordingEntry
from tasks.features import distributed_features, feature_fingerprints, features
from tasks.ledger import find_run, measured_as
from tasks.progress import Counts, announce, conclude
from tasks.recordings import ingest, trial_fingerprints
from tasks.separation import read_notices, separation

LOG = logging.getLogger("escgan")


def measure(
    config: PipelineConfig, data: Path | None, execution: Execution, *, with_features: bool
) -> tuple[list[RecordingEntry], tuple[tuple[str, str], ...]]:
    """Ingest every recording and measure its features; also say which were left out, and why."""
    sources = found_sources(config, data_folder(config, data, execution.store))
    named = {recording_name(source.subject, source.session): source for source in sources}
    refuse_ingest_of_features(config, with_features=with_features)
    if config.features is None:
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


def measured_before(
    config: PipelineConfig, using: str, execution: Execution
) -> tuple[list[RecordingEntry], tuple[tuple[str, str], ...]]:
    """Return the recordings of an earlier run, whose features the store holds; also which it had left out, and why.

    Raises
    ------
    ConfigError
        There is no such run, it measured otherwise than this configuration asks, or a subject is not among them.
    ArtifactMissing
        The store holds its features no more.
    """
    store = execution.store
    record = find_run(store, using)
    entries = entries_of(config, using, record)
    for entry in entries:
        for ref in (entry.recording, entry.features):
            if ref is not None and store.find(ref.stage, ref.key) != ref:
                reason = store.why_not(ref.stage, ref.key) or "it was computed anew since"
                raise ArtifactMissing(
                    f"Stage '{ref.stage}' of {entry.name}, which run '{using}' used, is not in the store "
                    f"{store.address} ({reason}): run `escgan run` with --data in place of --using, to make it."
                )
        if not measured_as(store, entry, config):
            raise ConfigError(
                f"Run '{using}' read, preprocessed or measured {entry.name} otherwise than this configuration and this "
                "version do: give the configuration of that run, or --data in place of --using."
            )
    for stage in (ingest, features):
        n = sum(ref is not None and ref.stage == stage.name for entry in entries for ref in entry[1:])
        announce(stage.name, 0, n)
        conclude(stage.name, Counts(stored=n))
        execution.tally.count(stage.name, 0, n)
    return entries, record.left_out


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


def revealing_bands(
    config: PipelineConfig, recordings: Sequence[RecordingEntry], execution: Execution
) -> tuple[str, ...]:
    """Say, as a warning as well, which bands give a class away by themselves: before anything is trained."""
    science = (tuple(entry.features for entry in recordings), config.labels)
    ref = all_or_raise(fan(separation, [Unit(config.name, science)], execution))[config.name]
    notices = read_notices(execution.store.open(ref))
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
    refuse_wrong_folder(config, data)
    materialize: Any = getattr(config.dataset, "materialize", None)
    return Path(materialize(store.root / "simulated" / config.name) if data is None else data)


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
