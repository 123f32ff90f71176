"""Figures show the data, touch no global state, and give the same bytes each time."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from escgan.report import figures
from escgan.report.drawing import as_png, as_svg
from escgan.report.figures_recordings import recording_spectra
from escgan.report.figures_scalp import ROWS, can_be_mapped, placed_channels
from escgan.report.sections_edits import scalp_section

DRAWINGS = {
    "paired": lambda data: figures.paired_scores(data, "balanced_accuracy"),
    "forest": figures.forest,
    "confusions": figures.confusions,
    "recalls": figures.recalls,
    "class_balance": figures.class_balance,
    "spectra": figures.spectra,
    "recording spectra": lambda data: recording_spectra(data, list(data.spectra)),
    "edits": lambda data: figures.edit_panels(data.plane),
    "losses": figures.losses,
    "acceptance": figures.acceptance,
}


@pytest.fixture(scope="module")
def three_classes(make_data):
    return make_data(n_subjects=4, classes=("negative", "neutral", "positive"), normalization="none")


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_figure_drawn_twice_has_the_same_bytes(three_classes, name):
    first, second = (DRAWINGS[name](three_classes) for _ in range(2))
    assert isinstance(first, Figure)
    assert as_svg(first) == as_svg(second)


def test_a_scalp_map_drawn_twice_has_the_same_bytes(three_classes):
    first, second = (as_png(figures.scalp_maps(three_classes, "escgan"), dpi=50) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")


def test_drawing_leaves_global_settings_alone(three_classes):
    before = dict(matplotlib.rcParams)
    as_svg(figures.forest(three_classes))
    figures.scalp_maps(three_classes, "smote")
    assert dict(matplotlib.rcParams) == before


def test_drawing_scores_needs_no_pyplot():
    code = (
        "import sys, escgan.report.figures_scores, escgan.report.drawing; sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_svg_keeps_every_reference_to_its_own_ids(three_classes):
    text = as_svg(figures.losses(three_classes))
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert references and references <= ids


def test_one_line_a_subject_is_drawn(data):
    axes = figures.paired_scores(data, "balanced_accuracy").axes[0]
    drawn = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 4 and line.get_marker() == "o"]
    scores = data.scores[data.scores["classifier"] == "mlp"]
    expected = scores.pivot_table(index="subject", columns="augmenter", values="balanced_accuracy")
    expected = expected[["none", "class_weight", "smote", "escgan"]].to_numpy()
    assert np.allclose(np.sort(np.array(drawn), axis=0), np.sort(expected, axis=0))


def test_bars_of_class_balance_reach_the_number_of_windows(data):
    axes = figures.class_balance(data).axes[0]
    tops = {}
    for bar in axes.patches:
        tops[round(bar.get_x(), 3)] = max(tops.get(round(bar.get_x(), 3), 0), bar.get_y() + bar.get_height())
    assert sorted(tops.values()) == sorted(data.recordings["windows"])


def test_confusions_show_shares_of_the_true_class_and_counts(make_data):
    counts = np.array([[30, 10], [1, 3]])
    data = make_data(n_subjects=2, augmenters=("none",), classifiers=("mlp",), confusions={("none", "mlp"): counts})
    texts = [text.get_text() for text in figures.confusions(data).axes[0].texts]
    assert texts == ["75 %\n30", "25 %\n10", "25 %\n1", "75 %\n3"]


def test_maps_of_a_band_share_one_scale_around_zero(data):
    figure = figures.scalp_maps(data, "escgan")
    limits = [axes.images[0].get_clim() for axes in figure.axes if axes.images]
    # One row for the class that nothing was edited into, four for the other, five bands each.
    assert len(limits) == 25
    for band in range(5):
        means = data.scalp["escgan"]
        values = np.concatenate([means.real, means.reference, means.edited, means.edited - means.reference])
        reach = np.nanmax(np.abs(values[..., band]))
        assert {tuple(np.round(pair, 9)) for pair in limits[band * 5 : band * 5 + 5]} == {
            (round(-reach, 9), round(reach, 9))
        }


def test_differences_in_nats_have_their_own_scale(three_classes):
    figure = figures.scalp_maps(three_classes, "escgan")
    limits = [axes.images[0].get_clim() for axes in figure.axes if axes.images]
    assert len(limits) == 45
    assert limits[4] == limits[8] != limits[0]
    assert limits[4][0] == -limits[4][1]


def rows_drawn(figure, n_bands=5):
    """The rows' names, and how many bands have a colour bar."""
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    bars = sum(bool(axes.child_axes) for axes in figure.axes) // n_bands
    return [text for text in texts if text in ROWS], bars


