"""The choice of an augmenter: good ones are found, bad ones are not, and on nobody but the training side's people."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import balanced_accuracy_score

from escgan.augmenters import Balance
from escgan.augmenters.auto import AutoAugmenter
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.classifiers import LdaClassifier, LogisticClassifier, TrainingData
from escgan.config import parse_config
from escgan.errors import ConfigError, DivergedError
from escgan.gan.config import NetworkConfig, TrainingConfig
from tests.conftest import CHANNELS, make_windows

FEW = ("Fp1", "Fp2", "C3", "C4", "Pz", "Oz")

# Noise of a hundred deviations drowns the classes once a classifier has standardised by it.
RUIN = NoiseAugmenter(share=100)
GAN = EscganAugmenter(
    network=NetworkConfig(hidden=2), training=TrainingConfig(epochs=2, batch_size=32, learning_rate=3e-3), delta=1e6
)


def scarce(seed=0, counts=(60, 6), n_subjects=6):
    """A scarce class a little off the other one: a classifier that is left alone hardly ever sees it."""
    return make_windows(counts, n_subjects, channels=FEW, n_bands=1, separation=0.5, seed=seed)


def content(edited):
    return edited.de.tobytes(), edited.grid.tobytes(), edited.labels.tobytes(), edited.edits.to_json()


def scores(state):
    return {(trial.candidate, trial.ratio): trial.score for trial in state.trials}


class Making(NoiseAugmenter):
    """An augmenter that tells on what it was fitted and of what it makes windows."""

    def fit(self, train, seed, *, device="cpu", workspace=None, on_step=None):
        SEEN.append(("fit", set(train.subjects)))
        return "fitted"

    def generate(self, state, train, balance, seed, *, device="cpu"):
        assert state == "fitted"
        SEEN.append(("generate", set(train.subjects)))
        return super().generate(None, train, balance, seed)


class Judging(LogisticClassifier):
    """A classifier that tells on whom it was fitted and whom it judges."""

    def fit(self, data, seed, *, device="cpu"):
        model, fitted_on = super().fit(data, seed, device=device), set(data.train.subjects)
        if data.edited is not None:
            fitted_on |= set(data.edited.edits["reference_subject"])

        class Watching:
            def predict_proba(self, windows):
                SEEN.append(("judge", fitted_on, set(windows.subjects)))
                return model.predict_proba(windows)

        return Watching()


SEEN = []


def test_no_augmentation_is_chosen_where_every_candidate_ruins_the_data():
    train = make_windows(counts=(30, 10), n_subjects=4, separation=1.0)
    augmenter = AutoAugmenter(candidates=(RUIN,))
    state = augmenter.fit(train, 0)
    assert (state.chosen.candidate, state.chosen.ratio) == (None, None)
    table = scores(state)
    assert table[None, None] > 0.95 and max(table[0, 0.5], table[0, 1.0]) < table[None, None] - 0.05
    edited = augmenter.generate(state, train, Balance(), 0)
    assert edited.de.shape == (0, len(CHANNELS), 2) and edited.grid.shape == (0, 2, 9, 9)
    assert len(edited.edits) == len(edited.labels) == 0 and edited.wanted.tolist() == [0, 80]
    # What trains a classifier is then what it would be without augmentation.
    assert TrainingData(train, edited).de.tobytes() == train.de.tobytes()


def test_the_candidate_that_helps_is_found_and_helps_people_never_seen():
    train, unseen = scarce(), scarce(seed=1, counts=(200, 200))
    augmenter = AutoAugmenter(candidates=(RUIN, SmoteAugmenter()))
    state = augmenter.fit(train, 0)
    assert (state.chosen.candidate, state.chosen.ratio) == (1, 1.0)
    assert scores(state)[1, 1.0] > scores(state)[None, None] + 0.1

    def on_unseen(edited):
        model = LogisticClassifier().fit(TrainingData(train, edited), 0)
        return balanced_accuracy_score(unseen.labels, model.predict_proba(unseen).argmax(axis=1))

    assert on_unseen(augmenter.generate(state, train, Balance(), 0)) > on_unseen(None) + 0.1


def test_the_table_holds_the_mean_over_validating_subjects_of_what_each_choice_scores():
    """With as many parts as subjects the deal is known: everyone validates alone."""
    train = scarce(n_subjects=4, counts=(30, 6))
    augmenter = AutoAugmenter(candidates=("smote",), ratios=(1.0,), parts=4, judge="lda")
    found = scores(augmenter.fit(train, 0))
    truth = []
    for subject in np.unique(train.subjects):
        rest, held = (train.take(np.flatnonzero(side)) for side in (train.subjects != subject,
                                                                        train.subjects == subject))  # fmt: skip
        predicted = LdaClassifier().fit(TrainingData(rest), 0).predict_proba(held).argmax(axis=1)
        truth.append(balanced_accuracy_score(held.labels, predicted))
    assert found[None, None] == pytest.approx(np.mean(truth)) and set(found) == {(None, None), (0, 1.0)}


def test_a_margin_that_is_not_reached_chooses_none():
    won = AutoAugmenter(candidates=("smote",)).fit(scarce(), 0)
    gain = won.chosen.score - won.trials[0].score
    for margin, chosen in ((gain - 1e-6, won.chosen), (gain + 1e-6, won.trials[0])):
        assert AutoAugmenter(candidates=("smote",), margin=margin).fit(scarce(), 0).chosen == chosen


class Nothing(NoiseAugmenter):
    def generate(self, state, train, balance, seed, *, device="cpu"):
        return super().generate(state, train, Balance(ratio=1e-9), seed)


def test_equal_scores_choose_no_augmentation():
    state = AutoAugmenter(candidates=(Nothing(),)).fit(scarce(), 0)
    assert len(set(scores(state).values())) == 1 and state.chosen.candidate is None


def test_nobody_who_validates_had_a_part_in_what_is_judged_and_everyone_validates():
    train = scarce(n_subjects=5, counts=(20, 6))
    SEEN.clear()
    AutoAugmenter(candidates=(Making(share=0.1),), judge=Judging(), ratios=(0.5, 1.0)).fit(train, 0)
    judged = [entry for entry in SEEN if entry[0] == "judge"]
    # No augmentation and two amounts in each of three parts.
    assert len(judged) == 9 and all(not fitted_on & held for _, fitted_on, held in judged)
    assert set().union(*(held for *_, held in judged)) == set(train.subjects)
    # Within a part, what the candidate saw is what the judge was fitted on; the last fit is on everyone.
    fits = [subjects for name, subjects, *_ in SEEN if name == "fit"]
    assert len(fits) == 4 and fits[-1] == set(train.subjects)
    made = [subjects for name, subjects, *_ in SEEN if name == "generate"]
    assert {frozenset(s) for s in (*made, *fits[:-1])} == {frozenset(fitted_on) for _, fitted_on, _ in judged}


def test_windows_outside_the_training_side_change_nothing(tmp_path):
    everyone = scarce(counts=(30, 6), n_subjects=5)
    noisy = everyone.with_de(everyone.de.copy())
    noisy.de[noisy.subjects == "02"] = np.random.default_rng(1).standard_normal(noisy.de.shape[1:])
    left = np.flatnonzero(everyone.subjects != "02")
    augmenter, made = AutoAugmenter(candidates=("noise", "smote")), []
    for name, windows in (("one", everyone), ("other", noisy)):
        train = windows.take(left)
        state = augmenter.fit(train, 0)
        (tmp_path / name).mkdir()
        augmenter.save(state, tmp_path / name)
        made.append(
            (content(augmenter.generate(state, train, Balance(), 0)), (tmp_path / name / "choice.json").read_bytes())
        )
    assert made[0] == made[1]


def test_more_is_made_neither_than_was_chosen_nor_than_the_run_asks_for():
    train = scarce()
    augmenter = AutoAugmenter(candidates=("smote",), ratios=(0.5,))
    state = augmenter.fit(train, 0)
    assert state.chosen.ratio == 0.5 and train.counts.tolist() == [360, 36]
    for asked, made, wanted in ((1.0, 144, 324), (0.5, 144, 144), (0.2, 36, 36), (0.1, 0, 0)):
        edited = augmenter.generate(state, train, Balance(ratio=asked), 0)
        assert len(edited.labels) == made and edited.wanted.tolist() == [0, wanted]


def test_amounts_that_ask_for_nothing_are_not_tried():
    train = make_windows(counts=(20, 12), n_subjects=3)
    assert set(scores(AutoAugmenter(candidates=("noise",)).fit(train, 0))) == {(None, None), (0, 1.0)}
    balanced = AutoAugmenter().fit(make_windows(counts=(20, 20), n_subjects=3), 0)
    assert len(balanced.trials) == 1 and balanced.chosen.candidate is None


class Diverging(NoiseAugmenter):
    def fit(self, train, seed, *, device="cpu", workspace=None, on_step=None):
        raise DivergedError("The loss became NaN in step 3: lower its learning_rate.")


def test_a_candidate_that_fails_is_named_and_out_of_the_race(caplog):
    told = []
    augmenter = AutoAugmenter(candidates=(Diverging(), SmoteAugmenter()))
    with caplog.at_level(logging.WARNING, "escgan"):
        state = augmenter.fit(scarce(), 0, on_step=lambda *step: told.append(step))
    assert state.chosen.candidate == 1 and scores(state)[0, 1.0] is None
    assert "noise is left out of the choice: The loss became NaN" in caplog.text
    assert told == sorted(told) and told[-1] == (16, 16)
    assert np.isnan([row["score"] for row in augmenter.history(state)]).tolist() == [False, True, True, False, False]


def test_with_one_subject_its_trials_validate():
    train = make_windows(counts=(40, 10), n_subjects=1, separation=0.3)
    trials = train.table.assign(trial=np.arange(len(train)) // 5)
    state = AutoAugmenter(candidates=("smote",)).fit(replace(train, table=trials), 0)
    assert state.trials[0].score is not None


def test_where_no_score_is_defined_no_augmentation_is_chosen():
    """Everyone shows one class: nobody has an AUROC."""
    train = make_windows(counts=(12, 4), n_subjects=6)
    subjects = np.where(train.labels == 0, train.subjects, "b" + train.subjects.astype(str))
    state = AutoAugmenter(metric="auroc").fit(replace(train, table=train.table.assign(subject=subjects)), 0)
    assert state.chosen.candidate is None and {trial.score for trial in state.trials} == {None}


@pytest.mark.parametrize("candidate", [SmoteAugmenter(), GAN, RUIN], ids=["smote", "escgan", "none"])
def test_what_was_saved_and_loaded_makes_identical_windows(tmp_path, candidate):
    train = scarce(n_subjects=3)
    augmenter = AutoAugmenter(candidates=(candidate,), ratios=(1.0,), parts=2)
    state = augmenter.fit(train, 0)
    if candidate is GAN:
        # Whether a network of a second's training helps is luck: here it is about the files of one that was chosen.
        state = replace(state, chosen=state.trials[1], state=GAN.fit(train, 0))
    assert (state.chosen.candidate is None) == (candidate is RUIN)
    augmenter.save(state, tmp_path)
    loaded = augmenter.load(tmp_path, train)
    assert (loaded.chosen, loaded.trials) == (state.chosen, state.trials)
    before, again = (augmenter.generate(s, train, Balance(), 0) for s in (state, loaded))
    assert content(before) == content(again) and (len(before.labels) > 0) == (candidate is not RUIN)
    networks = {"generator.safetensors", "discriminator.safetensors"} if candidate is GAN else set()
    # An artifact holds plain files, no folders.
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"choice.json"} | networks
    assert json.loads((tmp_path / "choice.json").read_text())["chosen"]["candidate"] == state.chosen.candidate


def test_each_training_within_has_a_folder_of_its_own(tmp_path):
    folders = []

    class Training(NoiseAugmenter):
        def fit(self, train, seed, *, device="cpu", workspace=None, on_step=None):
            folders.append(workspace)

    augmenter = AutoAugmenter(candidates=(Training(share=0.1), Training(share=0.2)), ratios=(1.0,))
    augmenter.fit(scarce(), 0, workspace=tmp_path)
    assert len(folders) == len(set(folders)) >= 6 and all(folder.parent == tmp_path for folder in folders)
    folders.clear()
    augmenter.fit(scarce(), 0)
    assert set(folders) == {None}


def test_the_history_has_a_row_a_choice_and_one_of_them_was_chosen():
    augmenter = AutoAugmenter(candidates=("noise", "smote"))
    state = augmenter.fit(scarce(), 0)
    rows = augmenter.history(state)
    assert [(row["candidate"], row["ratio"]) for row in rows] == [(-1, 0), (0, 0.5), (0, 1), (1, 0.5), (1, 1)]
    (chosen,) = [row for row in rows if row["chosen"]]
    assert chosen["score"] == max(row["score"] for row in rows) == state.chosen.score


def test_a_configuration_names_candidates_and_judge_and_is_read_back_as_it_was_written():
    import yaml

    given = {"kind": "auto", "candidates": ["smote", {"kind": "escgan", "delta": 1}], "judge": "lda", "ratios": [0.3]}
    values = {"dataset": "simulated", "augmenters": ["none", given], "classifiers": ["logistic"]}
    config = parse_config(values)
    auto = config.augmenters[1]
    assert auto.candidates == (SmoteAugmenter(), EscganAugmenter(delta=1)) and auto.judge == LdaClassifier()
    assert parse_config(yaml.safe_load(config.to_yaml())) == config
    # Keys are made of this: every setting of what stands within must be there.
    dumped = auto.model_dump(mode="json")
    assert dumped["candidates"][0] == {"kind": "smote", "neighbours": 5} and "shrinkage" in dumped["judge"]
    assert AutoAugmenter.model_validate(dumped) == auto and AutoAugmenter().judge == LogisticClassifier()


def test_the_form_offers_every_classifier_and_every_augmenter_that_makes_windows_but_itself():
    schema = AutoAugmenter.model_json_schema()["properties"]
    kinds = set(schema["candidates"]["items"]["discriminator"]["mapping"])
    assert {"smote", "noise", "escgan", "subject_shift"} <= kinds and not {"auto", "none", "threshold"} & kinds
    assert {"logistic", "svm", "cnn"} <= set(schema["judge"]["discriminator"]["mapping"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidates": ["auto"]}, "candidates.0 is 'auto', expected one of: oversample"),
        ({"candidates": ["class_weight"]}, "candidates.0 is 'class_weight', expected one of"),
        ({"candidates": ["smote", "smote"]}, "smote stands there twice with equal settings: list it once"),
        (
            {"candidates": [{"kind": "smote", "moves_threshold": True}]},
            "smote moves the threshold.*set it of auto itself",
        ),
        ({"candidates": [{"kind": "noise", "shares": 1}]}, "did you mean 'share'"),
        ({"judge": "lgistic"}, "judge is 'lgistic', expected one of: logistic.*did you mean 'logistic'"),
        ({"ratios": [0]}, "ratios.0"),
        ({"parts": 1}, "parts"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused_with_a_reason(settings, message):
    values = {"dataset": "simulated", "augmenters": [{"kind": "auto"} | settings], "classifiers": ["logistic"]}
    with pytest.raises(ConfigError, match=message):
        parse_config(values)


def test_one_kind_may_stand_with_several_settings():
    assert (
        len(AutoAugmenter(candidates=({"kind": "noise", "share": 0.1}, {"kind": "noise", "share": 1})).candidates) == 2
    )
    with pytest.raises(ValidationError):
        AutoAugmenter(candidates=(NoiseAugmenter(share=0.1), NoiseAugmenter(share=0.1)))
