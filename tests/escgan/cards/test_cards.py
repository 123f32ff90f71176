"""Cards say what was trained on, from counts that are known, and nothing of time or place."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from escgan.augmenters import AUGMENTERS
from escgan.cards.data_card import data_card
from escgan.cards.facts import TrainingFacts
from escgan.cards.model_card import model_card
from escgan.datasets import DATASETS
from escgan.evaluation.scarcity import Scarcity
from tests.conftest import CHANNELS, make_windows

MEASURED = {"measure": "de", "unit": "nats", "definition": "half the log", "band_edges_hz": [[8.0, 13.0], [13.0, 30.0]]}
HISTORY = [{"step": 20.0, "realness": 0.9}, {"step": 36.0, "realness": 0.25, "diversity": -1.5}]


def facts(**changes):
    given = {
        "windows": make_windows(counts=(40, 12), n_subjects=3),
        "labelling": "the classes are the conditions calm and joy",
        "normalization": "per_subject",
        "measured": MEASURED,
        "corpus": DATASETS["eegmat"],
        "features": {"method": "zero_phase", "window_s": 2.0},
        "preprocessing": [{"kind": "bandpass", "low_hz": 1.0}],
    }
    return TrainingFacts(**(given | changes))


def card(**changes):
    augmenter = AUGMENTERS["escgan"].model_validate({"training": {"epochs": 7}})
    return model_card(augmenter.for_training(), 3, HISTORY, facts(**changes))


def test_the_model_card_says_on_whom_and_on_how_much_it_was_trained():
    text = card()
    # 3 people with 40 and 12 windows, a trial a class (see make_windows).
    assert "156 windows of 6 trials of 3 people" in text
    assert "| 01 | 1 | 0-1 | 52 | 40 | 12 |" in text and "| all |  | 6 in all | 156 | 120 | 36 |" in text
    assert f"19 channels: {', '.join(CHANNELS)}" in text and "band0 (8-13 Hz), band1 (13-30 Hz)" in text


def test_the_model_card_names_settings_last_losses_limits_and_the_paper():
    text = card()
    assert "  epochs: 7\n" in text and "Seed 3." in text and "preset" not in text
    assert "ended with step 36" in text and "| realness | 0.25 |" in text and "| diversity | -1.5 |" in text
    assert "| realness | 0.9 |" not in text and "step |" not in text
    assert "transductive" in text and "people it has never seen" in text and "AAAI 2024" in text
    assert "## Intended use" in text and "Not to be used" in text


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({"normalization": "global"}, "deviation of the training windows", "transductive"),
        ({"normalization": "coral"}, "transductive", "without normalisation"),
        ({"seen_people": True}, "say nothing of unseen people", "Of fear"),
        ({"windows": make_windows((40, 12, 0))}, "Of fear there was no training window", "say nothing of unseen"),
    ],
)
def test_limits_are_those_of_the_training(changes, said, unsaid):
    text = card(**changes)
    assert said in text and unsaid not in text


def test_every_augmenter_that_trains_has_a_title_for_its_card():
    for kind, augmenter in AUGMENTERS.items():
        if augmenter.trains:
            text = model_card(augmenter(), 0, [], facts())
            assert f"# Model card: {kind}\n" in text and augmenter.title and "no loss terms of its own" in text


def test_an_augmenter_that_chose_among_others_shows_what_it_compared():
    rows = [
        {"candidate": -1.0, "ratio": 0.0, "score": 0.5, "chosen": 0.0},
        {"candidate": 0.0, "ratio": 0.5, "score": 0.75, "chosen": 1.0},
    ]
    text = model_card(AUGMENTERS["auto"](), 0, rows, facts())
    assert "| candidate | ratio | score | chosen |" in text and "| 0 | 0.5 | 0.75 | 1 |" in text
    assert "-1 for none" in text and "| -1 | 0 | 0.5 | 0 |" in text


def test_the_data_card_names_corpus_licence_and_how_everything_was_made():
    text = data_card(facts())
    corpus = DATASETS["eegmat"]
    for fact in (corpus.title, corpus.licence, corpus.citation):
        assert fact in text
    assert "(`eegmat`)" in text and "kind: bandpass" in text and "window_s: 2.0" in text
    assert "| calm | 120 | 76.9% |" in text and "| joy | 36 | 23.1% |" in text


def test_what_nobody_knows_is_said_to_be_unknown():
    text = data_card(facts(corpus=None, features=None, preprocessing=None, measured={}))
    assert "Which corpus this is, is not known to the training." in text and "`not known to the training`" in text
    assert "They were taken as distributed." in data_card(facts(preprocessing=[]))


def test_a_class_that_was_made_scarce_is_told():
    assert "only 20% of each recording's windows of class joy" in data_card(
        facts(scarcity=Scarcity(label="joy", keep=0.2))
    )


def test_names_cannot_break_a_table():
    windows = make_windows(counts=(4, 4), n_subjects=1)
    odd = replace(windows, table=windows.table.assign(subject="a|b\n# c"))
    rows = [line for line in data_card(facts(windows=odd)).splitlines() if "a\\|b # c" in line]
    assert len(rows) == 1 and len(re.findall(r"(?<!\\)\|", rows[0])) == 7


def test_cards_depend_on_the_training_windows_alone():
    own = facts()
    # Their values are nobody's business here: the order of rows and what is in them change nothing.
    other = replace(own, windows=own.windows.take(np.random.default_rng(0).permutation(len(own.windows))))
    assert data_card(own) == data_card(other) and not re.search(r"20[2-9]\d-\d\d|/home|/tmp", data_card(own) + card())
