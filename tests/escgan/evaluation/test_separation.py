"""A band that gives the class away is named, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from escgan.evaluation.separation import ALL_CHANNELS, band_separation, separation_notices
from tests.conftest import CHANNELS, make_windows


def moved(windows, label, band, by, subjects=None, channel=slice(None)):
    de = windows.de.copy()
    rows = windows.labels == label
    if subjects is not None:
        rows &= np.isin(windows.subjects, subjects)
    de[rows, channel, band] += by
    return windows.with_de(de)


def alike(n_subjects=10, counts=(30, 20), seed=0):
    return make_windows(counts, n_subjects=n_subjects, separation=0.0, seed=seed)


def measured(windows):
    return band_separation(windows.take(np.flatnonzero(windows.subjects == s)) for s in np.unique(windows.subjects))


def test_the_areas_are_those_of_scikit_learn():
    windows = moved(alike(n_subjects=7), 1, 0, 0.8)
    table = measured(windows).set_index(["band", "channel"])
    for channel, name in ((3, CHANNELS[3]), (None, ALL_CHANNELS)):
        areas = []
        for subject in np.unique(windows.subjects):
            own = windows.subjects == subject
            values = windows.de[own, :, 0].mean(axis=1) if channel is None else windows.de[own, channel, 0]
            areas.append(roc_auc_score(windows.labels[own], values))
        assert table.loc[("band0", name), "auroc"] == pytest.approx(np.median(areas), abs=1e-12)
        assert table.loc[("band0", name), "separated"] == pytest.approx(np.mean(np.array(areas) >= 0.95))


def test_ties_count_as_half():
    windows = alike(n_subjects=6)
    table = measured(windows.with_de(np.zeros_like(windows.de)))
    assert (table["auroc"] == 0.5).all() and (table["separated"] == 0).all()


@pytest.mark.parametrize(("by", "side"), [(3.0, "higher"), (-3.0, "lower")])
def test_a_band_that_differs_in_almost_everybody_is_named_with_its_direction(by, side):
    windows = moved(alike(), 1, 1, by, subjects=[f"{i:02d}" for i in range(9)])
    (sentence,) = separation_notices(measured(windows))
    assert "Band 'band1' separates 'joy'" in sentence and "9 of 10 subjects" in sentence
    assert f"averaged over channels it is {side}" in sentence


def test_one_channel_alone_is_enough():
    windows = moved(alike(), 1, 0, 6.0, channel=CHANNELS.index("Pz"))
    (sentence,) = separation_notices(measured(windows))
    assert "at Pz it is higher" in sentence and "10 of 10" in sentence


def test_of_three_classes_the_one_that_differs_is_named():
    windows = moved(alike(counts=(30, 20, 20)), 2, 0, 4.0)
    (sentence,) = separation_notices(measured(windows))
    assert "separates 'fear' from the rest" in sentence


def test_an_effect_that_goes_either_way_in_different_people_is_none():
    windows = moved(alike(), 1, 0, 4.0, subjects=[f"{i:02d}" for i in range(5)])
    windows = moved(windows, 1, 0, -4.0, subjects=[f"{i:02d}" for i in range(5, 10)])
    table = measured(windows)
    assert table["separated"].max() == 0.5 and separation_notices(table) == ()


@pytest.mark.parametrize("effect", [0.0, 0.3, 0.8])
def test_usual_effects_are_not_called_artefacts(effect):
    for seed in range(10):
        windows = moved(alike(seed=seed), 1, 0, effect, channel=slice(0, 4))
        assert separation_notices(measured(windows)) == ()


def test_slow_drifts_that_happen_to_differ_between_two_trials_are_not_called_artefacts():
    # One trial a class, as long recordings have it: each person's two trials differ, without a common direction.
    for seed in range(30):
        draw = np.random.default_rng(seed)
        windows = alike(n_subjects=6, seed=seed)
        drift = draw.normal(0, 5, (6, 2, 1, 2))
        codes = np.unique(windows.subjects, return_inverse=True)[1]
        drifting = windows.with_de((windows.de + drift[codes, windows.labels]).astype(np.float32))
        assert separation_notices(measured(drifting)) == ()


def test_few_subjects_or_subjects_of_one_class_are_not_judged():
    assert measured(moved(alike(n_subjects=5), 1, 0, 9.0)).empty
    windows = moved(alike(n_subjects=7), 1, 0, 9.0)
    kept = windows.take(np.flatnonzero((windows.labels == 0) | (windows.subjects < "04")))
    assert measured(kept).empty
    assert separation_notices(measured(kept)) == ()
