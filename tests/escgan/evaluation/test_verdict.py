import pandas as pd
import pytest

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
    (said,) = sentences(comparison(verdict="helped"))
    assert "would likely" not in said and "p = 0.0123" in said


def test_what_is_not_about_unseen_people_does_not_say_so():
    said = verdict_sentences(pd.DataFrame([comparison()]), "windows of known trials")
    assert said[0].startswith("On windows of known trials (12 subjects), escgan helped")
    assert "on windows of known trials:" in said[1] and "unseen" not in " ".join(said)
