"""What every study promises, run over all of them, on results that are made up."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from escgan.config import load_experiment, parse_config
from escgan.errors import ConfigError
from escgan.evaluation.significance import compare_augmenters, correct_comparisons
from escgan.report.drawing import as_png
from escgan.studies import STUDIES, StudyResults, parse_study
from escgan.studies.page import Origin, study_page
from escgan.studies.summary import means_over_subjects, score_rows
from flows.names import STUDY_NAMES

OPTIONS = {"hard_case": {"label": "low valence", "keep": [0.1, 0.5, 1.0]}}
EXPERIMENT = parse_config(
    {
        "name": "trial",
        "dataset": "deap",
        "augmenters": ["none", "smote", {"kind": "escgan", "delta": 0.5}, "threshold"],
        "classifiers": ["logistic", "cnn"],
        "seeds": [0, 1],
    }
)
SUBJECTS = [f"{number:02d}" for number in range(6)]

every_study = pytest.mark.parametrize("kind", STUDIES)


def study(kind):
    return parse_study(kind, OPTIONS.get(kind, {}))


def scores_of(variant, better=None):
    """Scores of a variant, drawn; the augmenter named ``better`` gains 0.2 of balanced accuracy in every subject."""
    draw = np.random.default_rng(len(variant.name))
    rows = []
    for subject, seed, a, c in product(
        SUBJECTS, variant.config.seeds, variant.config.augmenters, variant.config.classifiers
    ):
        row = dict(variant.settings) | {"subject": subject, "fold": f"sub-{subject}", "seed": seed}
        row |= {"augmenter": a.label, "classifier": c.label}
        base = 0.5 + 0.02 * int(subject) + (0.2 if a.label == better else 0.0)
        noise = draw.normal(0, 0.001, 5)
        row |= dict(zip(("balanced_accuracy", "auroc", "auprc", "macro_f1", "accuracy"), base + noise, strict=True))
        rows.append(row | {"recall: low valence": base, "recall: high valence": 1 - base})
    return pd.DataFrame(rows)


def robustness_of(variant):
    rows = []
    for subject, a, c in product(SUBJECTS, variant.config.augmenters, variant.config.classifiers):
        for attack, epsilon in (("none", 0.0), ("fgsm", 0.1), ("pgd", 0.1), ("deepfool", np.nan)):
            accuracy = 0.9 - (0.5 if attack == "pgd" else 0.0) + (0.05 if a.label == "escgan" else 0.0)
            row = {"fold": f"sub-{subject}", "seed": 0, "augmenter": a.label, "classifier": c.label, "attack": attack}
            row |= {"epsilon": epsilon, "level": "subject", "subject": subject, "n_windows": 9, "accuracy": accuracy}
            rows.append(row | {"balanced_accuracy": accuracy, "auroc": np.nan, "mean_relative_l2": 0.1})
    return pd.DataFrame(rows)


def fidelity_of(variant):
    from escgan.evaluation.fidelity import FIDELITY_COLUMNS

    rows = []
    for fold, a in product(range(3), variant.config.generating):
        for compared in ("edits", "real"):
            values = {name: 0.1 * (fold + 1) for name, kind in FIDELITY_COLUMNS.items() if kind == "float64"}
            values |= {"frechet": 2.0 if a.label == "smote" else 5.0, "copies": 0, "n": 90, "n_compared": 90}
            values |= {"frechet": 1.5} if compared == "real" else {}
            row = {"fold": str(fold), "seed": 0, "augmenter": a.label, "target": "low valence", "compared": compared}
            rows.append(row | values)
    return pd.DataFrame(rows)


def results(kind, better=None):
    own = study(kind)
    variants = own.variants(EXPERIMENT)
    nothing = pd.DataFrame()
    scores = comparisons = measured = nothing
    if own.measures == "scores":
        parts = [scores_of(variant, better) for variant in variants]
        scores = pd.concat(parts, ignore_index=True)
        compared = [
            compare_augmenters(part, own.held_against).assign(**variant.settings)
            for part, variant in zip(parts, variants, strict=True)
        ]
        comparisons = correct_comparisons(pd.concat(compared))
    else:
        made = {"robustness": robustness_of, "fidelity": fidelity_of}[own.measures]
        measured = pd.concat([made(variant) for variant in variants], ignore_index=True)
    asked = measured[["fold", "seed", "augmenter"]].drop_duplicates() if len(measured) else nothing
    return StudyResults(EXPERIMENT.labels.class_names, "unseen subjects", scores, comparisons, measured, asked)


def fidelity_results(rows):
    """Results of (augmenter, fold, target, edits' distance, that of real windows, how many were compared)."""
    found, lines = results("fidelity"), []
    blank = found.measured.iloc[0]
    for augmenter, fold, target, *distances, n in rows:
        for compared, distance in zip(("edits", "real"), distances, strict=True):
            row = {"fold": fold, "augmenter": augmenter, "target": target, "compared": compared, "frechet": distance}
            lines.append(blank.to_dict() | row | {"n_compared": n if distance == distance else 0, "copies": 0})
    measured = pd.DataFrame(lines, columns=found.measured.columns)
    asked = pd.DataFrame([{"fold": f, "seed": 0, "augmenter": a} for a in ("smote", "escgan") for f in "012"])
    return replace(found, measured=measured, asked=asked)


@every_study
def test_the_registrys_key_is_the_kind_and_the_command_line_names_it(kind):
    assert STUDIES[kind].model_fields["kind"].default == kind
    assert STUDIES[kind].title and STUDIES[kind].__doc__
    assert {name.replace("-", "_") for name in STUDY_NAMES} == set(STUDIES)


@every_study
def test_every_setting_has_a_description_and_settings_are_closed(kind):
    fields = STUDIES[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
    with pytest.raises(ValidationError, match="Extra inputs"):
        STUDIES[kind](**OPTIONS.get(kind, {}), nonsense=1)


@every_study
def test_variants_are_told_apart_by_the_columns_and_are_whole_configurations(kind):
    variants = study(kind).variants(EXPERIMENT)
    assert all(tuple(variant.settings) == study(kind).columns for variant in variants)
    assert len({tuple(variant.settings.items()) for variant in variants}) == len(variants) > 0
    for variant in variants:
        assert parse_config(variant.config.model_dump(mode="json")) == variant.config


@every_study
def test_results_become_a_table_a_plot_and_sentences(kind):
    own, found = study(kind), results(kind)
    table = own.table(found)
    assert len(table) and not table.isna().all(axis=None) and set(own.columns) <= set(table.columns)
    assert as_png(own.figure(found))[:4] == b"\x89PNG"
    assert all(sentence.endswith(".") for sentence in own.sentences(found))


def test_a_hard_case_keeps_the_share_and_the_whole_is_the_experiment_itself():
    variants = study("hard_case").variants(EXPERIMENT)
    assert [variant.settings["keep"] for variant in variants] == [0.1, 0.5, 1.0]
    assert [v.config.scarcity and (v.config.scarcity.label, v.config.scarcity.keep) for v in variants] == [
        ("low valence", 0.1), ("low valence", 0.5), None,
    ]  # fmt: skip
    assert variants[2].config == EXPERIMENT


def test_a_hard_case_is_held_against_more_than_the_simple_rivals_and_shows_the_scarce_class():
    own, found = study("hard_case"), results("hard_case", better="escgan")
    compared = found.comparisons[found.comparisons["metric"] == "balanced_accuracy"]
    assert set(compared["augmenter"]) == {"escgan"}, "smote is a rival here"
    # 0.2 in each of six subjects, six comparisons: 1/32 does not survive the correction.
    assert (compared["p_holm"] > 0.05).all() and (compared["verdict"] == "undecided").all()
    assert "recall: low valence" in own.table(found).columns


def test_a_class_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"hard_case\.label is 'sad', expected one of: low valence, high valence"):
        parse_study("hard_case", {"label": "sad"}).variants(EXPERIMENT)


def test_the_ablation_takes_one_part_after_the_other_and_keeps_the_rest():
    (variant,) = study("ablation").variants(EXPERIMENT)
    by_label = {a.label: a for a in variant.config.augmenters}
    whole = by_label["escgan"]
    assert whole.delta == 0.5
    assert list(by_label) == [
        "none", "escgan", "escgan-no-control", "escgan-no-diversity", "escgan-no-boundary", "escgan-no-reconstruction",
        "escgan-no-filter",
    ]  # fmt: skip
    for name, ablated in by_label.items():
        if name.startswith("escgan-"):
            changed = [
                (part, key)
                for part, before in whole.model_dump(exclude={"name"}).items()
                for key in (before if isinstance(before, dict) else [part])
                if (before[key] if isinstance(before, dict) else before)
                != (getattr(getattr(ablated, part), key) if isinstance(before, dict) else getattr(ablated, part))
            ]
            assert len(changed) == 1, (name, changed)


def test_an_ablation_without_escgan_and_attacks_without_a_network_are_refused():
    simple = EXPERIMENT.model_copy(
        update={"augmenters": EXPERIMENT.augmenters[:1], "classifiers": EXPERIMENT.classifiers[:1]}
    )
    for kind, said in (
        ("ablation", "add escgan"),
        ("robustness", "add one of"),
        ("fidelity", "no augmenter that makes"),
    ):
        with pytest.raises(ConfigError, match=said):
            study(kind).variants(simple)


def test_attacks_by_deepfool_alone_are_drawn_and_told_by_their_lengths():
    found = results("robustness")
    alone = found.measured[found.measured["attack"].isin(("none", "deepfool"))].copy()
    alone["mean_relative_l2"] = alone["augmenter"].map({"none": 0.11, "smote": 0.22, "escgan": np.nan})
    own, found = parse_study("robustness", {"attacks": {"attacks": ["deepfool"]}}), replace(found, measured=alone)
    (axes,) = own.figure(found).axes
    assert axes.get_xlabel() == "relative length"
    means = [point for line in axes.lines for point in line.get_xdata() if line.get_marker() == "o"]
    assert sorted(np.round(means, 9)[:2]) == [0.11, 0.22], "of escgan there is none"
    (told,) = own.sentences(found)
    assert told.startswith("Relative length of DeepFool's") and told.endswith(
        "smote 0.220, none 0.110, escgan undefined."
    )


def test_edits_are_ranked_by_how_far_they_are_beyond_their_own_yardstick_class_by_class():
    # By the distance alone smote, of which more were compared, would lead; and joy's edits would be held against fear.
    rows = [("smote", fold, "fear", 40.0, 10.0, 500) for fold in "012"]
    rows += [("escgan", fold, "fear", 70.0, 60.0, 30) for fold in "012"]
    rows += [
        (name, fold, "joy", far, 200.0, 90) for name, far in (("smote", 205.0), ("escgan", 290.0)) for fold in "012"
    ]
    found = fidelity_results(rows)
    fear, joy = study("fidelity").sentences(found)
    assert "for fear, those of escgan" in fear and "distance 70, and 60 for as many" in fear
    assert "for joy, those of smote" in joy and "distance 205, and 200 for as many" in joy
    table = study("fidelity").table(found)
    shown = table[["target", "augmenter", "compared", "Frechet", "n compared", "Frechet beyond real"]]
    shown = shown.astype(object).fillna("")
    assert shown.to_numpy().tolist()[:4] == [
        ["fear", "smote", "edits", 40, 500, 30], ["fear", "smote", "real", 10, 500, ""],
        ["fear", "escgan", "edits", 70, 30, 10], ["fear", "escgan", "real", 60, 30, ""],
    ]  # fmt: skip


def test_a_yardstick_of_folds_without_enough_edits_is_no_part_of_the_means():
    rows = [("smote", "0", "fear", 40.0, 10.0, 500), ("smote", "1", "fear", np.nan, 90.0, 20)]
    table = study("fidelity").table(fidelity_results(rows)).set_index("compared")
    assert table["Frechet"].to_dict() == {"edits": 40, "real": 10}
    assert table["n compared"].to_dict() == {"edits": 500, "real": 500}


def test_too_few_edits_or_none_are_told_and_never_called_the_nearest():
    rows = [("escgan", fold, "fear", np.nan, 60.0, 90) for fold in "01"]
    own, found = study("fidelity"), fidelity_results(rows)
    (told,) = own.sentences(found)
    assert "fewer than 20" in told and "fear by smote in 3 of 3, fear by escgan in 3 of 3" in told
    assert own.table(found)["Frechet"].isna().all() and as_png(own.figure(found))
    (told, rest) = own.sentences(fidelity_results([*rows, ("smote", "2", "fear", 80.0, 60.0, 90)]))
    assert "those of smote" in told and "nan" not in told + rest and "fear by smote in 2 of 3" in rest


def test_where_no_fold_has_an_accepted_edit_that_is_what_was_found():
    own, found = study("fidelity"), fidelity_results([])
    assert own.sentences(found) == (
        "No window was made, or none accepted, by smote, escgan in any fold: there is nothing to compare.",
    )
    assert len(own.table(found)) == 0 and as_png(own.figure(found))[:4] == b"\x89PNG"


def test_a_leaky_protocol_carries_the_word_through_the_comparison():
    own = parse_study("compare", {"protocols": ["leave_one_subject_out", {"kind": "within_trial", "k": 3}]})
    assert [v.settings["protocol"] for v in own.variants(EXPERIMENT)] == [
        "leave_one_subject_out", "within_trial (LEAKY)",
    ]  # fmt: skip


def test_a_page_tells_every_protocol_that_was_run_under_and_not_the_experiments_own():
    own = parse_study("compare", {"protocols": ["subject_k_fold", {"kind": "within_trial", "k": 3}]})
    origin = Origin(1.0, 2, {"escgan": "0"}, ("CPU",))
    page = study_page(own, EXPERIMENT, pd.DataFrame({"a": [1]}), ("It is so.",), 3, origin)
    assert EXPERIMENT.protocol.kind == "leave_one_subject_out"
    facts = page.partition("## What was found")[0]
    first, second = (protocol.title for protocol in own.protocols)
    assert f"; 3 subjects, {first} and {second}, **LEAKY**; " in facts and EXPERIMENT.protocol.title not in facts


def test_protocols_of_one_kind_are_told_apart_by_the_options_in_which_they_differ():
    asked = [{"kind": "subject_k_fold", "k": 2}, "subject_k_fold", {"kind": "within_trial", "k": 3}]
    found = parse_study("compare", {"protocols": asked}).variants(EXPERIMENT)
    assert [v.settings["protocol"] for v in found] == [
        "subject_k_fold k=2", "subject_k_fold k=5", "within_trial (LEAKY)",
    ]  # fmt: skip
    dealt = [{"kind": "within_trial", "shuffle_seed": seed} for seed in (0, 1)]
    own = parse_study("compare", {"protocols": dealt})
    parts = [scores_of(variant) for variant in own.variants(EXPERIMENT)]
    scores = pd.concat(parts, ignore_index=True)
    # A row a protocol, classifier and augmenter: none of them is a mean over two protocols.
    table = score_rows(scores, compare_augmenters(parts[0]).assign(protocol=""), own.columns)
    assert len(table) == 2 * len(EXPERIMENT.classifiers) * len(EXPERIMENT.augmenters)
    drawn = own.figure(StudyResults((), "", scores, pd.DataFrame(), pd.DataFrame()))
    names = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert len(set(names)) == 3, "two protocols and the line of none"


def test_the_same_protocol_twice_is_refused_in_one_sentence():
    with pytest.raises(ConfigError, match=r"'subject_k_fold' twice with the same options: remove one or .*\.$"):
        parse_study("compare", {"protocols": ["subject_k_fold", {"kind": "subject_k_fold", "k": 5}]})


def test_a_decided_comparison_is_named_with_its_figures():
    found = results("compare", better="escgan")
    decided = found.comparisons.assign(p_holm=0.01, verdict="helped")
    told = study("compare").sentences(StudyResults((), "", found.scores, decided, found.measured))
    assert any("escgan helped" in sentence and "p=0.01" in sentence for sentence in told)
    assert "0 undecided" in told[0]


def test_the_reading_of_a_table_tells_both_corrections_of_p():
    """Of six differences all below zero p is 2 / 2^6; the rival is the better of two; Holm has one metric's one row."""
    means = {"none": 0.6, "class_weight": 0.5, "smote": 0.4}
    rows = [
        {"subject": s, "augmenter": a, "classifier": "lda", "seed": 0, "auroc": 0.5, "balanced_accuracy": mean}
        for (a, mean), s in product(means.items(), SUBJECTS)
    ]
    for row in rows[-len(SUBJECTS) :]:
        row["balanced_accuracy"] -= 0.01 * int(row["subject"])
    compared = compare_augmenters(pd.DataFrame(rows)).set_index("metric").loc["balanced_accuracy"]
    assert compared["p_holm"] == 2 * 2 / 2**6
    reading = study("compare").reading
    assert "below zero first multiplied by the number of rivals" in reading and "then corrected by Holm" in reading


def test_means_are_over_subjects_whatever_the_number_of_seeds():
    scores = pd.DataFrame(
        {"augmenter": "none", "subject": ["a", "a", "a", "b"], "auroc": [0.2, 0.4, 0.6, 0.8], "seed": [0, 1, 2, 0]}
    )
    table = means_over_subjects(scores, ["augmenter"], "auroc")
    assert table["mean"].tolist() == [pytest.approx(0.6)]


def test_options_stand_in_the_experiments_file_and_faults_in_them_are_named(tmp_path):
    path = tmp_path / "experiment.yaml"
    text = EXPERIMENT.to_yaml()
    path.write_text(text + "studies:\n  hard_case: {label: low valence, keep: [0.2]}\n")
    experiment, studies = load_experiment(path)
    assert experiment == EXPERIMENT and studies["hard_case"].keep == (0.2,)
    for section, said in (
        ("{hardcase: {}}", "There is no study 'hardcase': expected one of compare, hard_case"),
        (
            "{hard_case: {label: low valence, keap: [0.2]}}",
            "there is no setting 'studies.hard_case.keap': did you mean 'keep'",
        ),
        ("[compare]", "studies holds each study's options below its name"),
    ):
        path.write_text(text + f"studies: {section}\n")
        with pytest.raises(ConfigError, match=said):
            load_experiment(path)


def test_a_score_that_no_subject_has_is_called_undefined_in_the_table():
    rows = [(s, a, 0.6, np.nan) for s in ("01", "02") for a in ("none", "smote")]
    table = pd.DataFrame(rows, columns=["subject", "augmenter", "balanced_accuracy", "auroc"])
    table = table.assign(classifier="logistic", seed=0, auprc=np.nan, macro_f1=0.5)
    shown = score_rows(table, compare_augmenters(table), ())
    assert shown["AUROC"].tolist() == shown["AUPRC"].tolist() == ["undefined", "undefined"]
    assert shown["AUROC against the best rival"].tolist() == ["", "undefined"]
    assert not shown.astype(str).stack().str.contains("nan").any()
