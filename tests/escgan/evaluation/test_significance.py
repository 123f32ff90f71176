from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from escgan.evaluation.significance import (
    COMPARED_METRICS,
    bootstrap_interval,
    compare_augmenters,
    compare_paired,
    coverage,
    detectable_difference,
    holm,
    signed_rank_p_value,
    smallest_p_value,
)

OPPOSITE = {"helped": "hurt", "hurt": "helped", "undecided": "undecided"}


def compare(differences, **options):
    differences = np.asarray(differences, dtype=float)
    return compare_paired(0.5 + differences, np.full(len(differences), 0.5), **options)


def by_enumeration(differences):
    """Two-sided signed-rank p value over every assignment of signs; zeros are ranked and dropped (Pratt)."""
    ranks = stats.rankdata(np.abs(differences)) * (differences != 0)
    observed = abs((ranks * np.sign(differences)).sum())
    sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(differences))]
    return np.mean([s >= observed - 1e-9 for s in sums])


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 30), seed=st.integers(0, 2**31))
def test_the_p_value_is_scipys_exact_one_where_no_differences_tie(n, seed):
    rng = np.random.default_rng(seed)
    differences = np.round(rng.permutation(np.arange(1, n + 1)) * rng.choice([-1, 1], n) / 100, 12)
    truth = stats.wilcoxon(differences, method="exact").pvalue
    assert compare(differences).p_value == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize(
    "differences",
    [
        [0.1, 0.1, 0.1, 0.2, -0.1],
        [0.0, 0.0, 0.1, 0.2, 0.3, 0.1],
        [0.0, 0.0, 0.0, 0.0, -0.1],
        [0.25, -0.25, 0.25, 0.25, 0.5, 0.0, 0.25, 0.25],
    ],
)
def test_with_ties_and_zeros_the_p_value_counts_every_assignment_of_signs(differences):
    assert compare(differences).p_value == pytest.approx(by_enumeration(np.array(differences)))


@pytest.mark.parametrize("n", [20, 60])
def test_larger_samples_with_ties_use_scipys_approximation_without_a_warning(n):
    differences = np.resize([0.1, 0.1, 0.2, 0.0, -0.1, 0.3], n)
    truth = stats.wilcoxon(differences, zero_method="pratt", method="asymptotic").pvalue
    assert compare(differences).p_value == pytest.approx(truth)


def test_rounding_in_scores_does_not_break_a_tie():
    """0.3 - 0.2 and 0.2 - 0.1 differ in their last bits, and so does 0.1 + 0.2 from 0.3."""
    own, other = np.array([0.3, 0.2, 0.1 + 0.2, 0.9]), np.array([0.2, 0.1, 0.3, 0.2])
    assert compare_paired(own, other).p_value == pytest.approx(by_enumeration(np.array([0.1, 0.1, 0, 0.7])))


@pytest.mark.parametrize("n", [2, 12, 40])
def test_equal_scores_are_undecided_with_a_p_value_of_one(n):
    result = compare(np.zeros(n))
    assert (result.p_value, result.effect_size, result.outcome()) == (1.0, 0.0, "undecided")
    assert (result.n_subjects, result.difference, result.low, result.high) == (n, 0, 0, 0)


def test_pairs_with_an_undefined_score_are_left_out():
    nan = np.nan
    own, other = np.array([0.9, nan, 0.7, 0.8, 0.6, nan]), np.array([0.5, 0.5, nan, 0.6, 0.5, nan])
    assert repr(compare_paired(own, other)) == repr(compare_paired(own[[0, 3, 4]], other[[0, 3, 4]]))
    assert compare_paired(own, other).n_subjects == 3


@pytest.mark.parametrize(("n", "difference"), [(0, np.nan), (1, 0.25)])
def test_fewer_than_two_subjects_decide_nothing(n, difference):
    result = compare(np.full(n, 0.25))
    assert result.n_subjects == n and result.difference == pytest.approx(difference, nan_ok=True)
    assert np.isnan([result.low, result.high]).all()
    assert (result.p_value, result.outcome()) == (1.0, "undecided")


def test_five_subjects_cannot_reach_significance_however_large_the_gain():
    """Of 32 assignments of signs two are as extreme: p is 1/16."""
    result = compare([0.2, 0.3, 0.25, 0.35, 0.4])
    assert result.p_value == pytest.approx(1 / 16) and result.low > 0 and result.outcome() == "undecided"


