"""Studies: variants of one experiment, run one after the other from one store, and read side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from escgan.config import PipelineConfig
from escgan.recording import subject_and_session
from escgan.studies import FidelityStudy, RobustnessStudy, StudyConfig
from flows.cases import attack_cases, augment_cases, compare_edits, evaluate_cases, train_cases
from flows.execution import ExecutionConfig
from flows.fan import Tally, Unit, all_or_raise, fan
from flows.lost import refuse_endless_runs
from flows.pipeline import fanned_out, on_server, prepare
from flows.recordings import measure, odd_recordings, revealing_bands
from flows.showing import show_findings
from flows.side_by_side import one_thread_each, quiet_mne
from storage.store import Artifact, Store
from tasks.cases import split
from tasks.progress import announce_part
from tasks.studying import FIGURE, PAGE, SCORES, TABLE, VariantMeasures, VariantScores, read_study
from tasks.studying import study as study_stage


@dataclass
class StudyOutcome:
    """What a study leaves: counts, what was left out or odd, its table, what it found, and the page's path."""

    tally: Tally
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    found: tuple[str, ...] = ()
    figure: bytes | None = None
    """What it found, as PNG."""
    page: Path | None = None
    shared: str | None = None
    """Where other machines find the page, if the store is not of this one."""


@flow(
    name="study",
    flow_run_name="{config.name} {settings.kind}",
    task_runner=ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1),  # type: ignore[arg-type]
)
def study(
    config: PipelineConfig,
    settings: StudyConfig,
    data: Path | None = None,
    root: Path | str = Path("store"),
    execution: ExecutionConfig = ExecutionConfig(),
) -> StudyOutcome:
    """Run a study: every variant of the experiment, and the page that holds them side by side.

    What the store holds already, of other studies and runs too, is not computed again.

    Parameters
    ----------
    config
        The experiment.
    settings
        The study.
    data
        Folder with the corpus' files; not needed for a simulated cohort.
    root
        The artifact store: a folder, or an address such as s3://bucket/folder.
    execution
        Device, fan-out and GPU pool.
    """
    refuse_endless_runs(flow_run.run_count)
    own = prepare(root, execution, {})
    outcome = StudyOutcome(own.tally)
    with one_thread_each(), quiet_mne(), fanned_out(own, execution) as fanned, on_server(own, config):
        variants = settings.variants(config)
        scores, measures = [], []
        subjects: dict[str, None] = {}
        for number, variant in enumerate(variants, 1):
            announce_part(f"{variant.name} ({number} of {len(variants)})")
            recordings, outcome.left_out = measure(variant.config, data, fanned, with_features=True)
            found = (*odd_recordings(fanned.store, recordings), *revealing_bands(variant.config, recordings, fanned))
            outcome.notices = tuple(dict.fromkeys((*outcome.notices, *found)))
            subjects |= dict.fromkeys(subject_and_session(entry.name)[0] for entry in recordings)
            cases = split(variant.config, recordings)
            gans = train_cases(variant.config, cases, fanned)
            edits = augment_cases(variant.config, cases, gans, fanned)
            values = tuple(variant.settings.items())
            if isinstance(settings, RobustnessStudy):
                measured = attack_cases(variant.config, cases, edits, settings.attacks, fanned)
                measures.append(VariantMeasures(values, tuple(measured)))
            elif isinstance(settings, FidelityStudy):
                measured = compare_edits(variant.config, cases, edits, settings.comparison, fanned)
                measures.append(VariantMeasures(values, tuple(measured)))
            else:
                scores.append(VariantScores(values, tuple(evaluate_cases(variant.config, cases, edits, fanned))))
        science = (settings, config, tuple(subjects), tuple(scores), tuple(measures))
        name = f"{config.name}-{settings.kind.replace('_', '-')}"
        ref = all_or_raise(fan(study_stage, [Unit(name, science)], fanned))[name]
    artifact = fanned.store.open(ref)
    outcome.table, outcome.found = read_study(artifact)
    outcome.page = show_study(fanned.store, artifact, name)
    outcome.shared = fanned.store.shared_address(outcome.page)
    outcome.figure = artifact.file(FIGURE).read_bytes()
    if own.shows_hits:
        show_findings(name, outcome)
    return outcome


def show_study(store: Store, artifact: Artifact, name: str) -> Path:
    """Put copies of a study's files where a person finds them, and return the page's path."""
    for file in (FIGURE, TABLE, SCORES, PAGE):
        shown = store.show(f"studies/{name}/{file}", artifact.file(file).read_bytes())
    return shown
