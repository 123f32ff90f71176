"""Sections on the results: scores, comparison, confusion matrices and per-class recall."""

from __future__ import annotations

import numpy as np

from escgan.evaluation.significance import count_comparisons, rivals_that_ran
from escgan.report import charts, figures
from escgan.report.blocks import Block, Cell, Column, Picture, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.drawing import picture
from escgan.report.figures_scores import chance_level
from escgan.report.summary import (
    PRIMARY_METRIC,
    Estimate,
    augmenters,
    classifiers,
    estimates,
    held_out,
    subject_scores,
)
from escgan.report.wording import (
    METRIC_NAMES,
    VERDICT_NAMES,
    as_number,
    count_cell,
    interval,
    listed,
    metric_name,
    number,
    percent,
    plural,
    probability,
    signed,
    text_cell,
)


def scores_section(data: ReportData) -> Section:
    """Return the table of mean scores and the paired plots."""
    blocks: list[Block] = [scores_table(data)]
    for metric in (PRIMARY_METRIC, "auroc"):
        if np.isfinite(subject_scores(data, metric).to_numpy()).any():
            blocks.append(_paired_picture(data, metric))
        else:
            blocks.append(missing(f"{metric_name(metric)} is undefined for every subject, so it is not drawn."))
    return Section("scores", "Scores", tuple(blocks))


def scores_table(data: ReportData) -> Table:
    """Return mean +- sd over subjects per augmenter and classifier, the best of each column but accuracy's bold."""
    table = {metric: estimates(data, metric) for metric in METRIC_NAMES}
    best = {
        metric: np.nanmax([np.round(e.mean, 3) for e in values.values()] + [-np.inf])
        for metric, values in table.items()
        # Where classes are unbalanced, whoever always guesses the largest is the most accurate.
        if metric != "accuracy"
    }
    rows = []
    for model in classifiers(data):
        for name in augmenters(data):
            if (name, model) not in table[PRIMARY_METRIC]:
                continue
            cells = [_estimate_cell(metric, table[metric][name, model], best.get(metric)) for metric in METRIC_NAMES]
            rows.append((Cell(model), Cell(name), *cells))
    return Table(
        "scores",
        f"Mean ± standard deviation over {held_out(data)} subjects, each averaged over seeds first; below balanced "
        "accuracy, the 95 % bootstrap interval of its mean. The best of each column is bold, but not of accuracy, "
        "which rewards guessing the largest class. A dash means undefined, such as the AUROC of a subject with one "
        "class; undefined scores enter no mean.",
        columns(["Classifier", "Augmenter"], list(METRIC_NAMES.values())),
        tuple(rows),
    )


def _estimate_cell(metric: str, value: Estimate, best: float | None) -> Cell:
    text = number(value.mean) + (f" ± {number(value.sd)}" if np.isfinite(value.sd) else "")
    shown = interval(value.low, value.high) if metric == PRIMARY_METRIC and np.isfinite(value.low) else ""
    return Cell(
        text,
        sort=value.mean,
        detail=shown,
        title=plural(value.n_subjects, "subject"),
        strong=best is not None and bool(np.isfinite(value.mean) and np.round(value.mean, 3) == best),
    )


def _paired_picture(data: ReportData, metric: str) -> Picture:
    means = estimates(data, metric)
    told = []
    for model in classifiers(data):
        values = [f"{name} {number(means[name, model].mean)}" for name in augmenters(data) if (name, model) in means]
        told.append(f"{model}: {listed(values)}")
    chance = chance_level(data, metric)
    level = f" The dashed line is chance, {number(chance, 2)}." if np.isfinite(chance) else ""
    return picture(
        figures.paired_scores(data, metric),
        f"{metric_name(metric)} of {plural(data.scores['subject'].nunique(), 'subject')} by augmenter; "
        f"means for {'; '.join(told)}.",
        f"{metric_name(metric)}, one thin line a {held_out(data)} subject. Lines that rise together from left to "
        "right show an augmenter that helps most people; a higher mean with crossing lines helps some and hurts "
        f"others. The diamond is the mean with its 95 % bootstrap interval.{level}",
        chart=charts.paired_chart(data, metric),
    )