@pytest.mark.parametrize("normalization", ["per_subject", "none"])
def test_captions_of_maps_speak_of_the_rows_that_are_drawn(make_data, normalization):
    data = make_data(n_subjects=2, normalization=normalization)
    whole = data.scalp["escgan"]
    nothing = np.full_like(whole.edited, np.nan)
    unpaired = replace(whole, reference=nothing)
    bare = replace(unpaired, edited=nothing, n_edited=np.zeros(2, int))
    data = replace(data, scalp={"escgan": whole, "smote": unpaired, "noise": bare})
    edited, made, none = scalp_section(data).blocks
    drawn = {name: rows_drawn(figures.scalp_maps(data, name)) for name in data.scalp}
    scales = 1 + (normalization == "none")
    assert drawn["escgan"] == (["real", "real", "reference", "edited", "edited − reference"], scales)
    assert drawn["smote"] == (["real", "real", "edited"], 1) and drawn["noise"] == (["real", "real"], 1)
    for picture, name in ((edited, "escgan"), (made, "smote"), (none, "noise")):
        for row in ROWS:
            assert (f"“{row}”" in picture.caption or f"“{row.capitalize()}”" in picture.caption) == (
                row in drawn[name][0]
            )
        assert "last row" not in picture.caption
        assert ("another" in picture.caption) == (drawn[name][1] == 2)
    assert "No window was made rest: there is the real map alone." in edited.caption
    assert "none was made of any class" in none.caption and "no reference to show" in made.caption
    # What was made without a reference is no less made.
    assert "no window was made rest; the largest difference of made from real arithmetic is" in made.alt
    assert "the largest change into arithmetic is" in edited.alt and "no window was made arithmetic" in none.alt


@pytest.mark.parametrize(
    ("measure", "unit", "words", "short"),
    [
        ("de", "nats", "differential entropy", "DE"),
        ("psd", "dB re 1 uV^2/Hz", "power spectral density", "PSD"),
        ("psd_movingAve", "dB", "power spectral density", "PSD"),
        ("rasm_LDS", "1", "rasm_LDS", "rasm_LDS"),
    ],
)
def test_maps_are_named_after_what_was_measured(make_data, measure, unit, words, short):
    data = make_data(n_subjects=2, measure=measure, unit=unit, normalization="none")
    shown = scalp_section(data).blocks[-1]
    assert f"escgan: mean {words} (in {unit}), seen from above" in shown.caption
    assert shown.alt.startswith(f"Scalp maps of mean {words} for escgan: ")
    texts = [text.get_text() for axes in figures.scalp_maps(data, "escgan").axes for text in axes.texts]
    assert f"mean {short} ({unit})" in texts
    if measure != "de":
        assert not any("DE" in text for text in texts) and "entropy" not in shown.caption + shown.alt


def test_channels_without_a_known_place_are_named_not_drawn(make_data):
    names = ["FP1", "fp2", "XX1", *make_data(n_subjects=1).channels[3:]]
    data = make_data(n_subjects=2, channels=tuple(names))
    assert placed_channels(data) == [0, 1, *range(3, 19)]
    assert "XX1" in scalp_section(data).blocks[0].caption
    unknown = make_data(n_subjects=2, channels=tuple(f"E{i}" for i in range(19)))
    assert not can_be_mapped(unknown)
    assert scalp_section(unknown).blocks[0].empty


def test_every_loss_term_has_a_panel_and_gaps_are_joined(data):
    axes = figures.losses(data).axes
    assert [panel.get_title(loc="left") for panel in axes][-1] == "discriminator fake"
    assert len(axes) == 7
    # Twelve folds and their mean; the last term is computed at every fifth step.
    assert [len(line.get_xdata()) for line in axes[-1].lines] == [8] * 13


@pytest.mark.parametrize("n_augmenters", [1, 9])
def test_many_and_long_names_do_not_break_a_figure(make_data, n_augmenters):
    data = make_data(n_subjects=3, augmenters=("none",), classifiers=("a_classifier_with_a_very_long_name",))
    scores = pd.concat(data.scores.assign(augmenter=f"an_augmenter_of_long_name_{i}") for i in range(n_augmenters))
    data = make_data(n_subjects=3, scores=scores, confusions={}, scalp={})
    for draw in (DRAWINGS["paired"], figures.recalls):
        assert as_svg(draw(data)).startswith("<svg")


def test_a_spectrum_of_zeros_is_left_out(make_data):
    hz = tuple(float(x) for x in range(64))
    flat, real = (0.0,) * 64, (1.0,) * 64
    spectra = {"flat": {"frequency_hz": hz, "before": flat, "after": flat}}
    spectra["real"] = {"frequency_hz": hz, "before": real, "after": real}
    figure = figures.spectra(make_data(n_subjects=2, spectra=spectra))
    # One recording and the mean.
    assert [len(axes.lines) for axes in figure.axes] == [2, 2]
    assert as_svg(figures.spectra(make_data(n_subjects=2, spectra={"flat": spectra["flat"]}))).startswith("<svg")


def test_each_recording_has_a_panel_with_both_of_its_spectra_on_one_scale(data):
    names = ["sub-03", "sub-01", "sub-12"]
    axes = recording_spectra(data, names).axes
    assert [panel.get_title(loc="left") for panel in axes] == names
    assert len({(panel.get_xlim(), panel.get_ylim()) for panel in axes}) == 1
    for panel, name in zip(axes, names, strict=True):
        for line, key in zip(panel.lines, ("before", "after"), strict=True):
            # The power at 0 Hz is no spectrum's business.
            np.testing.assert_array_equal(line.get_ydata(), data.spectra[name][key][1:])