def test_a_clear_gain_of_six_subjects_helped():
    result = compare([0.2, 0.3, 0.25, 0.35, 0.4, 0.1])
    assert result.p_value == pytest.approx(1 / 32) and result.outcome() == "helped"
    assert result.effect_size == 1 and result.difference == pytest.approx(1.6 / 6)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 15), seed=st.integers(0, 2**31), shift=st.sampled_from([0.0, 0.5, 2.0]))
def test_swapping_the_sides_turns_helped_into_hurt_and_changes_nothing_else(n, seed, shift):
    rng = np.random.default_rng(seed)
    own, other = rng.normal(shift, 1, n), rng.normal(0, 1, n)
    there, back = compare_paired(own, other), compare_paired(other, own)
    assert back.outcome() == OPPOSITE[there.outcome()]
    assert back.p_value == pytest.approx(there.p_value)
    assert (back.difference, back.effect_size) == pytest.approx((-there.difference, -there.effect_size))
    # The percentiles of the mirrored resamples mirror each other.
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(3, 9), seed=st.integers(0, 2**31))
def test_the_order_of_subjects_changes_neither_p_value_nor_effect(n, seed):
    rng = np.random.default_rng(seed)
    differences = np.round(rng.normal(0.3, 1, n), 1)
    assume(differences.any())
    one, other = compare(differences), compare(rng.permutation(differences))
    assert (one.p_value, one.effect_size, one.difference) == pytest.approx(
        (other.p_value, other.effect_size, other.difference)
    )


def test_the_effect_size_is_the_share_of_ranks_for_less_the_share_against():
    # Ranks 1, 2, 3, 4 of which 2 stands against: (8 - 2) / 10. The zero takes no part.
    assert compare([0.1, -0.2, 0.3, 0.4, 0.0]).effect_size == pytest.approx(0.6)


def test_an_outcome_needs_both_the_interval_and_the_p_value():
    rng = np.random.default_rng(0)
    seen = set()
    for shift in np.linspace(-1.5, 1.5, 61):
        result = compare(rng.normal(shift, 1, 12))
        above, below = result.p_value < 0.05 and result.low > 0, result.p_value < 0.05 and result.high < 0
        assert result.outcome() == ("helped" if above else "hurt" if below else "undecided")
        seen.add(result.outcome())
    assert seen == set(OPPOSITE)


def test_the_interval_is_close_to_the_normal_one_for_a_large_normal_sample():
    values = np.random.default_rng(0).normal(0.1, 0.05, 400)
    truth = stats.norm.interval(0.95, values.mean(), values.std() / 20)
    assert bootstrap_interval(values) == pytest.approx(truth, abs=3e-4)
    wide = bootstrap_interval(values, level=0.99)
    assert wide[0] < truth[0] and wide[1] > truth[1]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 8, 12, 36])
def test_the_interval_covers_the_true_mean_at_its_stated_rate(n):
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(1000):
        low, high = bootstrap_interval(rng.normal(0.3, 1, n))
        covered.append(low <= 0.3 <= high)
    rate = coverage(n)
    assert np.mean(covered) == pytest.approx(rate, abs=3 * np.sqrt(rate * (1 - rate) / 1000))


def test_for_few_normal_values_the_interval_is_about_students():
    rng = np.random.default_rng(2)
    for _ in range(20):
        values = rng.normal(0, 1, 12)
        own, students = bootstrap_interval(values), stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
        assert own[1] - own[0] == pytest.approx(students[1] - students[0], rel=0.12)
        assert values.min() <= own[0] and own[1] <= values.max()


def test_without_an_effect_helped_is_claimed_in_at_most_a_few_of_a_hundred_cohorts():
    rng = np.random.default_rng(2)
    outcomes = [compare(rng.normal(0, 0.05, 12)).outcome() for _ in range(200)]
    # At most 2.5 % on each side: 10 of 200 are more than two deviations beyond that.
    assert outcomes.count("helped") <= 10 and outcomes.count("hurt") <= 10


def test_with_a_large_effect_helped_is_claimed_almost_always():
    rng = np.random.default_rng(3)
    outcomes = [compare(rng.normal(0.05, 0.04, 12)).outcome() for _ in range(60)]
    assert outcomes.count("helped") >= 50


def score_rows(means, n_subjects=8, seeds=(0,), classifier="logistic", noise=0.01):
    """Scores of a run; ``means`` gives each augmenter its balanced accuracy and AUROC."""
    rng = np.random.default_rng(5)
    rows = [
        (augmenter, classifier, seed, f"{subject:02d}", *(np.array(pair) + noise * rng.standard_normal(2)))
        for augmenter, pair in means.items()
        for seed in seeds
        for subject in range(n_subjects)
    ]
    return pd.DataFrame(rows, columns=["augmenter", "classifier", "seed", "subject", *COMPARED_METRICS])


