"""Units of a stage that are computed as one program, each with an artifact and a lock of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from escgan.errors import EscganError
from storage.digest import digest_json
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.identity import identity
from tasks.stage import LOG, Mode, Science, Stage, UnitRun

# On a CUDA card; on a CPU one unit after the other is faster, and on others nobody has tried.
PACK_ON_CARD = 32

# One program at a time: each is made to fill the card.
_CARD = threading.Lock()


def pack_size(stage: Stage, asked: int | None, device: str) -> int:
    """Return how many units of a stage are computed as one program at most; 0 where it knows no such program."""
    if stage.together is None:
        return 0
    if asked is not None:
        return asked if asked > 1 else 0
    return PACK_ON_CARD if stage.chosen_device(device).startswith("cuda") else 0


def make_packs(stage: Stage, units: Mapping[str, Science], most: int) -> list[list[str]]:
    """Part the units that can be computed together into packs of nearly equal size, ``most`` at most.

    A unit that needs the same artifact as another one stays alone: it will find what the other has made.
    """
    alike: dict[str, dict[str, str]] = {}
    for name, science in units.items():
        common = stage.together.alike(science) if stage.together else None
        if common is None:
            continue
        try:
            alike.setdefault(common, {}).setdefault(stage.key(*science), name)
        except EscganError:
            # Its own task will meet the same error, and is where errors of units are looked for.
            continue
    packs = []
    for names in (list(by_key.values()) for by_key in alike.values()):
        n_packs = -(-len(names) // most)
        packs += [names[start::n_packs] for start in range(n_packs)]
    return packs


def execute_pack(
    stage: Stage,
    store: Store,
    units: Mapping[str, Science],
    *,
    device: str,
    mode: Mode = "run",
    tensorboard: Path | None = None,
) -> dict[str, tuple[ArtifactRef, bool] | EscganError]:
    """Return what :meth:`Stage.execute` returns for each of several units, or the error that the unit ended with.

    What another run has made meanwhile is taken from the store. A unit's seconds are its share of the program's.
    """
    if stage.together is None:
        raise TypeError(f"Stage '{stage.name}' computes its units one by one.")
    keys = {unit: stage.key(*science) for unit, science in units.items()}
    results: dict[str, tuple[ArtifactRef, bool] | EscganError] = {}
    with _CARD, ExitStack() as locks:
        # In one order everywhere, so that two packs never wait for each other.
        for unit in sorted(units, key=keys.__getitem__):
            waiting = partial(LOG.info, "%s %s: another run is computing it; waiting", stage.name, unit)
            locks.enter_context(store.lock(stage.name, keys[unit], on_wait=waiting))
        for unit, key in keys.items():
            found = store.find(stage.name, key) if mode == "run" else None
            if found is not None:
                results[unit] = found, False
            elif mode == "run":
                stage.explain(store, unit, key)
        missing = [unit for unit in units if unit not in results]
        if not missing:
            return results
        chosen = stage.chosen_device(device)
        runs = [
            UnitRun(store=store, stage=stage.name, key=keys[u], unit=u, device=chosen, tensorboard=tensorboard)
            for u in missing
        ]
        began = time.perf_counter()
        computed = stage.together.compute([units[unit] for unit in missing], runs)
        share = (time.perf_counter() - began) / len(missing)
        for unit, run, write in zip(missing, runs, computed, strict=True):
            if isinstance(write, EscganError):
                results[unit] = write
            else:
                ref = stage.write(units[unit], run, write, spent_s=share, pack=len(missing))
                results[unit] = ref, True
    return results


def common_digest(*science: object) -> str:
    """Return a name of what units of one program have in common."""
    return digest_json([identity(part) for part in science])


def shared_part(runs: Sequence[UnitRun], name: str) -> ExitStack:
    """Count a block to a part of every run; each gets its share of the seconds."""
    stack = ExitStack()
    for run in runs:
        stack.enter_context(run.parts.part(name, share=1 / len(runs)))
    return stack
