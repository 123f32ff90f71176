"""What can be refused before anything is started: wishes that exclude each other, files and devices that are not there.

Prefect takes a quarter of a minute to start, so commands look here first; flows look again, for those that a deployment
runs. Nothing here imports Prefect.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escgan.config import PipelineConfig
from escgan.device import choose_device
from escgan.errors import ConfigError
from escgan.recording import RecordingSource, subject_and_session
from flows.execution import ExecutionConfig, log_folder, need_runner
from flows.names import STAGES, StageName
from flows.server import refuse_pool_without_server
from storage.store import Store
from tasks.entries import RecordingEntry
from tasks.ledger import RunRecord, find_run
from tasks.stage import Mode


def refuse_hopeless(
    config: PipelineConfig,
    data: Path | None,
    store: Store,
    execution: ExecutionConfig,
    *,
    only: StageName | None = None,
    start: StageName | None = None,
    refresh: Sequence[StageName] = (),
    using: str | None = None,
) -> None:
    """Refuse a run that is known to fail from its options, from file names and from what the store remembers.

    Parameters
    ----------
    config, data, execution, only, start, refresh, using
        As the flow ``pipeline`` takes them.
    store
        Where an earlier run is looked for.

    Raises
    ------
    ConfigError
        Options exclude each other, a device, package, server, subject or earlier run is not there, or no data folder
        was named.
    RecordingError
        The data folder is not there or holds no recording of the corpus.
    """
    refuse_contradictions(using, data, only or start, refresh)
    stage_modes(only, start, refresh)
    refuse_absent(execution)
    refuse_pool_without_server(execution.gpu_pool)
    if using is not None:
        entries_of(config, using, find_run(store, using))
        return
    refuse_ingest_of_features(config, with_features=only is not StageName.INGEST)
    refuse_wrong_folder(config, data)
    if data is not None:
        found_sources(config, data)


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


def stage_modes(only: StageName | None, start: StageName | None, refresh: Sequence[StageName]) -> dict[str, Mode]:
    """Say for each stage whether it runs, is only reused, or is computed anew.

    Raises
    ------
    ConfigError
        If the wishes contradict each other.
    """
    if only and start:
        raise ConfigError("--only and --from exclude each other: give one of them.")
    first = only or start
    modes: dict[str, Mode] = {}
    for stage in STAGES:
        if first and STAGES.index(stage) < STAGES.index(first):
            modes[stage] = "reuse"
        if stage in refresh:
            if modes.get(stage) == "reuse":
                raise ConfigError(
                    f"--refresh {stage} contradicts {'--only' if only else '--from'} {first}, which takes {stage} "
                    "from the store: leave one of them out."
                )
            modes[stage] = "refresh"
    return modes


def refuse_absent(execution: ExecutionConfig) -> None:
    """Refuse a device and packages that are not here.

    Raises
    ------
    ConfigError
        The device, or the package of a runner or of TensorBoard, is not there.
    """
    if execution.gpu_pool is None:
        # A device that is not there is said at once; the best one is looked for by the first unit that computes.
        if execution.device != "auto":
            choose_device(execution.device)
        log_folder(execution)
    need_runner(execution)


def refuse_ingest_of_features(config: PipelineConfig, *, with_features: bool) -> None:
    """Refuse to stop after ``ingest`` where the corpus has nothing to ingest."""
    if config.features is None and not with_features:
        raise ConfigError(f"Corpus '{config.dataset.kind}' is distributed as features: there is nothing to ingest.")


def refuse_wrong_folder(config: PipelineConfig, data: Path | None) -> None:
    """Refuse a corpus without its folder, and a folder for a cohort that is simulated."""
    if hasattr(config.dataset, "materialize"):
        if data is not None:
            # Writing there could replace somebody's recordings of the same names.
            raise ConfigError("A simulated cohort is written into the store: leave --data out.")
    elif data is None:
        raise ConfigError(f"Corpus '{config.dataset.kind}' needs its files: say where they are with --data DIR.")


def found_sources(config: PipelineConfig, folder: Path) -> Sequence[RecordingSource]:
    """Return what a folder holds of the subjects that the configuration names, or of all, by file names alone.

    Raises
    ------
    ConfigError
        A subject is named that the folder does not hold.
    RecordingError
        The folder is not there or holds no recording.
    """
    sources = config.dataset.discover(folder)
    if config.subjects is None:
        return sources
    _refuse_missing(config.subjects, [source.subject for source in sources], "the data folder")
    return [source for source in sources if source.subject in config.subjects]


def entries_of(config: PipelineConfig, using: str, record: RunRecord) -> list[RecordingEntry]:
    """Return an earlier run's recordings of the subjects that the configuration names, or all.

    Raises
    ------
    ConfigError
        A subject is named that the run does not have.
    """
    if config.subjects is None:
        return list(record.recordings)
    subjects = [subject_and_session(entry.name)[0] for entry in record.recordings]
    _refuse_missing(config.subjects, subjects, f"run '{using}'")
    named = zip(record.recordings, subjects, strict=True)
    return [entry for entry, subject in named if subject in config.subjects]


def _refuse_missing(wanted: Sequence[str], found: Sequence[str], where: str) -> None:
    missing = [subject for subject in wanted if subject not in found]
    if missing:
        raise ConfigError(
            f"There is no subject {', '.join(missing)} in {where}: it holds {', '.join(dict.fromkeys(found))}; "
            "name subjects as they stand there."
        )
