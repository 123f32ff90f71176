"""What makes a function a stage: a cache key from its science, an artifact from its draft.

A stage's body takes science as positional arguments and one keyword-only ``run``, which carries the execution
(store, draft, device, progress). The key is the digest of the stage's name, its version and the science; nothing
of ``run`` ever enters it. Bump ``version`` whenever the code behind a stage changes its results.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from escgan.device import choose_device
from escgan.errors import EscganError
from storage.digest import digest_json
from storage.errors import ArtifactMissing
from storage.manifest import ArtifactRef
from storage.store import Draft, Store
from tasks.identity import identity, inputs_of, settings_of
from tasks.parts import Parts
from tasks.progress import report_share

LOG = logging.getLogger("escgan")

Mode = Literal["run", "reuse", "refresh"]

_PACKAGES = (
    "escgan", "torch", "mne", "numpy", "scipy", "scikit-learn", "imbalanced-learn", "h5py", "pandas", "pyarrow",
    "prefect",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class UnitRun:
    """The execution side of one unit's computation: where it keeps checkpoints and what it computes on."""

    store: Store
    stage: str
    key: str
    unit: str
    device: str
    tensorboard: Path | None = None
    """Folder for the loss terms of trainings; None where nobody asked for them."""
    parts: Parts = field(default_factory=Parts)

    @property
    def workspace(self) -> Path:
        """Folder for checkpoints that survive a kill; cleared once the artifact is published."""
        return self.store.workspace(self.stage, self.key)

    def part(self, name: str) -> AbstractContextManager[None]:
        """Count the block's seconds and memory to a part of this unit, for the manifest."""
        return self.parts.part(name)

    def progress(self, done: int, total: int) -> None:
        """Tell how far this unit has come."""
        report_share(self.stage, self.unit, done / total)


@dataclass(frozen=True, kw_only=True)
class StageRun(UnitRun):
    """The execution side of one unit of a stage, with the draft that it writes into."""

    draft: Draft


Science = tuple[Any, ...]
Write = Callable[[StageRun], None]


@dataclass(frozen=True)
class Together:
    """How several units of a stage are computed as one program.

    Attributes
    ----------
    alike
        From a unit's science to what units of one program must have in common; None where the unit stays alone.
    compute
        From the units' science and their runs to a function a unit that writes its artifact, or its error.
    """

    alike: Callable[[Science], str | None]
    compute: Callable[[Sequence[Science], Sequence[UnitRun]], list[Write | EscganError]]


@dataclass(frozen=True)
class Stage:
    """A named, versioned computation whose result is an artifact."""

    name: str
    version: int
    body: Callable[..., None]
    on_device: bool = False
    together: Together | None = None

    def __reduce__(self) -> tuple[Callable[[str, str], Stage], tuple[str, str]]:
        # By name: another process imports its own, whatever the body refers to.
        return _declared, (self.body.__module__, self.body.__qualname__)

    def key(self, *science: Any) -> str:
        """Return the cache key of science arguments.

        Raises
        ------
        TypeError
            If they do not fit the body's positional parameters.
        """
        bound = inspect.signature(self.body).bind(*science, run=None)
        given = {name: identity(value) for name, value in bound.arguments.items() if name != "run"}
        return digest_json({"stage": self.name, "version": self.version, "science": given})

    def lookup(self, store: Store, science: tuple[Any, ...]) -> ArtifactRef | None:
        """Return the artifact of science arguments where the store holds it whole."""
        return store.find(self.name, self.key(*science))

    def execute(
        self,
        store: Store,
        unit: str,
        science: tuple[Any, ...],
        *,
        device: str = "cpu",
        mode: Mode = "run",
        tensorboard: Path | None = None,
    ) -> tuple[ArtifactRef, bool]:
        """Return the artifact, and whether it had to be computed.

        ``reuse`` never computes; ``refresh`` computes even what is stored.

        Raises
        ------
        ArtifactMissing
            In mode ``reuse``, if no valid artifact is stored.
        """
        key = self.key(*science)
        if mode == "reuse":
            found = store.find(self.name, key)
            if found is None:
                raise ArtifactMissing(
                    f"Stage '{self.name}' of {unit} is not in the store {store.address} "
                    f"({store.why_not(self.name, key)}): run `escgan run` with the same configuration, "
                    "without --only and --from, to make it."
                )
            return found, False
        waiting = partial(LOG.info, "%s %s: another run is computing it; waiting", self.name, unit)
        with store.lock(self.name, key, on_wait=waiting):
            found = store.find(self.name, key) if mode == "run" else None
            if found is not None:
                return found, False
            if mode == "run":
                self.explain(store, unit, key)
            chosen = self.chosen_device(device)
            run = UnitRun(store=store, stage=self.name, key=key, unit=unit, device=chosen, tensorboard=tensorboard)
            return self.write(science, run, partial(self._compute, science)), True

    def explain(self, store: Store, unit: str, key: str) -> None:
        """Say why a unit that was stored is computed again."""
        reason = store.why_not(self.name, key)
        if reason != "no artifact":
            LOG.warning("%s %s: %s; computing it again", self.name, unit, reason)

    def chosen_device(self, device: str) -> str:
        """Return the device that units of this stage compute on."""
        return choose_device(device) if self.on_device else "cpu"

    def write(self, science: Science, run: UnitRun, write: Write, *, spent_s: float = 0.0, **notes: Any) -> ArtifactRef:
        """Publish what ``write`` writes as the artifact of a unit whose lock the caller holds."""
        bound = inspect.signature(self.body).bind(*science, run=None)
        config = {name: settings_of(value) for name, value in bound.arguments.items() if name != "run"}
        with run.store.create(
            self.name,
            run.key,
            unit=run.unit,
            config=config,
            inputs=inputs_of(science),
            versions=package_versions(),
            device=run.device,
            spent_s=spent_s,
        ) as draft:
            write(StageRun(**vars(run), draft=draft))
            draft.note(parts=run.parts.rows(), **notes)
        run.store.clear_workspace(self.name, run.key)
        return draft.ref

    def _compute(self, science: Science, run: StageRun) -> None:
        self.body(*science, run=run)


def stage(
    name: str, version: int, *, on_device: bool = False, together: Together | None = None
) -> Callable[[Callable[..., None]], Stage]:
    """Make a function a stage; ``on_device`` where it can use the GPU.

    Raises
    ------
    TypeError
        If the function does not take science by position and ``run`` by keyword.
    """

    def declare(body: Callable[..., None]) -> Stage:
        parameters = inspect.signature(body).parameters
        keywords = [p.name for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
        if keywords != ["run"]:
            raise TypeError(f"Stage '{name}' must take science by position and only 'run' by keyword, got {keywords}.")
        return Stage(name, version, body, on_device, together)

    return declare


def _declared(module: str, name: str) -> Stage:
    found = attrgetter(name)(import_module(module))
    if not isinstance(found, Stage):
        raise TypeError(f"{module}.{name} is no stage.")
    return found


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that results depend on."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
