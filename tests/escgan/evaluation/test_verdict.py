import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from escgan.evaluation.significance import compare_augmenters, rivals_that_ran
from escgan.evaluation.verdict import verdict_sentences


def comparison(metric="balanced_accuracy", verdict="helped", **changed):
    row = {
        "classifier": "logistic", "augmenter": "escgan", "metric": metric, "rival": "class_weight", "n_subjects": 12,
        "mean": 0.6514, "rival_mean": 0.6, "difference": 0.0514, "low": 0.02, "high": 0.08, "p_value": 0.0041,
        "p_holm": 0.0123,
        "detectable": 0.0312,
        "effect_size": 0.7, "verdict": verdict,
    }  # fmt: skip
    return row | changed


def sentences(*rows):
    """The figures' sentences, after the headline."""
    return verdict_sentences(pd.DataFrame(rows))[1:]


def test_the_headline_groups_classifiers_by_outcome_and_speaks_of_escgan():
    rows = [
        comparison(classifier="logistic", augmenter="smote", verdict="hurt"),
        comparison(classifier="logistic", verdict="helped"),
        comparison(classifier="svm", verdict="undecided"),
        comparison(classifier="cnn", verdict="helped"),
        comparison("auroc", classifier="cnn", verdict="hurt"),
    ]
    assert verdict_sentences(pd.DataFrame(rows))[0] == (
        "On 12 unseen subjects, escgan helped with logistic and cnn and made no difference that this cohort can show "
        "with svm."
    )


@pytest.mark.parametrize(
    ("ran", "chosen"),
    [
        (["smote", "escgan-mild"], "escgan-mild"),
        (["escgan-mild", "smote", "escgan"], "escgan"),
        (["noise", "smote"], "noise"),
    ],
)
def test_the_headline_speaks_of_escgan_under_a_name_of_its_own_too_else_of_the_first(ran, chosen):
    rows = [comparison(augmenter=name, verdict="helped" if name == chosen else "hurt") for name in ran]
    said = verdict_sentences(pd.DataFrame(rows))
    assert said[0] == f"On 12 unseen subjects, {chosen} helped with logistic."
    assert said[1].startswith(f"With logistic, {chosen} helped")


def test_the_headline_counts_one_subject_as_one():
    assert verdict_sentences(pd.DataFrame([comparison(n_subjects=1)]))[0].startswith("On 1 unseen subject, escgan")


def test_a_gain_is_told_with_its_numbers_interval_and_rival():
    (said,) = sentences(comparison(), comparison("auroc", mean=0.7, rival="none"))
    assert said == (
        "With logistic, escgan helped on unseen subjects: balanced accuracy 0.651 against 0.600 with class_weight, "
        "+0.051 (95 % interval +0.020 to +0.080, p = 0.0123, 12 subjects). AUROC 0.700 against 0.600 with none, "
        "+0.051 (95 % interval +0.020 to +0.080, p = 0.0123, 12 subjects)."
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("helped", "escgan helped on unseen subjects"),
        ("hurt", "escgan hurt on unseen subjects"),
        ("undecided", "escgan made no difference that this cohort can show on unseen subjects"),
    ],
)
def test_each_outcome_has_its_words_and_only_its_own(verdict, words):
    (said,) = sentences(comparison(verdict=verdict))
    assert words in said
    assert sum(word in said for word in ("helped", "hurt", "no difference")) == 1


@pytest.mark.parametrize(
    ("balanced", "ranked", "moved"),
    [
        ("helped", "undecided", True),
        ("helped", "hurt", True),
        ("helped", "helped", False),
        ("undecided", "undecided", False),
        ("hurt", "undecided", False),
        ("undecided", "helped", False),
    ],
)
def test_only_a_gain_without_better_ranking_is_called_a_moved_threshold(balanced, ranked, moved):
    (said,) = sentences(comparison(verdict=balanced), comparison("auroc", verdict=ranked))
    assert ("moved decision threshold" in said) == moved


def test_escgan_comes_first_and_the_other_augmenters_in_their_order():
    rows = [comparison(augmenter=name, classifier=c) for c in ("svm", "cnn") for name in ("smote", "escgan", "other")]
    said = sentences(*rows)
    assert [" ".join(s.split()[1:3]) for s in said] == [
        "svm, escgan", "cnn, escgan", "svm, smote", "cnn, smote", "svm, other", "cnn, other",
    ]  # fmt: skip


def test_where_nothing_was_compared_that_is_what_is_said():
    (said,) = verdict_sentences(pd.DataFrame())
    assert said.startswith("Nothing was compared") and "helped" not in said


def test_one_subject_has_no_interval():
    (said,) = sentences(comparison(n_subjects=1, low=float("nan"), high=float("nan"), verdict="undecided"))
    assert "(one subject: no interval)" in said and "nan" not in said