def test_the_rival_is_the_better_simple_one_for_each_metric_by_itself():
    scores = score_rows({"none": (0.5, 0.8), "class_weight": (0.7, 0.6), "smote": (0.6, 0.7)})
    rows = compare_augmenters(scores).set_index("metric")
    assert rows["rival"].to_dict() == {"balanced_accuracy": "class_weight", "auroc": "none"}
    # Against the worse rival smote would have helped on both.
    assert rows["verdict"].tolist() == ["hurt", "hurt"]
    np.testing.assert_allclose(rows["rival_mean"], [0.7, 0.8], atol=0.02)


def test_whoever_scores_lower_than_the_best_of_k_has_a_p_value_k_times_as_large_and_nobody_else():
    scores = score_rows(
        {"none": (0.6, 0.6), "class_weight": (0.59, 0.59), "threshold": (0.58, 0.58), "a": (0.585, 0.7)}
    )
    wide = scores.pivot_table(index="subject", columns="augmenter", values=list(COMPARED_METRICS))
    rows = compare_augmenters(scores).set_index("metric")
    lower, higher = rows.loc["balanced_accuracy"], rows.loc["auroc"]
    assert lower["difference"] < 0 < higher["difference"]
    for row, k in ((lower, 3), (higher, 1)):
        pairs = wide[row.name]["a"] - wide[row.name][row["rival"]]
        assert row["p_value"] == pytest.approx(min(1, k * stats.wilcoxon(pairs, method="exact").pvalue))


def test_whoever_is_held_against_the_best_of_many_equals_is_no_more_often_said_to_hurt():
    rng, n_cohorts, n = np.random.default_rng(3), 200, 12
    rivals = [f"rival {i}" for i in range(8)]
    hurt = 0
    for _ in range(n_cohorts):
        values = 0.6 + 0.05 * rng.standard_normal((9, n))
        rows = [(name, "lda", 0, f"{i:02d}", value, value)
                for name, own in zip([*rivals, "a"], values, strict=True) for i, value in enumerate(own)]  # fmt: skip
        columns = ["augmenter", "classifier", "seed", "subject", *COMPARED_METRICS]
        hurt += compare_augmenters(pd.DataFrame(rows, columns=columns), rivals)["verdict"].iloc[0] == "hurt"
    # Half of the level on this side. Without the correction, it is a multiple.
    assert hurt <= stats.binom.ppf(0.99, n_cohorts, 0.025)


@pytest.mark.parametrize("alone", ["none", "class_weight"])
def test_a_simple_rival_that_was_run_alone_is_the_rival(alone):
    rows = compare_augmenters(score_rows({"escgan": (0.7, 0.8), alone: (0.5, 0.6)}))
    assert rows["rival"].tolist() == [alone, alone] and rows["verdict"].tolist() == ["helped", "helped"]


@pytest.mark.parametrize("means", [{"smote": (0.5, 0.5)}, {"none": (0.5, 0.5), "class_weight": (0.6, 0.6)}])
def test_without_a_rival_or_something_to_compare_the_table_is_empty(means):
    rows = compare_augmenters(score_rows(means))
    assert len(rows) == 0 and {"augmenter", "rival", "verdict"} <= set(rows.columns)


def test_seeds_are_averaged_before_people_are_compared():
    scores = score_rows({"none": (0.5, 0.6), "escgan": (0.51, 0.6)}, seeds=(0, 1, 2), noise=0.03)
    row = compare_augmenters(scores).set_index("metric").loc["balanced_accuracy"]
    person = scores.pivot_table(index="subject", columns="augmenter", values="balanced_accuracy", aggfunc="mean")
    truth = person["escgan"] - person["none"]
    assert row["n_subjects"] == 8
    assert row["difference"] == pytest.approx(truth.mean())
    assert row["p_value"] == pytest.approx(stats.wilcoxon(truth, method="exact").pvalue)


def test_repeating_a_run_with_the_same_result_makes_no_difference_any_surer():
    once = score_rows({"none": (0.5, 0.6), "escgan": (0.52, 0.6)}, noise=0.03)
    thrice = pd.concat([once.assign(seed=seed) for seed in range(3)])
    pd.testing.assert_frame_equal(compare_augmenters(thrice), compare_augmenters(once))


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 12), shift=st.sampled_from([0.0, 0.02, 0.2]), times=st.integers(2, 5))
def test_no_number_of_repeated_seeds_changes_a_p_value_or_an_interval(n, shift, times):
    """Rows are no witnesses, people are: a score table of twice the length says no more."""
    once = score_rows({"none": (0.5, 0.6), "smote": (0.5 + shift, 0.6)}, n_subjects=n, noise=0.03)
    again = pd.concat([once.assign(seed=seed) for seed in range(times)]).sample(frac=1, random_state=n)
    one, other = (compare_augmenters(table).set_index("metric").sort_index() for table in (once, again))
    assert one["n_subjects"].tolist() == other["n_subjects"].tolist() == [n, n]
    # The mean of equal numbers differs from them by rounding.
    for name in ("p_value", "p_holm", "low", "high", "effect_size", "detectable"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-9, atol=1e-12, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(5, 20), seed=st.integers(0, 2**31))
