"""Two runs held against each other, person by person."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from escgan.errors import ConfigError
from escgan.evaluation.run_comparison import compare_runs, differing_settings, lone_entries


def scores(shift=0.0, subjects=range(12), augmenters=("none", "smote"), classifiers=("svm",), seed=0):
    rows = []
    for classifier in classifiers:
        for augmenter in augmenters:
            for subject in subjects:
                draw = np.random.default_rng([seed, subject, len(augmenter), len(classifier)])
                value = (
                    0.6 + 0.1 * np.random.default_rng(subject).standard_normal() + 0.01 * draw.standard_normal() + shift
                )
                rows.append((classifier, augmenter, f"{subject:02d}", f"fold-{subject}", 0, value, value + 0.05))
    columns = ["classifier", "augmenter", "subject", "fold", "seed", "balanced_accuracy", "auroc"]
    return pd.DataFrame(rows, columns=columns)


def test_a_run_that_scores_higher_is_called_so_and_the_other_way_round_lower():
    first, second = scores(), scores(shift=0.05, seed=1)
    up, down = compare_runs(first, second), compare_runs(second, first)
    assert set(up["verdict"]) == {"higher"} and set(down["verdict"]) == {"lower"}
    np.testing.assert_allclose(up["difference"], -down["difference"])
    assert len(up) == 4 and (up["n_subjects"] == 12).all()


def test_means_and_p_values_are_those_of_the_common_subjects():
    first, second = scores(subjects=range(12)), scores(shift=0.01, subjects=range(4, 16), seed=1)
    row = compare_runs(first, second).query("augmenter == 'none' and metric == 'balanced_accuracy'").iloc[0]
    one, other = (
        table.query("augmenter == 'none' and '04' <= subject <= '11'").set_index("subject")["balanced_accuracy"]
        for table in (first, second)
    )
    assert row["n_subjects"] == 8
    assert row["first"] == pytest.approx(one.mean()) and row["second"] == pytest.approx(other.mean())
    # Two comparisons of the metric: the smaller p counts twice.
    p = wilcoxon(other - one, method="exact").pvalue
    assert row["p_holm"] >= p and row["difference"] == pytest.approx((other - one).mean())


def test_the_same_run_differs_from_itself_in_nothing():
    table = compare_runs(scores(), scores())
    assert (table["difference"] == 0).all() and set(table["verdict"]) == {"undecided"}


def test_only_what_both_have_is_compared_and_nothing_in_common_is_refused():
    table = compare_runs(scores(augmenters=("none", "smote")), scores(augmenters=("none", "noise")))
    assert set(table["augmenter"]) == {"none"}
    with pytest.raises(ConfigError, match="no augmenter with a classifier in common"):
        compare_runs(scores(augmenters=("smote",)), scores(augmenters=("noise",)))
    with pytest.raises(ConfigError, match="no subject in common"):
        compare_runs(scores(subjects=range(3)), scores(subjects=range(5, 8)))


def test_augmenters_and_classifiers_of_one_run_alone_are_named():
    first = scores(augmenters=("none", "smote"), classifiers=("svm", "lda"))
    second = scores(augmenters=("mixup", "none"), classifiers=("svm",))
    assert lone_entries(first, second) == {"augmenters": (["smote"], ["mixup"]), "classifiers": (["lda"], [])}
    assert lone_entries(first, first) == {"augmenters": ([], []), "classifiers": ([], [])}


def told(first, second):
    return [tuple(found) for found in differing_settings(first, second)]


def test_settings_are_told_as_deep_as_they_differ_and_plain_lists_as_they_are():
    first = {"labels": {"kind": "threshold", "threshold": 5}, "seeds": [0], "same": 1}
    second = {"labels": {"kind": "tertiles"}, "seeds": [0, 1], "same": 1}
    assert told(first, second) == [
        ("labels.kind", "threshold", "tertiles", None),
        ("labels.threshold", 5, "not set", None),
        ("seeds", [0], [0, 1], None),
    ]
    assert told({"a": {"b": None}}, {"a": {"b": {"kind": "c"}}}) == [("a.b", None, {"kind": "c"}, None)]


def test_entries_of_a_list_are_held_against_each_other_by_name_or_kind():
    bands = [{"name": "beta", "low_hz": 14, "high_hz": 31}, {"name": "gamma", "low_hz": 31, "high_hz": 45}]
    narrower = [bands[0], bands[1] | {"high_hz": 44}]
    assert told({"bands": bands}, {"bands": narrower}) == [("bands.gamma.high_hz", 45, 44, None)]
    smote, mixup = {"kind": "smote", "k": 5}, {"kind": "mixup", "alpha": 0.2}
    mine = {"kind": "escgan", "name": "mine", "delta": 0.1}
    first = {"augmenters": [{"kind": "none"}, smote, mine]}
    second = {"augmenters": [{"kind": "none"}, mine | {"delta": 0.2}, mixup]}
    assert told(first, second) == [
        ("augmenters.smote", smote, "not set", "smote"),
        ("augmenters.mine.delta", 0.1, 0.2, None),
        ("augmenters.mixup", "not set", mixup, "mixup"),
    ]


def test_a_step_that_is_taken_twice_and_another_order_are_told():
    notch, low, high = ({"kind": "notch", "hz": 50}, {"kind": "bandpass", "hz": 30}, {"kind": "bandpass", "hz": 40})
    assert told({"steps": [low, high]}, {"steps": [low, high | {"hz": 45}]}) == [("steps.bandpass 2.hz", 40, 45, None)]
    assert told({"steps": [low]}, {"steps": [low, high]}) == [("steps.bandpass 2", "not set", high, "bandpass 2")]
    assert told({"steps": [notch, low]}, {"steps": [low, notch]}) == [
        ("order of steps", ["notch", "bandpass"], ["bandpass", "notch"], None)
    ]
