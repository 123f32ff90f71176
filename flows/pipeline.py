"""The pipeline: five stages and the report, chained."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pandas as pd
from prefect import flow
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.task_runners import ThreadPoolTaskRunner

from escgan.config import PipelineConfig
from escgan.evaluation.caveats import caveats
from escgan.evaluation.significance import compare_augmenters, rivals_that_ran
from escgan.evaluation.verdict import verdict_sentences
from flows.cases import augment_cases, evaluate_cases, train_cases
from flows.execution import ExecutionConfig, log_folder, task_runner
from flows.fan import Execution, Tally, Unit, all_or_raise, fan
from flows.interrupt import keep_signals_from_processes
from flows.lost import refuse_endless_runs
from flows.names import STAGES, StageName
from flows.preconditions import refuse_absent, refuse_contradictions, stage_modes
from flows.recordings import measure, measured_before, odd_recordings, revealing_bands
from flows.showing import show_outcome, shown_on_server
from flows.side_by_side import one_thread_each, quiet_mne
from storage.manifest import ArtifactRef
from storage.opening import open_store
from storage.store import Store
from tasks.cases import Case, split, unit_of
from tasks.entries import AugmenterEntry, RecordingEntry, ScoreEntry, ShownFold
from tasks.ledger import RunRecord, known_runs, note_run
from tasks.report_tables import acceptance_table, subject_score_table
from tasks.reporting import FIGURE, PAGE, read_results, report
from tasks.stage import Mode

LOG = logging.getLogger("escgan")


@dataclass
class Outcome:
    """What a run leaves: counts, what was left out or odd, scores, verdict and the report's path."""

    tally: Tally
    run: str = ""
    """By this the run is found again (`escgan run --using`); empty where it measured nothing."""
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    """What limits the scores."""
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    figure: bytes | None = None
    """Each subject's scores, as PNG."""
    verdict: tuple[str, ...] = ()
    report: Path | None = None
    replaced: str = ""
    """The id of the run whose report stood in the place of this one's; empty where there was none, or the same."""
    shared: str | None = None
    """Where other machines find the report, if the store is not of this one."""


@flow(
    name="pipeline",
    flow_run_name="{config.name}",
    task_runner=ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1),  # type: ignore[arg-type]
)
def pipeline(
    config: PipelineConfig,
    data: Path | None = None,
    root: Path | str = Path("store"),
    execution: ExecutionConfig = ExecutionConfig(),
    only: StageName | None = None,
    start: StageName | None = None,
    refresh: tuple[StageName, ...] = (),
    using: str | None = None,
) -> Outcome:
    """Run the experiment from raw files to the verdict; whatever the store holds already is not computed again.

    Parameters
    ----------
    config
        The experiment.
    data
        Folder with the corpus' files; not needed for a simulated cohort.
    root
        The artifact store: a folder, or an address such as s3://bucket/folder.
    execution
        Device, fan-out and GPU pool.
    only
        Run this stage alone; what it needs must be in the store.
    start
        Run from this stage on; what comes before must be in the store.
    refresh
        Stages to compute anew although the store holds them.
    using
        An earlier run, by its id, its report's key or its configuration's name: its recordings' features are used, and
        no raw file is needed.
    """
    refuse_endless_runs(flow_run.run_count)
    refuse_contradictions(using, data, only or start, refresh)
    own = prepare(root, execution, stage_modes(only, start, refresh))
    last = only or StageName.REPORT
    with one_thread_each(), quiet_mne(), fanned_out(own, execution) as fanned, on_server(own, config):
        outcome = _run(config, data, fanned, STAGES.index(last), using)
    if own.shows_hits:
        show_outcome(config.name, outcome)
    return outcome


def prepare(root: Path | str, execution: ExecutionConfig, modes: dict[str, Mode], *, sweep: bool = True) -> Execution:
    """Open the store, clean up after killed runs, and settle how stages are executed."""
    store = open_store(root)
    if sweep:
        store.sweep()
    if not store.excludes_machines:
        LOG.warning("%s cannot keep machines from computing the same twice; nothing is damaged by it.", store.address)
    refuse_absent(execution)
    # Where no server is configured, Prefect's temporary one has no page on which anyone could see a hit.
    shows_hits = PREFECT_API_URL.value() is not None
    pooled = None if execution.gpu_pool is None else execution
    # The device is the pool's; here, classifiers are trained on what there is.
    device = execution.device if pooled is None else "auto"
    # Where a pool trains, its workers log, and they look for the package.
    logs = None if pooled is not None else log_folder(execution)
    return Execution(store, device, modes, Tally(), shows_hits, execution.pack, tensorboard=logs, pooled=pooled)


