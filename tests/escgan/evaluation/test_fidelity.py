import inspect
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from escgan.augmenters import AUGMENTERS
from escgan.augmenters.base import Balance, Edited, edited_from_references
from escgan.classifiers.cnn import CnnClassifier
from escgan.evaluation.evaluator import Evaluator, train_evaluator
from escgan.evaluation.fidelity import FIDELITY_COLUMNS, FidelityConfig, measure_fidelity
from escgan.windows import WindowSet
from tests.conftest import make_windows

CONFIG = FidelityConfig(evaluator=CnnClassifier(hidden=4, epochs=8, batch_size=32, learning_rate=3e-3))
IN_FEATURES = [
    "kid", "frechet", "inception_score", "target_probability", "precision", "recall", "density", "coverage",
]  # fmt: skip


@cache
def train():
    return make_windows(counts=(90, 40), n_subjects=6, separation=0.6)


@cache
def evaluator():
    return train_evaluator(train(), CONFIG.evaluator, 0)


def edits_of(rows, de, target=1):
    labels = np.full(len(rows), target)
    return edited_from_references(train(), de.astype(np.float32), rows, labels, Balance().wanted(train().counts))


@cache
def majority(n=200):
    return np.flatnonzero(train().labels == 0)[:: int(540 // n)][:n]


def moved(extent):
    """Windows of the common class, moved by a share of the true difference of the classes."""
    real, rows = train(), majority()
    gap = real.de[real.labels == 1].mean(axis=0) - real.de[real.labels == 0].mean(axis=0)
    return edits_of(rows, real.de[rows] + extent * gap)


def of_edits(edited, config=CONFIG):
    table = measure_fidelity(train(), edited, config, 0, evaluator=evaluator())
    return table[table["compared"] == "edits"].iloc[0]


def none_made():
    return edits_of(majority()[:0], train().de[:0])


def test_there_are_two_rows_for_each_class_with_edits():
    windows = make_windows(counts=(60, 25, 30), n_subjects=4)
    edited = AUGMENTERS["smote"]().generate(None, windows, Balance(), 0)
    table = measure_fidelity(windows, edited, CONFIG, 0)
    assert table[["target", "compared"]].to_numpy().tolist() == [
        ["joy", "edits"], ["joy", "real"], ["fear", "edits"], ["fear", "real"],
    ]  # fmt: skip
    assert list(table.columns) == list(FIDELITY_COLUMNS) and table.dtypes.astype(str).to_dict() == FIDELITY_COLUMNS
    assert table["n"].tolist() == [140, 100, 120, 120]
    # Two of four subjects have 50 and 60 windows of these classes.
    assert table["n_compared"].tolist() == [50, 50, 60, 60]
    assert not table[[*IN_FEATURES, "distance_ratio"]].isna().any(axis=None)


def test_edits_moved_as_the_classes_differ_are_better_than_windows_only_relabelled_or_moved_too_far():
    right, relabelled, too_far = (of_edits(moved(extent)) for extent in (1, 0, 5))
    for wrong in (relabelled, too_far):
        for column in ("kid", "frechet"):
            assert right[column] < wrong[column]
        for column in ("precision", "density", "coverage"):
            assert right[column] > wrong[column]
    assert relabelled["target_probability"] < 0.3 < 0.7 < right["target_probability"]
    assert relabelled["inception_score"] < right["inception_score"] <= 2


def test_more_noise_is_less_like_real_windows():
    real, own = train(), np.flatnonzero(train().labels == 1)
    noise = np.random.default_rng(0).standard_normal((len(own), *real.de.shape[1:]))
    rows = [of_edits(edits_of(own, real.de[own] + share * noise)) for share in (0.5, 1.5, 4.0)]
    for column in ("kid", "frechet", "distance_ratio", "mean_shift"):
        assert rows[0][column] < rows[1][column] < rows[2][column]
    for column in ("precision", "coverage"):
        assert rows[0][column] > rows[1][column] >= rows[2][column]


def test_copies_look_best_and_are_told():
    own = np.flatnonzero(train().labels == 1)
    copies, fresh = of_edits(edits_of(own, train().de[own])), of_edits(moved(1))
    assert copies["frechet"] < fresh["frechet"]
    assert copies["copies"] == copies["n"] == len(own) and fresh["copies"] == 0
    assert copies["closer_than_any"] == copies["closer_than_5pct"] == 1 and copies["distance_ratio"] == 0
    assert fresh["closer_than_5pct"] < 0.2 and fresh["distance_ratio"] == pytest.approx(1, abs=0.2)


def test_the_yardstick_compares_people_with_people_and_is_the_same_for_all_edits():
    first, second = (
        measure_fidelity(train(), edited, CONFIG, 0, evaluator=evaluator()).set_index("compared").loc["real"]
        for edited in (moved(0), moved(5))
    )
    pd.testing.assert_series_equal(first, second)
    assert first["n"] == 240 and first["n_compared"] == 120
    # These subjects do not differ, so windows of others are as like as can be.
    assert first["density"] == pytest.approx(1, abs=0.25) and first["distance_ratio"] == pytest.approx(1, abs=0.05)
    assert np.isnan(first["mean_shift"]) and first["copies"] == 0


def test_a_yardstick_of_people_who_differ_says_so():
    windows = train()
    names, subject = np.unique(windows.subjects.astype(str), return_inverse=True)
    own = 1.5 * np.random.default_rng(0).standard_normal((len(names), *windows.de.shape[1:]))
    strange = windows.with_de((windows.de + own[subject]).astype(np.float32))
    row = measure_fidelity(strange, moved(1), CONFIG, 0).set_index("compared").loc["real"]
    same = measure_fidelity(windows, moved(1), CONFIG, 0, evaluator=evaluator()).set_index("compared").loc["real"]
    assert row["frechet"] > 2 * same["frechet"] and row["coverage"] < same["coverage"] / 2
    assert row["distance_ratio"] > 1.3 and row["closer_than_5pct"] == 0


def test_the_other_classes_of_the_inception_score_are_windows_the_evaluator_never_saw():
    common = train().labels == 0
    found = {}
    for name, changed in (("seen", common & evaluator().seen), ("unseen", common & ~evaluator().seen)):
        windows = train().with_de(np.where(changed[:, None, None], np.float32(9), train().de))
        table = measure_fidelity(windows, moved(1), CONFIG, 0, evaluator=evaluator())
        found[name] = table["inception_score"].iloc[0]
    assert found["seen"] == of_edits(moved(1))["inception_score"] != found["unseen"]


def test_a_shift_is_measured_from_the_reference_and_against_the_classes_difference():
    real, rows = train(), majority()
    gap = real.de[real.labels == 1].mean(axis=0, dtype=float) - real.de[real.labels == 0].mean(axis=0, dtype=float)
    half = of_edits(moved(0.5))
    assert half["mean_shift"] == pytest.approx(np.abs(gap).mean() / 2, rel=1e-5)
    assert half["class_gap"] == pytest.approx(np.abs(gap).mean(), rel=1e-6)
    assert half["shift_correlation"] == pytest.approx(1)
    assert of_edits(moved(-1))["shift_correlation"] == pytest.approx(-1)
    aside = np.random.default_rng(5).standard_normal(gap.shape)
    row = of_edits(edits_of(rows, real.de[rows] + aside))
    assert row["shift_correlation"] == pytest.approx(np.corrcoef(aside.ravel(), gap.ravel())[0, 1], abs=1e-5)


def test_references_of_several_classes_are_set_off_each_against_its_own():
    windows = make_windows(counts=(60, 30, 60), n_subjects=4)
    rows = np.concatenate([np.flatnonzero(windows.labels == 0)[:90], np.flatnonzero(windows.labels == 2)[:30]])
    mean = [windows.de[windows.labels == label].mean(axis=0, dtype=float) for label in range(3)]
    gap = 0.75 * (mean[1] - mean[0]) + 0.25 * (mean[1] - mean[2])
    edited = edited_from_references(
        windows, windows.de[rows] + 1, rows, np.ones(len(rows), np.int64), Balance().wanted(windows.counts)
    )
    row = measure_fidelity(windows, edited, CONFIG, 0).iloc[0]
    assert row["class_gap"] == pytest.approx(np.abs(gap).mean(), rel=1e-5)
    assert row["mean_shift"] == pytest.approx(1, rel=1e-5)


def test_a_shift_without_references_or_within_a_class_is_unknown():
    smote = AUGMENTERS["smote"]().generate(None, train(), Balance(), 0)
    assert of_edits(smote)[["mean_shift", "class_gap", "shift_correlation"]].isna().all()
    own = np.flatnonzero(train().labels == 1)
    copied = of_edits(edits_of(own, train().de[own] + 0.5))
    assert copied["mean_shift"] == pytest.approx(0.5)
    assert np.isnan(copied["class_gap"]) and np.isnan(copied["shift_correlation"])


def test_rejected_candidates_do_not_count():
    edited = moved(1)
    refused = edited.edits.iloc[:7].assign(accepted=False)
    with_refused = replace(edited, edits=pd.concat([refused, edited.edits], ignore_index=True))
    pd.testing.assert_series_equal(of_edits(with_refused), of_edits(edited))


def test_without_edits_the_table_is_empty_and_nothing_is_trained():
    table = measure_fidelity(train(), none_made(), CONFIG, 0)
    assert len(table) == 0 and list(table.columns) == list(FIDELITY_COLUMNS)
    assert table.dtypes.astype(str).to_dict() == FIDELITY_COLUMNS


def test_too_few_edits_are_not_compared_in_features_but_the_yardstick_is():
    few = edits_of(majority()[:19], train().de[majority()[:19]])
    table = measure_fidelity(train(), few, CONFIG, 0, evaluator=evaluator()).set_index("compared")
    assert table.loc["edits", IN_FEATURES].isna().all() and table.loc["edits", "n_compared"] == 0
    assert table.loc["real", IN_FEATURES].notna().all() and table.loc["real", "n_compared"] == 120
    assert table.loc["edits", "copies"] == 19 and table.loc["edits", "distance_ratio"] > 0


def test_a_class_with_few_windows_or_one_subject_leaves_gaps_and_no_error():
    for n_subjects, counts in ((6, (40, 2)), (1, (40, 30)), (1, (40, 1)), (2, (30, 1))):
        windows = make_windows(counts=counts, n_subjects=n_subjects)
        rows = np.flatnonzero(windows.labels == 0)[:25]
        edited = edited_from_references(
            windows, windows.de[rows] + 1, rows, np.ones(25, np.int64), Balance().wanted(windows.counts)
        )
        table = measure_fidelity(windows, edited, CONFIG, 0).set_index("compared")
        known = table.loc["edits", IN_FEATURES].notna()
        assert known.all() if counts[1] >= 20 else not known.any()
        assert table.loc["real", IN_FEATURES].isna().all()
        assert np.isnan(table.loc["real", "distance_ratio"]) == (n_subjects == 1)
        assert table.loc["edits", "mean_shift"] == pytest.approx(1, rel=1e-5)


def test_at_most_as_many_windows_as_asked_for_are_compared():
    config = CONFIG.model_copy(update={"most_windows": 30})
    row = of_edits(moved(1), config)
    assert (row["n"], row["n_compared"]) == (200, 30)


def test_the_same_seed_gives_the_same_table_and_an_evaluator_given_is_the_one_that_would_be_trained():
    trained_here = measure_fidelity(train(), moved(1), CONFIG, 0)
    pd.testing.assert_frame_equal(trained_here, measure_fidelity(train(), moved(1), CONFIG, 0, evaluator=evaluator()))
    other = measure_fidelity(train(), moved(1), CONFIG, 1)
    assert not np.allclose(other[["kid", "frechet"]], trained_here[["kid", "frechet"]])


def test_edits_are_compared_on_the_grid_that_the_generator_painted():
    edited = moved(1)
    painted = replace(edited, grid=edited.grid + np.float32(3))
    assert of_edits(painted)["frechet"] > 2 * of_edits(edited)["frechet"]
    assert of_edits(painted)["distance_ratio"] == of_edits(edited)["distance_ratio"]


def test_there_is_no_place_for_test_windows():
    parameters = inspect.signature(measure_fidelity, eval_str=True).parameters
    assert [p.annotation for p in parameters.values()] == [
        WindowSet, Edited, FidelityConfig, int, str, Evaluator | None,
    ]  # fmt: skip


def test_every_setting_has_a_description_and_numbers_that_cannot_work_together_are_refused():
    assert all(field.description for field in FidelityConfig.model_fields.values())
    for wrong in ({"neighbours": 20}, {"most_windows": 10}):
        with pytest.raises(ValidationError, match="must rise in this order"):
            FidelityConfig(**wrong)
    assert_allclose(FidelityConfig().fewest_windows, 20)
