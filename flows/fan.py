"""Mapping a stage over its units: submit all, wait for all, keep what succeeded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner

from escgan.errors import EscganError, RecordingError
from escgan.listing import first_of
from flows.execution import ExecutionConfig
from flows.pool import POOLED, PoolRuns
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.caching import pack_task, reference, stage_task
from tasks.packs import make_packs, pack_size
from tasks.progress import Counts, announce, conclude, report_share
from tasks.stage import Mode, Stage

_MOST_NAMED = 10
# A store elsewhere answers late, and several at once no later.
_LOOKS_AT_ONCE = 8
# What Prefect calls the state of a task that it took from its records.
_CACHED = "Cached"


class Unit(NamedTuple):
    """One piece of a stage's work: its name for people and its science arguments."""

    name: str
    science: tuple[Any, ...]


@dataclass
class Tally:
    """How many units of each stage were computed and how many reused."""

    computed: dict[str, int] = field(default_factory=dict)
    reused: dict[str, int] = field(default_factory=dict)

    def count(self, stage: str, computed: int, reused: int) -> None:
        """Count a stage's units."""
        self.computed[stage] = self.computed.get(stage, 0) + computed
        self.reused[stage] = self.reused.get(stage, 0) + reused


@dataclass(frozen=True)
class Execution:
    """How stages are executed; nothing of it enters a cache key."""

    store: Store
    device: str
    modes: dict[str, Mode]
    tally: Tally
    shows_hits: bool = True
    """Whether units that the store holds become task runs as well, for a server that people look at."""
    pack: int | None = None
    """Most folds that are trained as one program; None: what suits the device."""
    runner: TaskRunner[Any] | None = None
    """Where units are computed; None: where the flow's own runner computes its tasks."""
    tensorboard: Path | None = None
    """Folder for the loss terms of trainings; None: they are not logged."""
    pooled: ExecutionConfig | None = None
    """How augmenters are trained on a work pool; None: here, like all else."""

    def submit(self, task: Task[..., Any], **parameters: Any) -> PrefectFuture[Any]:
        """Submit a task to the runner."""
        return task.submit(**parameters) if self.runner is None else self.runner.submit(task, parameters)


def fan(stage: Stage, units: Sequence[Unit], execution: Execution) -> dict[str, ArtifactRef | EscganError]:
    """Run a stage over units; a unit that fails with a user's error leaves that error in its place.

    All units are waited for before any error is looked at, so that nothing finished is lost. Errors that are not
    written for the user (a defect, a full disk) are raised, again after all units have ended.
    """
    computed = reused = 0
    mode = execution.modes.get(stage.name, "run")
    options: _Options = {"device": execution.device, "mode": mode, "tensorboard": execution.tensorboard}
    if execution.pooled is not None and stage.name in POOLED and mode != "reuse":
        return _fan_on_pool(stage, units, execution, execution.pooled, mode)
    looks = mode != "refresh" and not (execution.shows_hits and stage.together is None)
    stored = _stored(stage, units, execution.store) if looks else {}
    packs = [] if mode == "reuse" else _packs(stage, [unit for unit in units if unit.name not in stored], execution)
    packed = {unit.name for pack in packs for unit in pack}
    hits = {} if execution.shows_hits else stored
    announce(stage.name, len(units) - len(hits), len(hits))
    task = stage_task(stage, execution.store, **options)
    futures: dict[str, PrefectFuture[Any]] = {}
    for pack in packs:
        together = pack_task(stage, execution.store, **options)
        future = execution.submit(together, units={unit.name: unit.science for unit in pack}, pack=_pack_name(pack))
        futures |= dict.fromkeys((unit.name for unit in pack), future)
    for unit in units:
        if unit.name not in hits and unit.name not in packed:
            futures[unit.name] = execution.submit(task, science=unit.science, unit=unit.name)
    for name, future in futures.items():
        future.add_done_callback(partial(_ended, stage.name, name))
    results: dict[str, ArtifactRef | EscganError] = {}
    failure: BaseException | None = None
    for name in (unit.name for unit in units):
        if name in hits:
            results[name] = hits[name]
            reused += 1
            continue
        future = futures[name]
        future.wait()
        try:
            result = future.result()
            found = result[name] if name in packed else result
            if isinstance(found, EscganError):
                results[name] = found
                continue
            results[name], fresh = reference(found)
            # What Prefect kept was computed by the run that it kept it for.
            if fresh and future.state.name != _CACHED:
                computed += 1
            else:
                reused += 1
        except EscganError as error:
            results[name] = error
        except Exception as error:
            failure = failure or error
    _conclude(stage.name, len(units), computed, reused, execution.tally)
    if failure is not None:
        raise failure
    return results


