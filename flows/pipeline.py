"""The pipeline: five stages and the report, chained."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from prefect import flow
from prefect.settings import PREFECT_API_URL
from prefect.task_runners import ThreadPoolTaskRunner

from escgan.config import PipelineConfig
from escgan.datasets.duplicates import duplicate_trials
from escgan.device import choose_device
from escgan.errors import ConfigError, EscganError, RecordingError
from escgan.evaluation.folds import Fold
from escgan.evaluation.folds import Unit as FoldUnit
from escgan.evaluation.significance import compare_augmenters
from escgan.evaluation.verdict import verdict_sentences
from escgan.recording import RecordingSource, recording_name, subject_and_session
from flows.fan import Execution, Tally, Unit, all_or_raise, fan
from flows.names import STAGES, StageName
from flows.side_by_side import one_thread_each, quiet_mne
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.editing import augment
from tasks.features import distributed_features, feature_fingerprints, features
from tasks.recordings import ingest, trial_fingerprints
from tasks.reporting import AugmenterEntry, RecordingEntry, ScoreEntry, read_results, report, subject_score_table
from tasks.scoring import evaluate
from tasks.stage import Mode
from tasks.training import train

LOG = logging.getLogger("escgan")


@dataclass
class Outcome:
    """What a run leaves: counts, what was left out or odd, scores, verdict and the report's path."""

    tally: Tally
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    verdict: tuple[str, ...] = ()
    report: Path | None = None


@dataclass(frozen=True)
class Case:
    """A fold with one seed: its name, and the features of its two sides."""

    fold: Fold
    seed: int
    train: tuple[ArtifactRef, ...]
    test: tuple[ArtifactRef, ...]

    @property
    def name(self) -> str:
        """The fold, and the seed where it is not the usual one."""
        return self.fold.name if self.seed == 0 else f"{self.fold.name} seed {self.seed}"


@flow(name="pipeline", task_runner=ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1))  # type: ignore[arg-type]
def pipeline(
    config: PipelineConfig,
    data: Path | None = None,
    root: Path = Path("store"),
    device: str = "auto",
    only: StageName | None = None,
    start: StageName | None = None,
    refresh: tuple[StageName, ...] = (),
    pack: int | None = None,
) -> Outcome:
    """Run the experiment from raw files to the verdict; whatever the store holds already is not computed again.

    Parameters
    ----------
    config
        The experiment.
    data
        Folder with the corpus' files; not needed for a simulated cohort.
    root
        Folder of the artifact store.
    device
        auto, cpu, cuda or mps.
    only
        Run this stage alone; what it needs must be in the store.
    start
        Run from this stage on; what comes before must be in the store.
    refresh
        Stages to compute anew although the store holds them.
    pack
        Most folds that are trained as one program; by default 32 on a GPU and 1 on a CPU.
    """
    store = Store(root)
    store.sweep()
    if device != "auto":
        # A device that is not there is said at once; the best one is looked for by the first unit that computes.
        choose_device(device)
    # Where no server is configured, Prefect's temporary one has no page on which anyone could see a hit.
    shows_hits = PREFECT_API_URL.value() is not None
    execution = Execution(store, device, stage_modes(only, start, refresh), Tally(), shows_hits, pack)
    last = only or StageName.REPORT
    with one_thread_each(), quiet_mne():
        return _run(config, data, execution, STAGES.index(last))


def _run(config: PipelineConfig, data: Path | None, execution: Execution, last: int) -> Outcome:
    outcome = Outcome(execution.tally)
    recordings, outcome.left_out = measure(config, data, execution, with_features=last > 0)
    outcome.notices = odd_recordings(execution.store, recordings)
    if last < STAGES.index(StageName.TRAIN):
        return outcome
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
    else:
        ref = make_report(config, recordings, outcome, gans, edits, scores, execution)
        outcome.scores, outcome.comparisons = read_results(execution.store.open(ref))
        outcome.report = show_report(execution.store, ref, config.name)
    outcome.verdict = verdict_sentences(outcome.comparisons, config.protocol.tested)
    return outcome


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
    missing = [subject for subject in config.subjects if subject not in found]
    if missing:
        raise ConfigError(
            f"There is no subject {', '.join(missing)} in the data folder: it holds {', '.join(found)}; "
            "name subjects as they stand there."
        )
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