def comparison_section(data: ReportData) -> Section:
    """Return differences to the rivals, their forest plot, and the scores of each fold."""
    blocks: list[Block] = []
    if data.comparisons.empty:
        blocks.append(missing("Nothing was compared: the run has no augmenter with a rival to hold it against."))
    else:
        blocks += [comparison_table(data), _forest_picture(data)]
    blocks.append(fold_table(data))
    return Section("comparison", "Comparison", tuple(blocks))


def comparison_table(data: ReportData) -> Table:
    """Return one row a comparison, with the verdict in words."""
    rows = []
    for _, line in data.comparisons.iterrows():
        low, high = as_number(line["low"]), as_number(line["high"])
        values = {
            name: as_number(line[name])
            for name in ("mean", "rival_mean", "difference", "p_value", "p_holm", "effect_size", "detectable")
        }
        verdict = str(line["verdict"])
        rows.append(
            (
                text_cell(line["classifier"]),
                text_cell(line["augmenter"]),
                Cell(metric_name(str(line["metric"]))),
                text_cell(line["rival"]),
                Cell(VERDICT_NAMES.get(verdict, verdict), tone=verdict if verdict in VERDICT_NAMES else ""),
                Cell(
                    signed(values["difference"]),
                    sort=values["difference"],
                    title=f"{number(values['mean'])} against {number(values['rival_mean'])}",
                ),
                Cell(interval(low, high, sign=True), sort=low),
                Cell(
                    probability(values["p_holm"]),
                    sort=values["p_holm"],
                    title=f"{probability(values['p_value'])} before Holm's correction",
                ),
                Cell(signed(values["effect_size"], 2), sort=values["effect_size"]),
                Cell(number(values["detectable"]), sort=values["detectable"]),
                count_cell(line["n_subjects"]),
            )
        )
    heads = (
        *columns(["Classifier", "Augmenter", "Metric"]),
        Column("Rival", title="What the augmenter is held against: the best simple alternative"),
        Column("Verdict"),
        Column("Difference", numeric=True, title="Mean over subjects, augmenter minus rival"),
        Column("95 % interval", numeric=True),
        Column(
            "p",
            numeric=True,
            title="Wilcoxon signed-rank test, corrected for the number of rivals where the augmenter scores lower, and "
            "for that of augmenters and classifiers (Holm)",
        ),
        Column(
            "Effect size",
            numeric=True,
            title="Rank-biserial correlation of the paired differences, from −1 (all worse) to 1 (all better)",
        ),
        Column(
            "Detectable",
            numeric=True,
            title="The smallest difference that so many subjects would have shown in four of five cohorts",
        ),
        Column("Subjects", numeric=True),
    )
    n_rivals, n_comparisons = len(rivals_that_ran(data.scores)), count_comparisons(data.comparisons)
    return Table(
        "comparisons",
        f"Each augmenter against its rival, paired over the same {held_out(data)} subjects. “Helped” and “hurt” "
        "need both p < 0.05 and an interval on one side of zero; “undecided” does not mean that the two are equal."
        + _corrections(n_rivals, n_comparisons),
        heads,
        tuple(rows),
    )


def _corrections(n_rivals: int, n_comparisons: int) -> str:
    """Say what p values are corrected for, and that intervals are not."""
    said = ""
    if n_rivals > 1:
        said += (
            f" Where the augmenter scores lower, p counts {n_rivals} times: its rival is the best of {n_rivals}, "
            "chosen by the same scores."
        )
    if n_comparisons > 1:
        said += f" p is corrected for the {n_comparisons} comparisons of a metric (Holm)."
    return said + " Intervals are not corrected: one can exclude zero where p is not below 0.05." * bool(said)