@contextmanager
def fanned_out(own: Execution, execution: ExecutionConfig) -> Iterator[Execution]:
    """Start the runner that computes units, where it is not the flow's own."""
    if execution.runner == "threads" and execution.workers is None:
        yield own
        return
    keep_signals_from_processes()
    with task_runner(execution) as runner:
        yield replace(own, runner=runner)


def on_server(own: Execution, config: PipelineConfig) -> AbstractContextManager[None]:
    """Show on the server that is configured, if one is, how far a run has come."""
    return shown_on_server(config.name, config.dataset.kind) if own.shows_hits else nullcontext()


def _run(
    config: PipelineConfig, data: Path | None, execution: Execution, last: int, using: str | None = None
) -> Outcome:
    outcome = Outcome(execution.tally)
    if using is not None:
        recordings, outcome.left_out = measured_before(config, using, execution)
    else:
        recordings, outcome.left_out = measure(config, data, execution, with_features=last > 0)
    note = RunRecord(
        id=flow_run.get_id() or str(uuid4()), name=config.name, recordings=tuple(recordings), left_out=outcome.left_out
    )
    if recordings:
        note_run(execution.store, note)
        outcome.run = note.id
    outcome.notices = odd_recordings(execution.store, recordings)
    if last < STAGES.index(StageName.TRAIN):
        return outcome
    outcome.notices += revealing_bands(config, recordings, execution)
    cases = split(config, recordings)
    gans = train_cases(config, cases, execution)
    if last < STAGES.index(StageName.AUGMENT):
        return outcome
    edits = augment_cases(config, cases, gans, execution)
    if last < STAGES.index(StageName.EVALUATE):
        return outcome
    scores = evaluate_cases(config, cases, edits, execution)
    if last < STAGES.index(StageName.REPORT):
        outcome.scores = subject_score_table(execution.store, scores)
        outcome.comparisons = compare_augmenters(outcome.scores)
        accepted = acceptance_table(execution.store, edits)
    else:
        ref = make_report(config, recordings, outcome, gans, edits, scores, cases, execution)
        made = execution.store.open(ref)
        outcome.scores, outcome.comparisons, accepted = read_results(made)
        outcome.figure = made.file(FIGURE).read_bytes()
        outcome.replaced = _replaced(execution.store, note, ref)
        outcome.report = execution.store.show(f"reports/{config.name}.html", made.file(PAGE).read_bytes())
        outcome.shared = execution.store.shared_address(outcome.report)
        note = note.model_copy(update={"report": ref})
    outcome.caveats = caveats(outcome.scores, outcome.comparisons, accepted, config.scarcity, config.training_subjects)
    n_rivals = len(rivals_that_ran(outcome.scores))
    outcome.verdict = verdict_sentences(outcome.comparisons, config.protocol.tested, n_rivals)
    note_run(execution.store, note.model_copy(update={"verdict": outcome.verdict[0]}))
    return outcome


def _replaced(store: Store, own: RunRecord, report: ArtifactRef) -> str:
    """Return the id of the last run of the same name, where it came to another report."""
    others = [run for run in known_runs(store) if run.name == own.name and run.id != own.id and run.report]
    return others[-1].id if others and others[-1].report != report else ""


def make_report(
    config: PipelineConfig,
    recordings: Sequence[RecordingEntry],
    outcome: Outcome,
    gans: Sequence[AugmenterEntry],
    edits: Sequence[AugmenterEntry],
    scores: Sequence[ScoreEntry],
    cases: Sequence[Case],
    execution: Execution,
) -> ArtifactRef:
    """Compare the augmenters and write the report, which shows the first fold's edits one by one."""
    told = (outcome.left_out, outcome.notices)
    first = None
    if edits:
        # By names: features are among the inputs already, and are listed there once.
        fold, side, names = cases[0].fold, cases[0].side, {unit_of(entry.name): entry.name for entry in recordings}
        trains = tuple(names[unit] for unit in fold.train)
        first = ShownFold(fold.name, cases[0].seed, trains, side.part, side.scarcity)
    science = (config, tuple(recordings), *told, tuple(gans), tuple(edits), tuple(scores), first)
    return all_or_raise(fan(report, [Unit(config.name, science)], execution))[config.name]
