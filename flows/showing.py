"""What a run shows on a Prefect server's pages: how far it is, its scores, its verdict, its figure, its report.

Everything is found by the run's tags (the experiment's name and corpus) and, over runs, by artifacts whose keys begin
with the experiment's name. What cannot be shown is logged, and never ends a run.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pandas as pd
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.runtime import flow_run

from escgan.studies.page import cell_text
from escgan.studies.summary import score_rows
from flows.lost_server import answered, is_away, miss, no_long_retries
from tasks.progress import Listener, listening

if TYPE_CHECKING:
    from flows.pipeline import Outcome
    from flows.study import StudyOutcome

LOG = logging.getLogger("escgan")

# Between two updates of one stage's progress.
_EVERY_S = 5.0


def slug(*parts: str) -> str:
    """Make a key of names as Prefect wants it: lower-case letters, digits and dashes.

    >>> slug("DEAP, high valence", "scores")
    'deap-high-valence-scores'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


@contextmanager
def shown_on_server(name: str, corpus: str) -> Iterator[None]:
    """Tag the run, and keep a progress artifact a stage up to date while the block lasts."""
    _try(_tag, name, corpus)
    with listening(StageProgress(name)):
        yield


class StageProgress(Listener):
    """A progress listener that keeps an artifact a stage."""

    def __init__(self, name: str, every_s: float = _EVERY_S) -> None:
        self._name = name
        self._every_s = every_s
        self._lock = threading.Lock()
        self._ids: dict[str, UUID] = {}
        self._totals: dict[str, int] = {}
        self._shares: dict[str, dict[str, float]] = {}
        self._told: dict[str, tuple[float, float]] = {}

    def begin(self, stage: str, n_units: int, stored: int = 0) -> None:
        """Make the stage's artifact."""
        _try(self._begin, stage, n_units)

    def share(self, stage: str, unit: str, share: float) -> None:
        """Bring the stage's artifact up to date, now and then."""
        if stage not in self._ids:
            return
        with self._lock:
            # Late partial reports must not take back a unit that has ended.
            self._shares[stage][unit] = max(share, self._shares[stage].get(unit, 0.0))
            done = sum(self._shares[stage].values()) / max(self._totals[stage], 1)
            when, told = self._told[stage]
            if not (done >= 1 > told or (done > told and time.monotonic() - when >= self._every_s)):
                return
            self._told[stage] = time.monotonic(), done
        _try(update_progress, self._ids[stage], min(100.0, round(100 * done, 1)))

    def _begin(self, stage: str, n: int) -> None:
        self._totals[stage], self._shares[stage], self._told[stage] = n, {}, (time.monotonic(), 0.0)
        key = slug(self._name, stage, "progress")
        self._ids[stage] = create_artifact("progress", key, f"{stage}: {n} units", 0.0 if n else 100.0)


def show_outcome(name: str, outcome: Outcome) -> None:
    """Show what a run of the pipeline has found."""
    if len(outcome.scores):
        _show_table(slug(name, "scores"), f"Scores of {name}", score_rows(outcome.scores, outcome.comparisons, ()))
    if outcome.verdict:
        text = "\n".join([f"**{outcome.verdict[0]}**", "", *(f"- {line}" for line in outcome.verdict[1:])])
        text += "".join(f"\n\n**Beware:** {notice}" for notice in (*outcome.notices, *outcome.caveats))
        text += "".join(f"\n\nLeft out: {left}: {reason}" for left, reason in outcome.left_out)
        _try(create_artifact, "markdown", slug(name, "verdict"), f"Verdict of {name}", text)
    _show_files(name, outcome.shared, outcome.report, outcome.figure)


def show_findings(name: str, outcome: StudyOutcome) -> None:
    """Show what a study has found."""
    _show_table(slug(name, "table"), f"Results of {name}", outcome.table)
    text = "\n".join(f"- {line}" for line in outcome.found)
    _try(create_artifact, "markdown", slug(name, "found"), f"What {name} found", text)
    _show_files(name, outcome.shared, outcome.page, outcome.figure)


def create_artifact(kind: str, key: str, description: str, data: str | float) -> UUID:
    """Leave an artifact of the current run on the server."""
    run = flow_run.get_id()
    made = ArtifactCreate(
        key=key, type=kind, description=description, data=data, flow_run_id=None if run is None else UUID(run)
    )
    # Prefect's own functions leave their connection open.
    with get_client(sync_client=True) as client:
        return client.create_artifact(made).id


def update_progress(artifact: UUID, percent: float) -> None:
    """Tell the server how far a stage is."""
    with get_client(sync_client=True) as client:
        client.update_artifact(artifact, ArtifactUpdate(data=percent))


def _show_table(key: str, description: str, table: pd.DataFrame) -> None:
    rows = [dict(zip(map(str, table), map(cell_text, row), strict=True)) for row in table.to_numpy(dtype=object)]
    _try(create_artifact, "table", key, description, json.dumps(rows))


def _show_files(name: str, shared: str | None, shown: Path | None, figure: bytes | None) -> None:
    if figure is not None:
        url = "data:image/png;base64," + base64.b64encode(figure).decode()
        _try(create_artifact, "image", slug(name, "figure"), f"Figure of {name}", url)
    if shown is not None:
        told = f"Where {name}'s report lies. A browser may refuse to open it from here: copy the address."
        link = f"[{shared or shown}]({shared or shown.as_uri()})"
        _try(create_artifact, "markdown", slug(name, "report"), told, link)


def _tag(name: str, corpus: str) -> None:
    run = flow_run.get_id()
    if run is None:
        return
    with get_client(sync_client=True) as client:
        tags = client.read_flow_run(UUID(run)).tags
        client.update_flow_run(UUID(run), tags=sorted({*tags, "escgan", name, corpus}))


def _try(show: Callable[..., Any], *arguments: Any) -> None:
    try:
        with no_long_retries():
            show(*arguments)
        answered()
    except Exception as error:
        # Whatever a server answers, results are in the store.
        if is_away(error):
            miss()
            return
        LOG.warning("The Prefect server does not show all of this run (%s: %s).", type(error).__name__, error)