def _fan_on_pool(
    stage: Stage, units: Sequence[Unit], execution: Execution, pooled: ExecutionConfig, mode: Mode
) -> dict[str, ArtifactRef | EscganError]:
    """Let a pool compute what the store does not hold; what it has made is then found there."""
    stored = {} if mode == "refresh" else _stored(stage, units, execution.store)
    announce(stage.name, len(units) - len(stored), len(stored))
    missing = {unit.name: unit.science for unit in units if unit.name not in stored}
    packs = make_packs(stage, missing, pooled.pack or 1) if stage.together else []
    packed = {name for pack in packs for name in pack}
    packs += [[name] for name in missing if name not in packed]
    made: dict[str, ArtifactRef | EscganError] = {}
    if packs:
        runs = PoolRuns(stage, execution.store, pooled, partial(_ended, stage.name), mode=mode)
        made = runs.compute([{name: missing[name] for name in pack} for pack in packs])
    computed = sum(isinstance(result, ArtifactRef) for result in made.values())
    _conclude(stage.name, len(units), computed, len(stored), execution.tally)
    return {unit.name: stored[unit.name] if unit.name in stored else made[unit.name] for unit in units}


class _Options(TypedDict):
    device: str
    mode: Mode
    tensorboard: Path | None


def _packs(stage: Stage, units: Sequence[Unit], execution: Execution) -> list[list[Unit]]:
    """Return the units that are to be computed together. Where none is missing, no device is looked for."""
    most = pack_size(stage, execution.pack, execution.device) if units else 0
    if not most:
        return []
    by_name = {unit.name: unit for unit in units}
    return [[by_name[name] for name in pack] for pack in make_packs(stage, {u.name: u.science for u in units}, most)]


def _pack_name(pack: Sequence[Unit]) -> str:
    first = pack[0].name
    return first if len(pack) == 1 else f"{first} and {len(pack) - 1} more"


def _stored(stage: Stage, units: Sequence[Unit], store: Store) -> dict[str, ArtifactRef]:
    """Return the units that the store holds whole. Prefect takes ten milliseconds to learn as much of each."""

    def look(unit: Unit) -> ArtifactRef | None:
        try:
            return stage.lookup(store, unit.science)
        except EscganError:
            # Its task will meet the same error, and is where errors of units are looked for.
            return None

    with ThreadPoolExecutor(max(_LOOKS_AT_ONCE, os.cpu_count() or 1)) as pool:
        found = pool.map(look, units)
    return {unit.name: ref for unit, ref in zip(units, found, strict=True) if ref is not None}


def _conclude(stage: str, n_units: int, computed: int, reused: int, tally: Tally) -> None:
    tally.count(stage, computed, reused)
    conclude(stage, Counts(computed, reused, n_units - computed - reused))


def _ended(stage: str, unit: str, future: object = None) -> None:
    report_share(stage, unit, 1.0)


def all_or_raise(results: dict[str, ArtifactRef | EscganError]) -> dict[str, ArtifactRef]:
    """Return the references, or raise the first unit's error; units that failed beside it are named.

    A recording's error names the recording itself. Any other is given the names of the units that ended with its
    words, unless all of them did: then it is no unit's own.
    """
    errors = {name: result for name, result in results.items() if isinstance(result, EscganError)}
    if not errors:
        return {name: result for name, result in results.items() if isinstance(result, ArtifactRef)}
    (first_name, first), *_ = errors.items()
    alike = [first_name]
    said = str(first)
    if not isinstance(first, RecordingError):
        alike = [name for name, error in errors.items() if str(error) == said]
        if len(alike) == len(results) > 1:
            raise first
        if first_name not in said:
            said = f"{first_of(alike, _MOST_NAMED)}: {said}"
    others = [name for name, error in errors.items() if name not in alike and type(error) is type(first)]
    if others:
        said += f" It is not the only one: {first_of(others, _MOST_NAMED)} failed as well."
    if said == str(first):
        raise first
    raise type(first)(said) from first
