"""Figures to look closer at show what their pictures show."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode

import numpy as np
import plotly.graph_objects as go
import pytest

from escgan.report import charts
from escgan.report.drawing import CLASS_COLOURS
from escgan.report.figures_training import training_steps
from escgan.report.summary import subject_scores

HOSTILE = "</script><b>x</b>{%{y}"


def traces(text):
    figure = json.loads(text)
    # Plotly's own validation: an unknown property or value raises.
    go.Figure(figure)
    return figure["data"], figure["layout"]


def values(array):
    """Plotly writes long arrays as base64 of their bytes."""
    if isinstance(array, dict):
        return np.frombuffer(b64decode(array["bdata"]), dtype=np.dtype(array["dtype"]))
    return np.array(array, dtype=float)


def test_every_subject_has_a_line_in_every_panel_and_each_point_says_whose(data):
    lines, _ = traces(charts.paired_chart(data, "balanced_accuracy"))
    table = subject_scores(data, "balanced_accuracy")
    own = [line for line in lines if line["mode"] == "lines+markers"]
    assert len(own) == len(table) * 2
    expected = table[[(name, "mlp") for name in ("none", "class_weight", "smote", "escgan")]].to_numpy()
    np.testing.assert_allclose([values(line["y"]) for line in own[: len(table)]], expected)
    assert own[0]["text"][1] == f"{table.index[0]}, class_weight: {expected[0, 1]:.3f}"


def test_so_many_subjects_that_lines_hide_each_other_keep_the_picture(make_data, monkeypatch, data):
    monkeypatch.setattr(charts, "_MOST_LINES", data.scores["subject"].nunique() - 1)
    assert charts.paired_chart(data, "auroc") == charts.losses_chart(data) == ""


def test_edits_and_real_windows_say_which_they_are(data):
    points, layout = traces(charts.plane_chart(data.plane))
    edited = [trace for trace in points if trace["name"] == "edited"]
    assert [len(values(trace["x"])) for trace in edited] == [len(made) for made in data.plane.edits.values()]
    assert edited[0]["text"][0] == "edited into arithmetic"
    made = data.plane.edits["escgan"].iloc[0]
    told = f"subject {made['reference_subject']}, session 1, trial 1, window {made['reference_window']}"
    assert edited[1]["text"][0] == f"edited into arithmetic<br>from {told}"
    # One entry a kind in the legend, also for ways that the first panel lacks.
    shown = [trace["name"] for trace in points if trace.get("showlegend", True)]
    assert sorted(shown) == ["edited", "from its reference", "real: arithmetic", "real: rest"]
    # A class has one colour in the whole report, and edits have none of them.
    colours = {trace["name"]: trace["marker"]["color"] for trace in points if "marker" in trace}
    assert [colours[f"real: {name}"] for name in data.classes] == list(CLASS_COLOURS[:2])
    assert colours["edited"] not in CLASS_COLOURS
    stripes = [shape for shape in layout["shapes"] if shape["type"] == "rect"]
    assert [(shape["x0"], shape["x1"]) for shape in stripes] == [(-np.log(3), np.log(3))] * 2


def test_every_networks_losses_are_lines(data):
    lines, _ = traces(charts.losses_chart(data))
    history = training_steps(data)
    own = [line for line in lines if "hovertemplate" in line and line["line"]["width"] == 0.8]
    networks = history.groupby(["augmenter", "fold", "seed"]).ngroups
    assert len(own) % networks == 0 and "step %{x:,}" in own[0]["hovertemplate"]


def test_names_from_data_stay_text(make_data):
    data = make_data(n_subjects=3, classes=(HOSTILE, "b"), classifiers=(HOSTILE,))
    for text in (charts.paired_chart(data, "auroc"), charts.plane_chart(data.plane), charts.losses_chart(data)):
        assert "<" not in text
    _, layout = traces(charts.paired_chart(data, "auroc"))
    assert layout["annotations"][0]["text"].startswith("<b>&lt;/script&gt;&lt;b&gt;x&lt;/b&gt;")


@pytest.mark.parametrize("chart", [lambda d: charts.paired_chart(d, "auroc"), charts.losses_chart])
def test_a_chart_drawn_twice_has_the_same_bytes(data, chart):
    assert chart(data) == chart(data)


def test_the_packed_script_is_plotlys():
    script = charts.plotly_script()
    assert gzip.decompress(b64decode(charts.packed(script))).decode() == script and "plotly.js v" in script[:200]
    assert charts.packed(script) == charts.packed(script)