def split(config: PipelineConfig, recordings: Sequence[RecordingEntry]) -> list[Case]:
    """Split the recordings into folds, once a seed."""
    by_unit = {unit_of(entry.name): entry.features for entry in recordings}
    folds = config.protocol.folds(list(by_unit))
    return [
        Case(fold, seed, tuple(by_unit[u] for u in fold.train), tuple(by_unit[u] for u in fold.test))
        for seed in config.seeds
        for fold in folds
    ]


def train_cases(config: PipelineConfig, cases: Sequence[Case], execution: Execution) -> list[AugmenterEntry]:
    """Train every augmenter that learns, on each fold's training side."""
    wanted = {f"{case.name} {a.kind}": (case, a) for a in config.generating if a.trains for case in cases}
    units = [
        Unit(
            name,
            (
                case.train,
                case.fold.part,
                config.labels,
                config.normalization,
                augmenter.for_training(),
                case.seed,
            ),
        )
        for name, (case, augmenter) in wanted.items()
    ]
    refs = all_or_raise(fan(train, units, execution)) if units else {}
    return [AugmenterEntry(c.fold.name, c.seed, a.kind, refs[name]) for name, (c, a) in wanted.items()]


def augment_cases(
    config: PipelineConfig, cases: Sequence[Case], gans: Sequence[AugmenterEntry], execution: Execution
) -> list[AugmenterEntry]:
    """Make windows with every augmenter that makes any, from each fold's training side."""
    trained = {(g.fold, g.seed, g.augmenter): g.artifact for g in gans}
    wanted = {f"{case.name} {a.kind}": (case, a) for a in config.generating for case in cases}
    units = []
    for name, (case, a) in wanted.items():
        gan = trained.get((case.fold.name, case.seed, a.kind))
        science = (case.train, case.fold.part, gan, config.labels, config.normalization, a, config.balance, case.seed)
        units.append(Unit(name, science))
    refs = all_or_raise(fan(augment, units, execution)) if units else {}
    return [AugmenterEntry(c.fold.name, c.seed, a.kind, refs[name]) for name, (c, a) in wanted.items()]


def evaluate_cases(
    config: PipelineConfig, cases: Sequence[Case], edits: Sequence[AugmenterEntry], execution: Execution
) -> list[ScoreEntry]:
    """Judge every augmenter with every classifier on what each fold leaves out."""
    made = {(e.fold, e.seed, e.augmenter): e.artifact for e in edits}
    units: list[Unit] = []
    entries: list[tuple[str, int, str, str]] = []
    for classifier in config.classifiers:
        for a in config.augmenters:
            for case in cases:
                name = f"{case.name} {a.kind} {classifier.kind}"
                edited = made.get((case.fold.name, case.seed, a.kind))
                sides = (case.train, case.test, case.fold.part, edited, a.reweights, a.moves_threshold)
                units.append(Unit(name, (*sides, config.labels, config.normalization, classifier, case.seed)))
                entries.append((case.fold.name, case.seed, a.kind, classifier.kind))
    refs = all_or_raise(fan(evaluate, units, execution))
    return [ScoreEntry(*entry, refs[unit.name]) for unit, entry in zip(units, entries, strict=True)]


def make_report(
    config: PipelineConfig,
    recordings: Sequence[RecordingEntry],
    outcome: Outcome,
    gans: Sequence[AugmenterEntry],
    edits: Sequence[AugmenterEntry],
    scores: Sequence[ScoreEntry],
    execution: Execution,
) -> ArtifactRef:
    """Compare the augmenters and write the report."""
    told = (outcome.left_out, outcome.notices)
    science = (config, tuple(recordings), *told, tuple(gans), tuple(edits), tuple(scores))
    return all_or_raise(fan(report, [Unit(config.name, science)], execution))[config.name]


def show_report(store: Store, ref: ArtifactRef, name: str) -> Path:
    """Put a copy of a report where a person finds it."""
    page = store.open(ref).file("report.html").read_bytes()
    shown = store.root / "reports" / f"{name}.html"
    shown.parent.mkdir(mode=0o700, exist_ok=True)
    partial = shown.with_suffix(".partial")
    partial.write_bytes(page)
    partial.replace(shown)
    return shown


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


def unit_of(name: str) -> FoldUnit:
    """Return the fold unit of a recording's name."""
    return FoldUnit(*subject_and_session(name))


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
