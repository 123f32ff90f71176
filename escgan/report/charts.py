"""The same figures to look closer at: Plotly's, laid over a picture where the page may run its script.

A page that is read without scripts, or printed from such a reader, keeps the picture. Every name that comes from data
is escaped, as Plotly reads a part of HTML in texts.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from typing import Any

import numpy as np
import pandas as pd

from escgan.report.data import ReportData
from escgan.report.drawing import FAINT, GRID, INK, MUTED, class_colour
from escgan.report.figures_edits import AXES, EDITED, colour_of, limits, moves
from escgan.report.figures_scores import chance_level, score_range
from escgan.report.figures_training import loss_terms, training_steps
from escgan.report.plane import NEAR, EditPlane
from escgan.report.summary import augmenters, classifiers, estimates, subject_scores
from escgan.report.wording import metric_name, number

_FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif", "size": 12, "color": INK}
_HEIGHT = 330
"""CSS pixels of a row of panels."""

_MOST_LINES = 200
"""Lines in a panel, past which a page would load slowly and show nothing more than its picture does."""


def paired_chart(data: ReportData, metric: str) -> str:
    """Return every subject's score under each augmenter, a panel a classifier; each point tells whose it is.

    "" for so many subjects that their lines cannot be told apart.
    """
    if data.scores["subject"].nunique() > _MOST_LINES:
        return ""
    names, models = augmenters(data), classifiers(data)
    n_columns = min(len(models), 3)
    figure = _panels([str(model) for model in models], n_columns)
    table, means, chance = subject_scores(data, metric), estimates(data, metric), chance_level(data, metric)
    # Augmenters stand at numbers, so that a name that looks like a number or a date stays a name.
    x = np.arange(len(names))
    for i, model in enumerate(models):
        place = {"row": i // n_columns + 1, "col": i % n_columns + 1}
        values = table.reindex(columns=[(name, model) for name in names]).to_numpy()
        for subject, row in zip(table.index, values, strict=True):
            told = [f"{_text(subject)}, {_text(name)}: {number(v)}" for name, v in zip(names, row, strict=True)]
            figure.add_scatter(
                x=x,
                y=row,
                mode="lines+markers",
                text=told,
                hoverinfo="text",
                opacity=0.55,
                line={"color": MUTED, "width": 1},
                marker={"size": 5},
                showlegend=False,
                **place,
            )
        known = [(k, means[name, model]) for k, name in enumerate(names) if (name, model) in means]
        figure.add_scatter(
            x=[k + 0.14 for k, _ in known],
            y=[value.mean for _, value in known],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [value.high - value.mean for _, value in known],
                "arrayminus": [value.mean - value.low for _, value in known],
                "width": 0,
                "thickness": 3,
            },
            mode="markers",
            marker={"symbol": "diamond", "size": 10, "color": class_colour(0), "line": {"color": "white", "width": 1}},
            text=[
                f"{_text(names[k])}: mean {number(v.mean)}, 95 % interval {number(v.low)} to {number(v.high)}"
                for k, v in known
            ],
            hoverinfo="text",
            name="mean, 95 % interval",
            showlegend=i == 0,
            **place,
        )
        if np.isfinite(chance):
            figure.add_hline(y=chance, line={"color": class_colour(4), "dash": "dash", "width": 1}, **place)
        figure.update_xaxes(
            tickvals=x, ticktext=[_text(name) for name in names], range=[-0.4, len(names) - 0.5], **place
        )
    figure.update_yaxes(title_text=_text(metric_name(metric)), col=1)
    # One range for all panels, as in the picture, with the chance level inside.
    figure.update_yaxes(range=score_range(table, chance))
    return _json(figure)


def plane_chart(plane: EditPlane) -> str:
    """Return real and edited windows on their plane, a panel an augmenter; each point tells which window it is."""
    names = list(plane.edits)
    n_columns = min(len(names), 3)
    figure = _panels(names, n_columns)
    (left, right), (low, high) = limits(plane)
    with_ways = next((name for name in names if len(moves(plane.edits[name]))), None)
    for i, name in enumerate(names):
        place: dict[str, Any] = {"row": i // n_columns + 1, "col": i % n_columns + 1}
        for label in (plane.source, plane.target):
            own = plane.real[plane.real["label"] == label]
            figure.add_scatter(
                x=own["x"].to_numpy(),
                y=own["y"].to_numpy(),
                mode="markers",
                marker={"size": 5, "color": colour_of(plane, label), "opacity": 0.4},
                text=[f"real: {_text(label)}<br>{window}" for window in _windows(own, "")],
                hoverinfo="text",
                name=f"real: {_text(label)}",
                legendgroup=f"real {label}",
                showlegend=i == 0,
                **place,
            )
        made = plane.edits[name]
        ways = moves(made)
        figure.add_scatter(
            x=_broken(ways["reference_x"], ways["x"]),
            y=_broken(ways["reference_y"], ways["y"]),
            mode="lines",
            line={"color": MUTED, "width": 0.7},
            opacity=0.45,
            hoverinfo="skip",
            name="from its reference",
            legendgroup="ways",
            showlegend=name == with_ways,
            **place,
        )
        figure.add_scatter(
            x=made["x"].to_numpy(),
            y=made["y"].to_numpy(),
            mode="markers",
            marker={"symbol": "diamond", "size": 6, "color": EDITED, "line": {"color": "white", "width": 0.5}},
            opacity=0.8,
            text=[f"edited into {_text(plane.target)}{of}" for of in _made_from(made)],
            hoverinfo="text",
            name="edited",
            legendgroup="edited",
            showlegend=i == 0,
            **place,
        )
        # Last: Plotly leaves out of panels that are still empty.
        figure.add_vrect(x0=-NEAR, x1=NEAR, fillcolor=FAINT, opacity=0.25, line_width=0, layer="below", **place)
        figure.add_vline(x=0, line={"color": INK, "width": 1}, layer="below", **place)
        figure.update_xaxes(range=[left, right], **place)
        figure.update_yaxes(range=[low, high], **place)
    across = AXES[0].format(target=_text(plane.target), source=_text(plane.source))
    figure.update_xaxes(title_text=across, row=-(-len(names) // n_columns))
    figure.update_yaxes(title_text=AXES[1], col=1)
    return _json(figure)


def losses_chart(data: ReportData) -> str:
    """Return every loss term over steps, a panel a term; each line tells its augmenter and fold; "" for too many."""
    terms, history = loss_terms(data), training_steps(data)
    if len(history[["augmenter", "fold", "seed"]].drop_duplicates()) > _MOST_LINES:
        return ""
    names = [str(name) for name in history["augmenter"].unique()]
    n_columns = min(len(terms), 4)
    figure = _panels([term.replace("_", " ") for term in terms], n_columns, height=220)
    for i, term in enumerate(terms):
        place = {"row": i // n_columns + 1, "col": i % n_columns + 1}
        table = history[["augmenter", "fold", "seed", "step", term]].dropna()
        for (augmenter, fold, seed), line in table.groupby(["augmenter", "fold", "seed"], sort=False):
            told = f"{_text(augmenter)}, {_text(fold)}, seed {seed}<br>step %{{x:,}}: %{{y:.4g}}<extra></extra>"
            figure.add_scatter(
                x=line["step"].to_numpy(),
                y=line[term].to_numpy(),
                mode="lines",
                hovertemplate=told,
                opacity=0.5,
                line={"color": MUTED, "width": 0.8},
                showlegend=False,
                **place,
            )
        for k, name in enumerate(names):
            mean = table[table["augmenter"] == name].groupby("step")[term].mean()
            figure.add_scatter(
                x=mean.index.to_numpy(),
                y=mean.to_numpy(),
                mode="lines",
                hoverinfo="skip",
                line={"color": class_colour(k), "width": 2},
                name=_text(name),
                legendgroup=f"mean {name}",
                showlegend=i == 0 and len(names) > 1,
                **place,
            )
    figure.update_xaxes(title_text="step", row=-(-len(terms) // n_columns))
    return _json(figure)


def plotly_script() -> str:
    """Return Plotly's own script, which the page holds so that it needs no network."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def packed(script: str) -> str:
    """Return a script as gzip in base64, two fifths of its bytes; the same for the same script."""
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode("ascii")