def test_the_same_differences_seen_in_four_times_fewer_subjects_have_an_interval_as_many_times_wider_as_students(
    n, seed
):
    values = np.random.default_rng(seed).normal(0.05, 0.1, n)
    few, many = bootstrap_interval(values), bootstrap_interval(np.tile(values, 4))
    # A mean deviates by s / sqrt(n), with n - 1 in s; percentiles of 10,000 draws of few values move by some percent.
    wider = stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, 4 * n - 1) * np.sqrt((4 * n - 1) / (n - 1))
    assert (few[1] - few[0]) / (many[1] - many[0]) == pytest.approx(wider, rel=0.2)
    assert detectable_difference(values) > detectable_difference(np.tile(values, 4))


def test_people_are_paired_by_name_and_not_by_row():
    scores = score_rows({"none": (0.5, 0.6), "smote": (0.52, 0.6)}, noise=0.05)
    shuffled = scores.sample(frac=1, random_state=1)
    columns = ["metric", "difference", "p_value"]
    left, right = (compare_augmenters(s)[columns].sort_values("metric", ignore_index=True) for s in (scores, shuffled))
    pd.testing.assert_frame_equal(left, right)


def test_a_subject_without_an_auroc_counts_for_balanced_accuracy_only():
    scores = score_rows({"none": (0.5, 0.6), "smote": (0.6, 0.7)})
    scores.loc[scores["subject"] == "03", "auroc"] = np.nan
    rows = compare_augmenters(scores).set_index("metric")
    assert rows["n_subjects"].to_dict() == {"balanced_accuracy": 8, "auroc": 7}
    own = scores[(scores["augmenter"] == "smote") & (scores["subject"] != "03")]["auroc"]
    assert rows.loc["auroc", "mean"] == pytest.approx(own.mean())


def test_every_classifier_and_augmenter_is_compared_within_its_classifier():
    means = {"none": (0.5, 0.6), "class_weight": (0.5, 0.6), "smote": (0.6, 0.7), "escgan": (0.4, 0.5)}
    better = {name: (a + 0.2, b + 0.2) for name, (a, b) in means.items()}
    rows = compare_augmenters(pd.concat([score_rows(means), score_rows(better, classifier="cnn")]))
    keys = rows[["classifier", "augmenter", "metric"]].itertuples(index=False, name=None)
    assert list(keys) == list(product(["logistic", "cnn"], ["smote", "escgan"], COMPARED_METRICS))
    assert rows["verdict"].tolist() == ["helped", "helped", "hurt", "hurt"] * 2
    np.testing.assert_allclose(rows["rival_mean"], [0.5, 0.6, 0.5, 0.6, 0.7, 0.8, 0.7, 0.8], atol=0.02)


@settings(max_examples=100, deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holms_correction_rejects_what_stepping_down_rejects(p_values):
    for level in (0.01, 0.05, 0.2):
        rejected, order = set(), np.argsort(p_values, kind="stable")
        for i, place in enumerate(order):
            if p_values[place] > level / (len(p_values) - i):
                break
            rejected.add(int(place))
        corrected = holm(p_values)
        clear = np.abs(corrected - level) > 1e-9
        assert {int(i) for i in np.flatnonzero((corrected <= level) & clear)} == {i for i in rejected if clear[i]}
        assert (corrected >= np.array(p_values)).all() and (corrected <= 1).all()


@settings(max_examples=100, deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=8), place=st.integers(0, 7), p=st.floats(0, 1))
def test_holms_correction_keeps_the_order_and_no_p_value_gains_by_anothers_loss(p_values, place, p):
    corrected, order = holm(p_values), np.argsort(p_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()
    place %= len(p_values)
    raised = [*p_values[:place], max(p, p_values[place]), *p_values[place + 1 :]]
    assert (holm(raised) >= corrected).all()
    # One more comparison makes none of the others surer.
    assert (holm([*p_values, p])[:-1] >= corrected).all()


@pytest.mark.parametrize("n", [8, 12, 30, 200])
def test_the_detectable_difference_is_found_with_its_power(n):
    differences = np.random.default_rng(n).normal(0.1, 0.05, n)
    found = detectable_difference(differences)
    noncentral = found / differences.std(ddof=1) * np.sqrt(n)
    power = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, noncentral)
    assert power == pytest.approx(0.8, abs=0.02)
    assert detectable_difference(3 * differences) == pytest.approx(3 * found)


