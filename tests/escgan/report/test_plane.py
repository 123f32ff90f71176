"""The plane is given by real training windows, and everything else is projected onto it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from escgan.augmenters import AUGMENTERS, Balance
from escgan.report.figures_edits import limits, outside
from escgan.report.plane import edit_plane, spread
from tests.conftest import make_windows


def made_by(train, *kinds):
    return {kind: (own := AUGMENTERS[kind]()).generate(own.fit(train, 0), train, Balance(), 0) for kind in kinds}


@pytest.fixture(scope="module")
def train():
    return make_windows(counts=(60, 20), n_subjects=1)


@pytest.fixture(scope="module")
def plane(train):
    return edit_plane(train, made_by(train, "smote", "subject_shift"), "sub-03", 7)


def test_across_the_border_is_scikit_learns_logit(train, plane):
    scaler = StandardScaler().fit(train.flat().astype(float))
    model = LogisticRegression(class_weight="balanced", max_iter=5000)
    model.fit(scaler.transform(train.flat().astype(float)), train.labels)
    order = np.argsort(train.labels, kind="stable")
    logits = model.decision_function(scaler.transform(train.flat().astype(float)))[order]
    np.testing.assert_allclose(plane.real["x"], logits, atol=1e-6)
    shares = plane.shares.set_index("group")
    assert shares.at["real: joy", "beyond"] == pytest.approx((logits[60:] > 0).mean())
    probability = 1 / (1 + np.exp(-logits[:60]))
    assert shares.at["real: calm", "near"] == pytest.approx(((probability > 0.25) & (probability < 0.75)).mean())


def test_along_the_border_nothing_tells_the_classes_apart(train, plane):
    """The second axis is orthogonal to the first, so that moving along it changes no logit."""
    x, y = plane.real["x"].to_numpy(), plane.real["y"].to_numpy()
    flat = StandardScaler().fit_transform(train.flat()[np.argsort(train.labels, kind="stable")].astype(float))
    centred = flat - flat.mean(axis=0)
    across, along = (np.linalg.lstsq(centred, v - v.mean(), rcond=None)[0] for v in (x, y))
    assert abs(across @ along) < 1e-6 * np.linalg.norm(across) * np.linalg.norm(along)


def test_names_and_numbers_are_the_folds(train, plane):
    assert (plane.fold, plane.seed, plane.source, plane.target) == ("sub-03", 7, "calm", "joy")
    assert plane.shares.set_index("group")["n"].to_dict() == {
        "real: calm": 60,
        "real: joy": 20,
        "smote": 40,
        "subject_shift": 40,
    }
    assert set(plane.real["subject"]) <= set(train.subjects)


def test_an_edit_is_joined_with_its_own_reference(train, plane):
    shifted = plane.edits["subject_shift"]
    real = plane.real.set_index(["subject", "session", "trial", "window"])
    for _, row in shifted.iterrows():
        name = tuple(row[f"reference_{part}"] for part in ("subject", "session", "trial", "window"))
        assert real.at[name, "label"] == "calm"
        assert (row["reference_x"], row["reference_y"]) == pytest.approx(tuple(real.loc[name, ["x", "y"]]), abs=1e-6)
    assert plane.edits["smote"]["reference_x"].isna().all()


def test_edits_move_no_real_window(train, plane):
    alone = edit_plane(train, made_by(train, "smote"), "sub-03", 7)
    pd.testing.assert_frame_equal(alone.real, plane.real)


def test_of_several_classes_the_one_that_lacks_most_stands_against_the_largest():
    train = make_windows(counts=(50, 30, 10), n_subjects=1)
    plane = edit_plane(train, made_by(train, "oversample"), "fold", 0)
    assert (plane.source, plane.target) == (train.classes[0], train.classes[2])
    assert set(plane.real["label"]) == {train.classes[0], train.classes[2]}
    # Copies of real windows lie where those lie.
    places = {(round(x, 5), round(y, 5)) for x, y in zip(plane.real["x"], plane.real["y"], strict=True)}
    copies = plane.edits["oversample"]
    assert {(round(x, 5), round(y, 5)) for x, y in zip(copies["x"], copies["y"], strict=True)} <= places


def test_without_an_edit_or_a_border_there_is_no_plane(train):
    assert edit_plane(train, {}, "fold", 0) is None
    even = make_windows(counts=(20, 20), n_subjects=1)
    assert edit_plane(even, made_by(even, "oversample"), "fold", 0) is None
    lone = make_windows(counts=(20, 1), n_subjects=1)
    assert edit_plane(lone, made_by(lone, "oversample"), "fold", 0) is None


@given(st.integers(0, 500), st.integers(1, 100))
def test_points_are_spread_evenly_and_in_order(n, most):
    rows = spread(n, most)
    assert len(rows) == min(n, most) and len(set(rows.tolist())) == len(rows)
    assert all(0 <= row < n for row in rows)
    steps = np.diff(rows)
    assert not len(steps) or (steps.min() >= 1 and steps.max() - steps.min() <= 1)


def test_a_few_windows_far_away_do_not_press_the_others_into_a_line(train):
    far = train.de.copy()
    far[::27] += 100 * np.sign(far[::27])
    plane = edit_plane(train.with_de(far), made_by(train.with_de(far), "oversample"), "fold", 0)
    values = np.concatenate([plane.real["y"], plane.edits["oversample"]["y"]])
    low, high = limits(plane)[1]
    near = np.abs(values - np.median(values)) < 5 * np.subtract(*np.quantile(values, [0.75, 0.25]))
    assert (values[near] >= low).all() and (values[near] <= high).all() and near.mean() > 0.8
    assert high - low < 0.5 * (values.max() - values.min())
    assert outside(plane) >= (~near).sum() > 0


def test_where_nothing_is_far_everything_is_drawn(plane):
    (left, right), (low, high) = limits(plane)
    for table in (plane.real, *plane.edits.values()):
        assert table["x"].between(left, right).all() and table["y"].between(low, high).all()
    assert outside(plane) == 0