def test_a_ranking_that_no_subject_has_is_called_undefined():
    nan = float("nan")
    undefined = comparison(
        "auroc", "undecided", n_subjects=0, mean=nan, rival_mean=nan, difference=nan, low=nan, high=nan, p_value=1.0
    )
    (said,) = sentences(comparison(verdict="undecided"), undefined)
    assert said.endswith(" AUROC is undefined for every subject.") and "nan" not in said


def test_a_change_that_rounds_to_zero_has_no_minus_sign():
    (said,) = sentences(comparison(difference=-0.0001, low=-0.0004, verdict="undecided"))
    assert "-0.000" not in said and "+0.000" in said


def test_an_undecided_comparison_says_what_it_could_have_shown():
    (said,) = sentences(comparison(verdict="undecided"))
    assert said.endswith("12 subjects); it would likely have shown a difference of 0.031 or more.")
    # That is of a test on its own, at 5 %: where p is corrected, less would be shown.
    said = sentences(*(comparison(verdict="undecided") | {"augmenter": name} for name in ("escgan", "smote")))
    assert all(s.endswith("; a single comparison would likely have shown a difference of 0.031 or more.") for s in said)
    (said,) = sentences(comparison(verdict="helped"))
    assert "would likely" not in said and "p = 0.0123" in said


def test_too_few_subjects_to_show_anything_are_called_that():
    few = comparison(verdict="undecided", n_subjects=3, p_holm=0.25, detectable=float("nan"))
    (said,) = sentences(few)
    assert said.endswith("3 subjects); so few subjects can show none, as p cannot fall below 0.25.")
    said = sentences(*(few | {"augmenter": name, "n_subjects": 6} for name in ("escgan", "smote")))
    assert all(s.endswith("as p, corrected for 2 comparisons, cannot fall below 0.0625.") for s in said)
    assert "nan" not in "".join(said) and "would likely" not in "".join(said)


def test_an_interval_that_excludes_zero_is_told_what_p_was_corrected_for():
    undecided = comparison(verdict="undecided", p_holm=0.188)
    reason = "; the interval excludes zero, but p{} is not below 0.05."
    lower = undecided | {"difference": -0.045, "low": -0.107, "high": -0.009}
    said = verdict_sentences(pd.DataFrame([lower, lower | {"classifier": "cnn"}]), n_rivals=3)[1]
    assert said.endswith("0.031 or more" + reason.format(", corrected for 3 rivals and 2 comparisons,"))
    # A higher score is not counted once for each rival, and one comparison is not corrected.
    assert verdict_sentences(pd.DataFrame([undecided]), n_rivals=3)[1].endswith("or more" + reason.format(""))
    assert sentences(lower)[0].endswith("or more" + reason.format(""))
    crossing = lower | {"high": 0.009}
    assert "excludes zero" not in verdict_sentences(pd.DataFrame([crossing]), n_rivals=3)[1]
    # Where no p value could have been low enough, that is the reason.
    few = verdict_sentences(pd.DataFrame([lower | {"n_subjects": 4}]), n_rivals=3)[1]
    assert "excludes zero" not in few and few.endswith("as p, corrected for 3 rivals, cannot fall below 0.375.")


def test_the_counts_that_are_told_are_those_that_p_was_multiplied_by():
    losses = np.array([0.05, 0.04, 0.06, 0.03, 0.07, 0.02, 0.08, -0.01])
    scores = pd.DataFrame(
        [
            {"classifier": model, "augmenter": name, "seed": 0, "subject": i, "balanced_accuracy": score, "auroc": 0.7}
            for model in ("logistic", "cnn")
            for name, level in (("none", 0.6), ("class_weight", 0.7), ("threshold", 0.65), ("smote", 0), ("escgan", 0))
            for i, score in enumerate(np.full(8, level) if level else 0.7 - losses)
        ]
    )
    compared = compare_augmenters(scores)
    own = compared[compared["metric"] == "balanced_accuracy"]
    assert np.allclose(own["p_holm"], 3 * 4 * wilcoxon(losses, method="exact").pvalue) and (own["high"] < 0).all()
    said = verdict_sentences(compared, n_rivals=len(rivals_that_ran(scores)))
    # 12 times the smallest p value of 8 subjects, 2 of 256: no loss could have been shown, whatever was measured.
    reason = "can show no loss, as p, corrected for 3 rivals and 4 comparisons, cannot fall below 0.0938"
    assert all(reason in s for s in said[1:])


def test_scores_that_are_equal_throughout_are_called_equal():
    same = {"difference": 0.0, "low": 0.0, "high": 0.0, "p_holm": 1.0, "detectable": float("nan")}
    (said,) = sentences(comparison(verdict="undecided", **same))
    assert said.endswith("12 subjects); every subject scored the same with both.")


def test_what_is_not_about_unseen_people_does_not_say_so():
    said = verdict_sentences(pd.DataFrame([comparison()]), "windows of known trials")
    assert said[0].startswith("On windows of known trials (12 subjects), escgan helped")
    assert "on windows of known trials:" in said[1] and "unseen" not in " ".join(said)
