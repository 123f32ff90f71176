"""A stage as a Prefect task whose cache hits mean "present and right".

Prefect keeps a small JSON record a result: the artifact's stage, key and digest. Before Prefect looks for a
record, the cache policy compares it with the store and deletes it when the artifact behind it is missing or
damaged, or when the record is anything but the reference that belongs there. Records that name another
serializer (a planted pickle) are so never read by Prefect at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.context import TaskRunContext

from escgan.errors import EscganError
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.packs import execute_pack
from tasks.stage import Mode, Stage

_COMPUTED = "computed"


@dataclass
class VerifiedArtifact(CachePolicy):
    """The cache policy of every stage: its science key, and no record that the store does not confirm."""

    stage: Stage | None = field(default=None)
    store: Store | None = field(default=None)

    def compute_key(
        self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any
    ) -> str | None:
        """Return the key, after dropping a record that the store does not confirm."""
        if self.stage is None or self.store is None:
            return None
        key = self.stage.key(*inputs["science"])
        record = self.store.records / key
        if record.exists():
            found = self.store.find(self.stage.name, key)
            if found is None or not _confirms(record, found):
                record.unlink(missing_ok=True)
        return key


def stage_task(
    stage: Stage, store: Store, *, device: str, mode: Mode, tensorboard: Path | None = None
) -> Task[..., dict[str, Any]]:
    """Make the Prefect task that runs units of a stage against a store.

    The task takes ``science`` (a tuple) and ``unit`` (a name for people), and returns a reference as a dict with
    ``computed``: whether it was computed rather than found. It can be sent to another process.
    """

    def execute(science: tuple[Any, ...], unit: str) -> dict[str, Any]:
        ref, computed = stage.execute(store, unit, tuple(science), device=device, mode=mode, tensorboard=tensorboard)
        return _told(ref, computed)

    return Task(
        fn=execute,
        name=stage.name,
        task_run_name=f"{stage.name} {{unit}}",
        version=str(stage.version),
        # No tags: each would cost a request for a concurrency slot a unit, ten times the unit's own bookkeeping.
        cache_policy=VerifiedArtifact(stage=stage, store=store),
        persist_result=True,
        result_storage=store.records,
        result_serializer="json",
        cache_result_in_memory=False,
        refresh_cache=mode == "refresh",
        log_prints=False,
    )


def pack_task(
    stage: Stage, store: Store, *, device: str, mode: Mode, tensorboard: Path | None = None
) -> Task[..., dict[str, dict[str, Any] | EscganError]]:
    """Make the Prefect task that runs several units of a stage as one program.

    The task takes each unit's science by its name, and returns for each what the stage's task would, or its error: one
    unit's failure is none of the others'. What it has made is found in the store, so that Prefect keeps no record.
    """

    def execute(units: dict[str, tuple[Any, ...]], pack: str) -> dict[str, dict[str, Any] | EscganError]:
        results = execute_pack(stage, store, units, device=device, mode=mode, tensorboard=tensorboard)
        return {unit: result if isinstance(result, EscganError) else _told(*result) for unit, result in results.items()}

    return Task(
        fn=execute,
        name=stage.name,
        task_run_name=f"{stage.name} {{pack}}",
        version=str(stage.version),
        cache_policy=NO_CACHE,
        persist_result=False,
        log_prints=False,
    )


def reference(result: dict[str, Any]) -> tuple[ArtifactRef, bool]:
    """Turn a task's result back into a reference, and whether the task computed it."""
    fields = dict(result)
    computed = bool(fields.pop(_COMPUTED))
    return ArtifactRef(**fields), computed


def _told(ref: ArtifactRef, computed: bool) -> dict[str, Any]:
    return asdict(ref) | {_COMPUTED: computed}


def _confirms(record: Path, found: ArtifactRef) -> bool:
    try:
        content = json.loads(record.read_bytes())
        if content["metadata"]["serializer"]["type"] != "json":
            return False
        ref, _ = reference(json.loads(content["result"]))
        return ref == found
    except (OSError, ValueError, KeyError, TypeError):
        return False
