"""The report as one HTML page that needs nothing else: no network, no fonts, no script to be read."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from escgan.evaluation.caveats import fewer_trained, made_scarce
from escgan.evaluation.verdict import UNSEEN
from escgan.report.blocks import Picture, Section
from escgan.report.charts import packed, plotly_script
from escgan.report.data import ReportData
from escgan.report.sections_edits import plane_section, scalp_section, training_section
from escgan.report.sections_methods import methods_section
from escgan.report.sections_recordings import preprocessing_section, subjects_section
from escgan.report.sections_scores import (
    comparison_section,
    confusion_section,
    recall_section,
    scores_section,
)
from escgan.report.summary import headline_amounts, headline_comparisons, held_out, outcome
from escgan.report.wording import VERDICT_NAMES, duration, plural

SECTIONS = (
    scores_section,
    comparison_section,
    confusion_section,
    subjects_section,
    preprocessing_section,
    scalp_section,
    plane_section,
    training_section,
    recall_section,
    methods_section,
)
"""What the page holds, in reading order."""


@dataclass(frozen=True)
class Badge:
    """A short fact beside the verdict; ``alarm`` for one that limits what the verdict means."""

    text: str
    title: str
    alarm: bool = False


def render_report(data: ReportData) -> str:
    """Return the report as a self-contained HTML page.

    The same data give the same bytes. Every text of ``data`` is escaped.

    Parameters
    ----------
    data
        Everything the report shows.
    """
    environment = Environment(
        loader=PackageLoader("escgan.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found, shown = outcome(data), sections(data)
    sorting, charts, plotly = _own_file("sort.js.j2"), "", ""
    if any(isinstance(block, Picture) and block.chart for section in shown for block in section.blocks):
        charts, plotly = _own_file("charts.js.j2"), plotly_script()
    return environment.get_template("page.html.j2").render(
        data=data,
        amounts=headline_amounts(data),
        n_headline=len(headline_comparisons(data)),
        badges=badges(data),
        outcome=found,
        outcome_name=VERDICT_NAMES.get(found, "Not compared"),
        sections=shown,
        # Installed files, not data: they may stand as they are.
        style=Markup(_own_file("page.css")),
        sorting=Markup(sorting),
        charts=Markup(charts),
        packed_plotly=packed(plotly),
        script_digests=Markup(" ".join(_script_digest(script) for script in (sorting, charts, plotly) if script)),
    )


def sections(data: ReportData) -> tuple[Section, ...]:
    """Return the page's sections in reading order."""
    return tuple(section(data) for section in SECTIONS)


def badges(data: ReportData) -> tuple[Badge, ...]:
    """Return the facts that qualify the verdict, those that limit it first."""
    found = []
    if data.leaky:
        found.append(
            Badge(
                "LEAKY",
                "Training and test windows come from the same trials: scores are optimistic.",
                alarm=True,
            )
        )
    if data.notices:
        found.append(Badge("BEWARE", " ".join(data.notices), alarm=True))
    found += [Badge("SCARCE CLASS", said, alarm=True) for said in made_scarce(data.scarcity)]
    found += [Badge("LIMITED SUBJECTS", said, alarm=True) for said in fewer_trained(data.training_subjects)]
    found.append(Badge(data.protocol.replace("_", " "), "How training and test were split"))
    if data.transductive:
        found.append(
            Badge(
                "transductive normalisation",
                f"A {held_out(data)} subject's own unlabelled windows were used to normalise its features.",
            )
        )
    who = "Held out once each" if data.tested == UNSEEN else f"They train and are tested: the run tests {data.tested}"
    found.append(Badge(plural(data.scores["subject"].nunique(), "subject"), who))
    found.append(
        Badge(
            f"{duration(data.seconds)} of computing, summed over units and processes",
            "What every artifact took, added up: those made side by side, or taken from the store, count in full",
        )
    )
    return tuple(found)


def _own_file(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return resources.files("escgan.report").joinpath(name).read_text(encoding="utf-8")


def _script_digest(script: str) -> str:
    """Return the source by which the page's content policy admits this script and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"