def test_several_comparisons_are_corrected_together_and_metrics_apart():
    rng = np.random.default_rng(0)
    rows = [
        ("logistic", augmenter, 0, f"{i:02d}", base + shift, 0.7 + 5 * shift)
        for i, (base, noise) in enumerate(zip(rng.normal(0.6, 0.1, 8), rng.normal(0, 0.02, (8, 3)), strict=True))
        for augmenter, shift in zip(("none", "smote", "escgan"), (0.0, 0.03 + noise[0], 0.02 + noise[1]), strict=True)
    ]
    columns = ["classifier", "augmenter", "seed", "subject", *COMPARED_METRICS]
    table = compare_augmenters(pd.DataFrame(rows, columns=columns))
    for _, own in table.groupby("metric"):
        np.testing.assert_allclose(own["p_holm"], holm(own["p_value"]))
        alone = compare_augmenters(pd.DataFrame([row for row in rows if row[1] != "escgan"], columns=columns))
        assert own["p_holm"].min() > own["p_value"].min() and set(alone["p_holm"] == alone["p_value"]) == {True}


def test_a_verdict_follows_the_corrected_p_value():
    result = compare(np.arange(1, 7) / 100)
    assert result.p_value < 0.05 and result.outcome() == "helped" and result.outcome(0.06) == "undecided"


def test_the_moved_threshold_is_a_rival():
    rows = [("svm", a, 0, f"{i}", 0.5 + i / 100 + gain, 0.6) for i in range(6) for a, gain in
            (("none", 0.0), ("class_weight", 0.05), ("threshold", 0.1), ("smote", 0.06))]  # fmt: skip
    table = compare_augmenters(
        pd.DataFrame(rows, columns=["classifier", "augmenter", "seed", "subject", *COMPARED_METRICS])
    )
    assert set(table["augmenter"]) == {"smote"}
    assert table.set_index("metric").loc["balanced_accuracy", "rival"] == "threshold"


@settings(max_examples=15, deadline=None)
@given(
    differences=st.lists(st.integers(-4, 4).map(lambda n: n / 8), min_size=2, max_size=9).filter(any),
)
def test_with_ties_and_zeros_the_p_value_is_scipys_over_all_signs(differences):
    values = np.array(differences)
    theirs = stats.wilcoxon(values, zero_method="pratt", method=stats.PermutationMethod(n_resamples=2**12)).pvalue
    assert signed_rank_p_value(values) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("m", [1, 3])
def test_the_smallest_p_value_is_reached_where_every_subject_agrees_and_never_passed(n, m):
    """Counted here over all signs that n differences without ties can have."""
    ranks = np.arange(1, n + 1)
    sums = np.array([np.dot(signs, ranks) for signs in product((-1, 1), repeat=n)])
    every = np.array([(np.abs(sums) >= abs(total)).mean() for total in sums])
    assert smallest_p_value(n) == every.min()
    assert holm([every.min()] * m)[0] == smallest_p_value(n, m)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_up_to_five_subjects_that_all_gain_show_nothing_and_no_difference_is_called_detectable(n):
    table = compare_augmenters(score_rows({"none": (0.5, 0.6), "smote": (0.7, 0.8)}, n_subjects=n, noise=0.01))
    assert (table["difference"] > 0.1).all() and (table["low"] > 0).all()
    assert table["verdict"].tolist() == ["undecided", "undecided"] and (table["p_holm"] >= 2.0 ** (1 - n)).all()
    assert table["detectable"].isna().all()


def test_what_is_detectable_counts_the_comparisons_that_are_corrected_for():
    def detectable(augmenters):
        scores = {"none": (0.5, 0.6)} | {f"other {i}": (0.51, 0.6) for i in range(augmenters)}
        return compare_augmenters(score_rows(scores, n_subjects=6, noise=0.05))["detectable"]

    # Six subjects reach 0.031 once, and 0.063 after a correction for two.
    assert detectable(1).notna().all() and detectable(2).isna().all()


def test_equal_scores_leave_nothing_detectable_instead_of_everything():
    same = np.full(12, 0.6)
    assert np.isnan(compare_paired(same, same).detectable) and compare_paired(same, same).p_value == 1