def _forest_picture(data: ReportData) -> Picture:
    lines = [
        f"{row.augmenter} against {row.rival} with {row.classifier}, {metric_name(str(row.metric))}: "
        f"{signed(as_number(row.difference))} {interval(as_number(row.low), as_number(row.high), sign=True)}"
        for row in data.comparisons.itertuples()
    ]
    # A screen reader has the table for the rest.
    more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
    return picture(
        figures.forest(data),
        f"Differences with 95 % intervals: {'; '.join(lines[:4])}{more}.",
        "Differences to the rival with 95 % intervals. Right of the line at zero the augmenter is better. “Helped” and "
        "“hurt” need both: an interval on one side of the line, and p < 0.05, corrected as said above the table. An "
        "interval alone decides nothing.",
    )


def fold_table(data: ReportData) -> Table:
    """Return the scores as they were measured, one row a tested subject, augmenter, classifier and seed."""
    measured = [metric for metric in METRIC_NAMES if metric in data.scores]
    rows = []
    for _, line in data.scores.iterrows():
        values = [as_number(line[metric]) for metric in measured]
        rows.append(
            (
                *(text_cell(line[name]) for name in ("fold", "subject", "augmenter", "classifier", "seed")),
                count_cell(line["n_windows"]),
                *(Cell(number(value), sort=value) for value in values),
            )
        )
    return Table(
        "folds",
        "Every score behind the means above.",
        columns(
            ["Fold", "Subject", "Augmenter", "Classifier", "Seed"],
            ["Windows", *(metric_name(metric) for metric in measured)],
        ),
        tuple(rows),
        summary=f"Scores of every fold ({plural(len(rows), 'row')})",
    )


def confusion_section(data: ReportData) -> Section:
    """Return the confusion matrices as small multiples."""
    if not data.confusions:
        return Section("confusion", "Confusion matrices", (missing("No confusion matrix was counted."),))
    told = []
    for (name, model), counts in data.confusions.items():
        totals = counts.sum(axis=1)
        shares = [
            f"{percent(counts[i, i] / totals[i]) if totals[i] else 'none'} of {label}"
            for i, label in enumerate(data.classes)
        ]
        told.append(f"{name} with {model} {listed(shares)}")
    more = f"; and {len(told) - 4} more" if len(told) > 4 else ""
    block = picture(
        figures.confusions(data),
        f"Confusion matrices over all {held_out(data)} windows. Recognised: {'; '.join(told[:4])}{more}.",
        "Rows are the true class and sum to 100 %; the number of windows stands below each share. The diagonal is what "
        f"was recognised. Windows of all {held_out(data)} subjects are counted together, so a subject with more "
        "windows weighs more here than in the tables.",
    )
    return Section("confusion", "Confusion matrices", (block,))


def recall_section(data: ReportData) -> Section:
    """Return the bars of recall per class."""
    heading = "Per-class recall"
    names = [name for name in data.classes if f"recall: {name}" in data.scores]
    if not any(data.scores[f"recall: {name}"].notna().any() for name in names):
        return Section("recall", heading, (missing("No recall per class was measured."),))
    told = []
    for name in names:
        means = estimates(data, f"recall: {name}")
        values = [f"{number(e.mean, 2)} ({a}, {c})" for (a, c), e in means.items()]
        told.append(f"{name}: {listed(values[:6])}")
    block = picture(
        figures.recalls(data),
        f"Mean recall over subjects: {'; '.join(told)}.",
        f"The share of each class' windows that was recognised, mean over {held_out(data)} subjects with its 95 % "
        "bootstrap interval. Bars of equal height mean that no emotion is recognised at another's cost; an augmenter "
        "that only moves the decision threshold raises one bar and lowers the other.",
    )
    return Section("recall", heading, (block,))
