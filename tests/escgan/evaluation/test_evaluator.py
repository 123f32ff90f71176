from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from escgan.classifiers.cnn import CnnClassifier
from escgan.evaluation.evaluator import embed, judge, seen_subjects, train_evaluator
from escgan.montage import scalp_grid
from tests.conftest import make_windows

QUICK = CnnClassifier(hidden=4, epochs=8, batch_size=32, learning_rate=3e-3)


def only(windows, keep):
    rows = np.flatnonzero(keep)
    table = windows.table.iloc[rows].reset_index(drop=True)
    return replace(windows, de=windows.de[rows], labels=windows.labels[rows], table=table)


@pytest.mark.parametrize("n_subjects", [2, 3, 7, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_whole_subjects_are_seen_and_each_half_has_about_half_of_every_class(n_subjects, seed):
    windows = make_windows(counts=(40, 8), n_subjects=n_subjects)
    seen = seen_subjects(windows, seed)
    assert not set(windows.subjects[seen]) & set(windows.subjects[~seen])
    for label in (0, 1):
        share = seen[windows.labels == label].mean()
        assert abs(share - 0.5) <= 0.5 / n_subjects + 1e-9


def test_the_two_subjects_who_show_a_scarce_class_come_into_different_halves():
    windows = make_windows(counts=(40, 8), n_subjects=8)
    windows = only(windows, (windows.labels == 0) | np.isin(windows.subjects, ["02", "05"]))
    for seed in range(5):
        seen = seen_subjects(windows, seed)
        assert seen[windows.subjects == "02"].all() != seen[windows.subjects == "05"].all()


def test_the_halves_depend_on_the_seed():
    windows = make_windows(n_subjects=8)
    assert len({seen_subjects(windows, seed).tobytes() for seed in range(6)}) > 1


def test_one_subject_is_seen_whole_and_a_half_without_two_classes_is_not_chosen():
    assert seen_subjects(make_windows(n_subjects=1), 0).all()
    windows = make_windows(counts=(40, 8), n_subjects=4)
    scarce = only(windows, (windows.labels == 0) | (windows.subjects == "02"))
    for seed in range(5):
        seen = seen_subjects(scarce, seed)
        assert seen[scarce.subjects == "02"].all() and not seen.all()
    two = make_windows(counts=(20, 20), n_subjects=2)
    assert seen_subjects(only(two, (two.labels == 0) == (two.subjects == "00")), 0).all()


def test_windows_of_the_unseen_half_play_no_part():
    windows = make_windows(n_subjects=4)
    seen = seen_subjects(windows, 3)
    noise = np.random.default_rng(0).standard_normal(windows.de.shape).astype(np.float32)
    other = windows.with_de(np.where(seen[:, None, None], windows.de, noise))
    grid = scalp_grid(windows.channels).to_grid(windows.de)
    found = [embed(train_evaluator(train, QUICK, 3), grid) for train in (windows, other)]
    assert_array_equal(*found)


def test_features_are_what_the_last_layer_turns_into_the_scores_of_the_classes():
    windows = make_windows(counts=(30, 30), n_subjects=4)
    evaluator = train_evaluator(windows, QUICK, 0)
    grid = scalp_grid(windows.channels).to_grid(windows.de)
    features, probability = embed(evaluator, grid), judge(evaluator, grid)
    assert features.shape == (len(windows), 8 * QUICK.hidden) and features.dtype == np.float64
    last = list(evaluator.model.network.modules())[-1]
    scores = features @ last.weight.detach().double().numpy().T + last.bias.detach().double().numpy()
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert_allclose(probability, expected, atol=1e-5)
    assert_array_equal(probability, evaluator.model.predict_proba(windows))
    unseen = ~evaluator.seen
    assert (probability[unseen].argmax(axis=1) == windows.labels[unseen]).mean() > 0.9


def test_the_global_stream_plays_no_part():
    windows = make_windows(n_subjects=2)
    grid = scalp_grid(windows.channels).to_grid(windows.de)
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        np.random.seed(seed)
        found.append(embed(train_evaluator(windows, QUICK, 0), grid).tobytes())
    assert found[0] == found[1]
