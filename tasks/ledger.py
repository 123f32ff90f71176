"""What each run used and made, noted in the store, so that a later run can start from it by a name.

A run is addressed by its id (or the beginning of it), by its report's key, or by its configuration's name, which means
the newest run of that name: where its scores are asked for, the newest that came to its report. No raw file is needed
then: what it measured is in the store.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.recording import subject_and_session
from storage.manifest import ArtifactRef, Manifest
from storage.store import Store
from tasks.entries import RecordingEntry
from tasks.features import distributed_features, features
from tasks.identity import KnownSource
from tasks.recordings import ingest

_SHORTEST = 4


class RunRecord(BaseModel):
    """A run as the store remembers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    """The configuration's."""
    began: datetime = Field(default_factory=lambda: datetime.now(UTC))
    recordings: tuple[RecordingEntry, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    report: ArtifactRef | None = None
    """None until the run has come to its end."""
    verdict: str = ""


def note_run(store: Store, record: RunRecord) -> None:
    """Write down what a run used and made so far."""
    store.runs.write(record.id, record.model_dump_json())


def known_runs(store: Store) -> list[RunRecord]:
    """Return the runs that the store remembers, the oldest first."""
    found = []
    for text in store.runs.read_all().values():
        try:
            found.append(RunRecord.model_validate_json(text))
        except ValidationError:
            # Of another version, or damaged: its artifacts are what counts.
            continue
    return sorted(found, key=lambda record: record.began)


def find_run(store: Store, address: str, *, reported: bool = False) -> RunRecord:
    """Return the run that an id, a report's key or a configuration's name means.

    Parameters
    ----------
    store
        The store that remembers it.
    address
        What names the run.
    reported
        Of a name's runs, take the newest that came to its report, and another only where none did: a stage that was run
        alone since does not hide the scores that there are.

    Raises
    ------
    ConfigError
        If it means none, or several.
    """
    runs = known_runs(store)
    named = [record for record in runs if record.name == address]
    if named:
        ended = [record for record in named if record.report is not None] if reported else []
        return (ended or named)[-1]
    key = address.removeprefix("report/")
    if len(key) >= _SHORTEST:
        by_id = [record for record in runs if record.id.startswith(address)]
        by_key = [record for record in runs if record.report is not None and record.report.key.startswith(key)]
        # Runs that found their report in the store share its key, and all that it was made from.
        meant = len(by_id) + len({record.report.key for record in by_key if record.report is not None})
        if meant == 1:
            return (by_id or by_key)[-1]
        if meant:
            raise ConfigError(f"Several runs in {store.address} begin with '{address}': give more of the id or key.")
    names = ", ".join(dict.fromkeys(record.name for record in runs))
    raise ConfigError(
        f"No run '{address}' is known to the store {store.address}: "
        + (f"it knows runs of {names}; see `escgan runs`." if names else "it knows none yet.")
    )


def measured_as(store: Store, entry: RecordingEntry, config: PipelineConfig) -> bool:
    """Tell whether a recording was read, preprocessed and measured as this configuration and this version would.

    Every key is computed anew from the stored inputs, so that nothing else than the very same passes.
    """
    if (entry.recording is None) != (config.features is None):
        return False
    made = store.manifest(entry.features.stage, entry.features.key)
    if made is None:
        return False
    if config.features is None:
        return distributed_features.key(_source(entry, made), config.dataset) == made.key
    if entry.recording is None or features.key(entry.recording, config.features) != made.key:
        return False
    read = store.manifest(entry.recording.stage, entry.recording.key)
    return read is not None and ingest.key(_source(entry, read), config.dataset, config.preprocessing) == read.key


def _source(entry: RecordingEntry, made: Manifest) -> KnownSource:
    subject, session = subject_and_session(entry.name)
    files = {given["file"]: given["sha256"] for given in made.inputs if "file" in given}
    return KnownSource(subject, session, files)
