"""What a run says when it has ended: the table, the verdict, what was computed and where the report is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from escgan.config import PipelineConfig
from escgan.normalization import is_transductive
from escgan.report.summary import estimate
from escgan.report.wording import plural
from escgan.studies.page import cell_text
from escgan.studies.summary import mean_text, with_interval
from flows.console import headed, literal_console
from flows.pipeline import Outcome

if TYPE_CHECKING:
    from flows.study import StudyOutcome

_COLUMNS = {"balanced_accuracy": "balanced acc.", "auroc": "AUROC", "auprc": "AUPRC", "macro_f1": "macro F1"}


def print_outcome(console: Console, config: PipelineConfig, outcome: Outcome) -> None:
    """Print everything a person wants to know first."""
    if len(outcome.scores):
        console.print(score_table(config, outcome.scores, outcome.comparisons))
        console.print(_reading(config), style="dim", soft_wrap=True)
        console.print()
        console.print(outcome.verdict[0], style="bold", soft_wrap=True)
        for sentence in outcome.verdict[1:]:
            console.print(f"• {sentence}", soft_wrap=True)
        for caveat in outcome.caveats:
            _beware(console, caveat)
        console.print()
    _print_oddities(console, outcome)
    console.print(_counts(outcome), soft_wrap=True)
    if outcome.report:
        console.print(f"Report: {_places(outcome.report, outcome.shared)}", soft_wrap=True)
    if outcome.replaced:
        run = outcome.replaced[:8]
        console.print(
            f"There it took the place of run {run}'s, which `escgan runs {run}` still finds; another name in the "
            "configuration keeps both there.",
            soft_wrap=True,
        )


def score_table(config: PipelineConfig, scores: pd.DataFrame, comparisons: pd.DataFrame) -> Table:
    """Build the closing table: means over subjects, and the comparison with the best simple rival."""
    per_subject = scores.groupby(["classifier", "augmenter", "subject"], sort=False)[list(_COLUMNS)].mean()
    n_subjects = plural(scores["subject"].nunique(), "subject")
    leaky = ", LEAKY" if config.protocol.leaky else ""
    table = Table(title=f"{config.name}: {n_subjects}, {config.protocol.title}{leaky}", box=box.SIMPLE)
    for heading in ("classifier", "augmenter"):
        table.add_column(heading, no_wrap=True)
    for heading in _COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("against the best simple rival", no_wrap=True)
    for classifier in scores["classifier"].unique():
        for augmenter in scores["augmenter"].unique():
            own = per_subject.loc[(classifier, augmenter)]
            accuracy = estimate(own["balanced_accuracy"].to_numpy())
            cells = [with_interval(accuracy.mean, accuracy.low, accuracy.high)]
            cells += [mean_text(own[name].mean()) for name in list(_COLUMNS)[1:]]
            table.add_row(classifier, augmenter, *cells, _against(comparisons, classifier, augmenter))
        table.add_section()
    return table


def outcome_document(config: PipelineConfig, outcome: Outcome) -> dict[str, Any]:
    """Return the same for a script: scores of each subject, comparisons, verdict, counts and the report's place."""
    return {
        "name": config.name,
        "run": outcome.run or None,
        **_done(outcome),
        "caveats": outcome.caveats,
        "scores": outcome.scores,
        "comparisons": outcome.comparisons,
        "verdict": outcome.verdict,
        "report": outcome.report,
        "shared": outcome.shared,
    }


def study_document(name: str, kind: str, outcome: StudyOutcome) -> dict[str, Any]:
    """Return for a script what a study found, its table and where its page is."""
    told = {"table": outcome.table, "found": outcome.found, "page": outcome.page, "shared": outcome.shared}
    return {"name": name, "study": kind, **_done(outcome), **told}


def _done(outcome: Outcome | StudyOutcome) -> dict[str, Any]:
    return {
        "computed": outcome.tally.computed,
        "reused": outcome.tally.reused,
        "left_out": [{"recording": name, "reason": reason} for name, reason in outcome.left_out],
        "notices": outcome.notices,
    }


def print_study(console: Console, outcome: StudyOutcome) -> None:
    """Print what a study found, its table and where its page is."""
    table = Table(box=box.SIMPLE)
    for heading in outcome.table.columns:
        table.add_column(str(heading), no_wrap=True)
    for row in outcome.table.itertuples(index=False):
        table.add_row(*map(cell_text, row))
    literal_console(file=console.file, width=max(console.width, 60 * len(outcome.table.columns))).print(table)
    for sentence in outcome.found:
        console.print(f"• {sentence}", soft_wrap=True)
    console.print()
    _print_oddities(console, outcome)
    console.print(_counts(outcome), soft_wrap=True)
    console.print(f"Page, plot and tables: {_places(outcome.page, outcome.shared)}", soft_wrap=True)


def _places(shown: Path | None, shared: str | None) -> str:
    return f"{shared} (a copy: {shown})" if shared else str(shown)


def _print_oddities(console: Console, outcome: Outcome | StudyOutcome) -> None:
    for name, reason in outcome.left_out:
        console.print(f"Left out: {name}: {reason}", soft_wrap=True)
    for notice in outcome.notices:
        _beware(console, notice)


def _beware(console: Console, sentence: str) -> None:
    console.print(headed("Beware:", f" {sentence}"), soft_wrap=True)


def _against(comparisons: pd.DataFrame, classifier: str, augmenter: str) -> str:
    chosen = (comparisons["classifier"] == classifier) & (comparisons["augmenter"] == augmenter)
    rows = comparisons[chosen & (comparisons["metric"] == "balanced_accuracy")]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    return f"{row['difference']:+.3f} p={row['p_holm']:.2g} {row['verdict']}"


def _reading(config: PipelineConfig) -> str:
    text = "Means over subjects with 95 % bootstrap intervals; the comparison is of balanced accuracy, p by Holm."
    if is_transductive(config.normalization):
        text += " Transductive: each subject is z-scored by its own unlabelled windows, test subjects too"
        text += ", and given the training subjects' common covariance." if config.normalization == "coral" else "."
    return text


def _counts(outcome: Outcome | StudyOutcome) -> str:
    computed, reused = outcome.tally.computed, outcome.tally.reused
    if not any(computed.values()):
        return f"Nothing had to be computed: all {sum(reused.values())} results came from the store."
    parts = [f"{stage} {n}" for stage, n in computed.items() if n]
    text = f"Computed {plural(sum(computed.values()), 'result')} ({', '.join(parts)})"
    return text + (f", reused {sum(reused.values())} from the store." if any(reused.values()) else ".")