def _panels(titles: list[str], n_columns: int, height: int = _HEIGHT) -> Any:
    """Return an empty figure of a panel a title in the report's style."""
    from plotly.subplots import make_subplots

    n_rows = -(-len(titles) // n_columns)
    total = height * n_rows + 60
    figure = make_subplots(
        n_rows,
        n_columns,
        subplot_titles=[f"<b>{_text(title)}</b>" for title in titles],
        horizontal_spacing=0.06 if n_columns > 1 else 0,
        vertical_spacing=90 / total if n_rows > 1 else 0,
    )
    figure.update_layout(
        template="none",
        font=_FONT,
        height=total,
        margin={"l": 60, "r": 10, "t": 60, "b": 45},
        paper_bgcolor="white",
        plot_bgcolor="white",
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"},
    )
    figure.update_annotations(font={"size": 13, "color": INK})
    figure.update_xaxes(
        showgrid=False, zeroline=False, linecolor=FAINT, ticks="outside", tickcolor=FAINT, automargin=True
    )
    figure.update_yaxes(gridcolor=GRID, zeroline=False, linecolor=FAINT, automargin=True)
    return figure


def _windows(table: pd.DataFrame, prefix: str) -> list[str]:
    """Return which window each row names: subject, session, trial, window."""
    columns = [table[f"{prefix}{part}"] for part in ("subject", "session", "trial", "window")]
    return [
        f"subject {_text(subject)}, session {_text(session)}, trial {trial}, window {window}"
        for subject, session, trial, window in zip(*columns, strict=True)
    ]


def _made_from(made: pd.DataFrame) -> list[str]:
    known = made["reference_window"].notna()
    return [f"<br>from {of}" if has else "" for of, has in zip(_windows(made, "reference_"), known, strict=True)]


def _broken(start: pd.Series, end: pd.Series) -> list[float | None]:
    """Return lines one after another, with a gap behind each."""
    return [value for a, b in zip(start, end, strict=True) for value in (float(a), float(b), None)]


def _text(value: object) -> str:
    return html.escape(str(value))


def _json(figure: Any) -> str:
    """Return the figure as JSON that cannot end the element it stands in, the same bytes for the same figure."""
    text = json.dumps(json.loads(figure.to_json()), sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")
