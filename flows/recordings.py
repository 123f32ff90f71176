"""From a corpus' files to the features of every usable recording."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from escgan.config import PipelineConfig
from escgan.datasets.duplicates import duplicate_trials
from escgan.errors import ConfigError, EscganError, RecordingError
from escgan.recording import RecordingSource, recording_name, subject_and_session
from flows.fan import Execution, Unit, all_or_raise, fan
from flows.names import StageName
from storage.errors import ArtifactMissing
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.features import distributed_features, feature_fingerprints, features
from tasks.ledger import find_run, measured_as
from tasks.progress import announce
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
    entries = list(record.recordings)
    if config.subjects is not None:
        found = list(dict.fromkeys(subject_and_session(entry.name)[0] for entry in entries))
        _refuse_missing(config.subjects, found, f"run '{using}'")
        entries = [entry for entry in entries if subject_and_session(entry.name)[0] in config.subjects]
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
        announce(stage.name, n)
        execution.tally.count(stage.name, 0, n)
    return entries, record.left_out


def refuse_contradictions(
    using: str | None, data: Path | None, first: StageName | None, refresh: Sequence[StageName]
) -> None:
    """Refuse wishes that an earlier run's features cannot fulfil."""
    if using is None:
        return
    if data is not None:
        raise ConfigError("--using takes features from an earlier run, and --data files to read: give one of them.")
    measuring = (StageName.INGEST, StageName.FEATURES)
    for stage in (first, *refresh):
        if stage in measuring:
            raise ConfigError(f"--using takes what {stage} makes from an earlier run: give --data instead.")


def _refuse_missing(wanted: Sequence[str], found: Sequence[str], where: str) -> None:
    missing = [subject for subject in wanted if subject not in found]
    if missing:
        raise ConfigError(
            f"There is no subject {', '.join(missing)} in {where}: it holds {', '.join(found)}; "
            "name subjects as they stand there."
        )


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
    _refuse_missing(config.subjects, found, "the data folder")
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
