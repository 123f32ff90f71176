"""What tables and figures have in common: means over subjects, and the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escgan.report.blocks import Cell, Table, columns
from escgan.report.summary import (
    edited_per_fold,
    estimate,
    outcome,
    recording_quality,
    subject_scores,
    unusual_recordings,
)


def _compared(data_maker, *verdicts: str, augmenter: str = "escgan", metric: str = "balanced_accuracy"):
    rows = [{"augmenter": augmenter, "metric": metric, "verdict": verdict} for verdict in verdicts]
    return data_maker(n_subjects=1, comparisons=pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("helped", "helped"), "helped"),
        (("hurt",), "hurt"),
        (("helped", "undecided"), "undecided"),
        (("helped", "hurt"), "undecided"),
        ((), ""),
    ],
)
def test_classifiers_that_disagree_leave_it_undecided(make_data, verdicts, expected):
    assert outcome(_compared(make_data, *verdicts)) == expected


def test_the_outcome_is_that_of_the_gan_and_of_balanced_accuracy(make_data):
    rows = [
        {"augmenter": "smote", "metric": "balanced_accuracy", "verdict": "hurt"},
        {"augmenter": "escgan", "metric": "auroc", "verdict": "undecided"},
        {"augmenter": "escgan", "metric": "balanced_accuracy", "verdict": "helped"},
    ]
    assert outcome(make_data(n_subjects=1, comparisons=pd.DataFrame(rows))) == "helped"


def test_another_augmenter_or_metric_answers_where_those_are_missing(make_data):
    assert outcome(_compared(make_data, "hurt", augmenter="smote")) == "hurt"
    assert outcome(_compared(make_data, "helped", metric="auroc")) == "helped"


def test_a_subject_evaluated_twice_weighs_once(make_data):
    scores = pd.DataFrame(
        {
            "augmenter": "none",
            "classifier": "mlp",
            "subject": ["a", "a", "b"],
            "seed": [0, 1, 0],
            "fold": 0,
            "kappa": [0.0, 0.2, 0.9],
        }
    )
    table = subject_scores(make_data(n_subjects=1, scores=scores), "kappa")
    assert table.loc["a"].item() == pytest.approx(0.1)
    assert table.to_numpy().mean() == pytest.approx(0.5)


def test_undefined_scores_are_left_out_of_an_estimate():
    value = estimate(np.array([0.5, np.nan, 0.7]))
    assert (value.mean, value.n_subjects) == (pytest.approx(0.6), 2)
    assert np.isnan(estimate(np.array([np.nan])).mean)
    assert np.isnan(estimate(np.array([0.5])).low)


def test_edited_windows_are_a_mean_over_folds(data):
    assert edited_per_fold(data)["escgan"] == pytest.approx([0, 14000 / 12])


def test_the_worst_channel_without_a_fault_has_the_strangest_deviation(make_data):
    quality = pd.DataFrame(
        {
            "recording": "r",
            "channel": ["Cz", "Pz", "Fz"],
            "std_uv": [10.0, 11.0, 40.0],
            "peak_to_peak_uv": [50.0, 60.0, 200.0],
            "flat_share": 0.0,
            "clipped_share": 0.0,
        }
    )
    assert recording_quality(make_data(n_subjects=1, quality=quality))["worst_channel"].tolist() == ["Fz"]


def test_of_many_recordings_the_strangest_are_shown_in_their_order(make_data):
    hz = tuple(float(f) for f in range(61))
    usual = np.linspace(50, 1, 61)
    gains = {"a": 1.0, "loud": 100.0, "b": 1.1, "quiet": 0.01, "c": 0.9, "d": 1.05}
    spectra = {
        name: {"frequency_hz": hz, "before": tuple(usual), "after": tuple(gain * usual)} for name, gain in gains.items()
    }
    # A stop band far below everything else is rounding: it may differ by any factor.
    spectra["c"]["after"] = (*spectra["c"]["after"][:50], *[1e-20] * 11)
    spectra["d"]["after"] = (*spectra["d"]["after"][:50], *[1e-12] * 11)
    for name in ("a", "b", "loud", "quiet"):
        spectra[name]["after"] = (*spectra[name]["after"][:50], *[1e-15] * 11)
    data = make_data(n_subjects=1, spectra=spectra)
    assert unusual_recordings(data, 2) == ["loud", "quiet"]
    assert unusual_recordings(data, 6) == list(gains)


def test_a_recording_whose_signal_is_gone_is_among_the_strangest(make_data):
    data = make_data(n_subjects=4)
    dead = {"sub-03": {**data.spectra["sub-03"], "after": (0.0,) * len(data.spectra["sub-03"]["after"])}}
    assert unusual_recordings(make_data(n_subjects=4, spectra=data.spectra | dead), 1) == ["sub-03"]


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="2 columns but a row of 1 cells"):
        Table("t", "", columns(["a"], ["b"]), ((Cell("x"),),))
