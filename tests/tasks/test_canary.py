"""What is held out reaches nothing that training makes: each registry's entries once. The full grid is in faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tasks.cases
import tasks.scoring
import tasks.windows
from escgan.augmenters import AUGMENTERS
from escgan.classifiers import CLASSIFIERS
from escgan.evaluation.protocols import PROTOCOLS
from escgan.normalization import normalize_train
from tests.canary import NORMALIZATIONS, changed_by, cohort, experiment, held_out, replaced, split, stored

WITHIN = "within_trial"
"""The protocol whose sides share recordings and trials: it has the most to keep apart."""


@pytest.mark.parametrize("how", ["noise", "enormous"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_under_every_protocol_and_normalisation(tmp_path, protocol, normalization, how):
    config = experiment(protocol, normalization, ["none", "mean_shift"], ["lda"])
    changed, n = changed_by(config, tmp_path, how)
    assert changed == [] and n == (5 if how == "noise" else 1)


def test_for_every_augmenter(tmp_path):
    changed, n = changed_by(experiment(WITHIN, "per_subject", AUGMENTERS), tmp_path)
    assert changed == [] and n > 3 * len(AUGMENTERS)


def test_for_every_classifier(tmp_path):
    changed, n = changed_by(experiment(WITHIN, "coral", classifiers=CLASSIFIERS), tmp_path)
    assert changed == [] and n == 1 + len(CLASSIFIERS)


def test_the_canary_replaces_every_held_out_window_and_no_other(tmp_path):
    recordings = cohort()
    _, entries = stored(tmp_path, recordings)
    for protocol in PROTOCOLS:
        case = split(experiment(protocol, "none"), entries)[0]
        rows = held_out(case, entries, recordings)
        after = replaced(recordings, rows, "noise")
        for name, (values, table) in recordings.items():
            own = rows.get(name, np.zeros(len(table), bool))
            assert ((after[name][0] != values).all(axis=(1, 2)) == own).all()
            assert ((after[name][1]["valence"] != table["valence"]) == own).all()


def plant_windows(monkeypatch):
    """Training sides that do not leave out what is tested."""
    of_side = tasks.windows.side_of
    monkeypatch.setattr(tasks.windows, "side_of", lambda table, part, *, tested: of_side(table, None, tested=tested))
    monkeypatch.setattr(tasks.scoring, "check_apart", lambda *_: None)


def plant_borders(monkeypatch):
    """Borders of classes from all ratings, tested ones too."""

    def rows(table, side, labels):
        return tasks.windows.classes_of(table, labels, tasks.windows.side_of(table, side.part, tested=False), table)

    monkeypatch.setattr(tasks.windows, "training_rows", rows)


def plant_moments(monkeypatch):
    """Moments of the whole fold, its test side too."""
    gather = tasks.scoring.gather_fold

    def gather_all(run, side, test_features, edited, reweight, labels, normalization):
        data, test = gather(run, side, test_features, edited, reweight, labels, "none")
        joint = np.concatenate([data.train.de, test.de])
        joined = replace(data.train, de=joint, table=data.train.table.iloc[np.zeros(len(joint), int)])
        scaled = normalize_train(joined, normalization).de[: len(data.train)]
        return replace(data, train=data.train.with_de(scaled)), test

    monkeypatch.setattr("tests.canary.gather_fold", gather_all)


def plant_recordings(monkeypatch):
    """Folds whose training sides hold the recordings that they test."""
    folds = tasks.cases.split

    def leaking(config, recordings):
        cases = folds(config, recordings)
        return [replace(c, side=c.side._replace(features=(*c.side.features, *c.test))) for c in cases]

    monkeypatch.setattr("tests.canary.split", leaking)


@pytest.mark.parametrize(
    ("plant", "protocol", "normalization"),
    [
        (plant_windows, "within_trial", "none"),
        (plant_windows, "cross_trial", "per_subject"),
        (plant_borders, "cross_trial", "none"),
        (plant_moments, "leave_one_subject_out", "global"),
        (plant_recordings, "leave_one_subject_out", "none"),
        (plant_recordings, "cross_session", "coral"),
    ],
)
def test_a_planted_leak_is_caught(tmp_path, monkeypatch, plant, protocol, normalization):
    plant(monkeypatch)
    changed, _ = changed_by(experiment(protocol, normalization, ["none", "mean_shift"], ["lda"]), tmp_path)
    assert "evaluate none lda" in changed
