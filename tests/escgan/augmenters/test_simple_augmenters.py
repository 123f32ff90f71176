"""Augmenters without a network, against what their definitions give by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import ADASYN, BorderlineSMOTE

from escgan.augmenters import AUGMENTERS, Balance
from escgan.augmenters.adasyn import AdasynAugmenter
from escgan.augmenters.borderline_smote import BorderlineSmoteAugmenter
from escgan.augmenters.mean_shift import MeanShiftAugmenter
from escgan.augmenters.mixup import MixupAugmenter
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.errors import ConfigError
from escgan.seeds import derive_seed
from tests.conftest import make_windows


def generate(augmenter, train, seed=0, ratio=1.0):
    return augmenter.generate(None, train, Balance(ratio=ratio), seed)


def reference_rows(train, edits):
    """The row of each edit's reference in the training windows."""
    columns = ["subject", "session", "trial", "window"]
    place = {key: i for i, key in enumerate(train.table[columns].itertuples(index=False, name=None))}
    names = [f"reference_{name}" for name in columns]
    return np.array([place[key] for key in edits[names].itertuples(index=False, name=None)])


def without(train, subject, label):
    """The windows but for one subject's of one class."""
    kept = np.flatnonzero((train.subjects != subject) | (train.labels != label))
    table = train.table.iloc[kept].reset_index(drop=True)
    return replace(train, de=train.de[kept], labels=train.labels[kept], table=table)


def test_oversampling_repeats_each_window_of_the_class_as_often_as_the_others_but_for_one():
    train = make_windows(counts=(40, 12, 7))
    edited = generate(OversampleAugmenter(), train)
    rows = reference_rows(train, edited.edits)
    np.testing.assert_array_equal(edited.de, train.de[rows])
    np.testing.assert_array_equal(edited.labels, train.labels[rows])
    assert np.bincount(edited.labels).tolist() == [0, 84, 99]
    for label in (1, 2):
        times = np.bincount(rows[edited.labels == label], minlength=len(train))[train.labels == label]
        assert times.max() - times.min() <= 1


def test_noise_is_independent_and_a_share_of_the_features_deviation():
    train = make_windows(counts=(400, 20))
    train = train.with_de(train.de * np.array([1.0, 5.0], np.float32))
    edited = generate(NoiseAugmenter(share=0.5), train)
    noise = edited.de - train.de[reference_rows(train, edited.edits)]
    np.testing.assert_allclose(noise.std(axis=0), 0.5 * train.de.std(axis=0), rtol=0.12)
    np.testing.assert_allclose(noise.mean(axis=0) / train.de.std(axis=0), 0, atol=0.06)
    flat = noise.reshape(len(noise), -1)
    assert np.abs(np.corrcoef(flat.T) - np.eye(flat.shape[1])).max() < 0.15


def test_mixtures_lie_between_their_reference_and_another_window_of_the_class_nearer_to_the_reference():
    train = make_windows(counts=(30, 5), n_subjects=1)
    own = train.flat()[train.labels == 1].astype(np.float64)
    edited = generate(MixupAugmenter(alpha=1.0), train)
    rows = reference_rows(train, edited.edits)
    assert (train.labels[rows] == 1).all()
    for made, reference in zip(edited.de.reshape(25, -1).astype(np.float64), train.flat()[rows], strict=True):
        along = own - reference
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        share = ((made - reference) * along).sum(axis=1) / length
        gaps = np.linalg.norm(made - reference - share[:, None] * along, axis=1)
        assert gaps.min() < 1e-5 and -1e-6 <= share[gaps.argmin()] <= 0.5 + 1e-6


def test_borderline_smotes_windows_are_imbalanced_learns_own():
    train = make_windows(counts=(60, 15), n_subjects=1, separation=0.3)
    sampler = BorderlineSMOTE(k_neighbors=4, m_neighbors=7, random_state=derive_seed(6, "borderline_smote") % 2**32)
    both, _ = sampler.fit_resample(train.flat(), train.labels)
    edited = generate(BorderlineSmoteAugmenter(neighbours=4, border_neighbours=7), train, seed=6)
    assert len(edited.labels) > 0
    np.testing.assert_array_equal(edited.de.reshape(len(edited.de), -1), both[len(train) :].astype(np.float32))


def test_adasyns_windows_are_imbalanced_learns_own_and_never_more_than_are_lacking():
    train = make_windows(counts=(60, 15), n_subjects=1, separation=0.3)
    sampler = ADASYN(sampling_strategy={1: 60}, n_neighbors=4, random_state=derive_seed(6, "adasyn", 1) % 2**32)
    both, _ = sampler.fit_resample(train.flat(), train.labels)
    edited = generate(AdasynAugmenter(neighbours=4), train, seed=6)
    made = both[len(train) :].astype(np.float32)[:45]
    np.testing.assert_array_equal(edited.de.reshape(len(edited.de), -1), made)
    for seed in range(5):
        many = make_windows(counts=(50, 11, 9), separation=0.2, seed=seed)
        edited = generate(AdasynAugmenter(), many, seed)
        assert (np.bincount(edited.labels, minlength=3) <= edited.wanted).all() and len(edited.labels)


@pytest.mark.parametrize("augmenter", [AdasynAugmenter(), BorderlineSmoteAugmenter()])
def test_a_class_that_touches_no_other_is_not_filled_up_at_a_border_that_is_not_there(augmenter):
    train = make_windows(counts=(40, 12))
    apart = train.with_de(train.de + 100 * (train.labels == 1).astype(np.float32)[:, None, None])
    edited = generate(augmenter, apart)
    assert len(edited.labels) == len(edited.edits) == 0 and edited.wanted.tolist() == [0, 84]


@pytest.mark.parametrize(
    ("kind", "method"), [("smote", "SMOTE"), ("borderline_smote", "Borderline-SMOTE"), ("adasyn", "ADASYN")]
)
def test_a_class_of_one_window_has_nothing_to_interpolate_with(kind, method):
    train = make_windows(counts=(9, 1), n_subjects=1)
    has_one = f"{method} needs two windows of a class to interpolate between, 'joy' has one in this training set: "
    with pytest.raises(ConfigError, match=f"^{has_one}leave {kind} out or gather more data.$"):
        generate(AUGMENTERS[kind](), train)


def test_a_mean_shift_moves_the_references_mean_onto_the_targets():
    train = make_windows(counts=(40, 12))
    edited = generate(MeanShiftAugmenter(), train)
    rows = reference_rows(train, edited.edits)
    assert (train.labels[rows] == 0).all() and len(set(rows)) == len(rows) == 84
    difference = train.de[train.labels == 1].mean(axis=0) - train.de[train.labels == 0].mean(axis=0)
    np.testing.assert_allclose(edited.de, train.de[rows] + difference, atol=1e-5)


def test_a_mean_shift_uses_each_reference_once_even_where_the_class_stays_short():
    train = make_windows(counts=(10, 10, 1), n_subjects=1)
    edited = generate(MeanShiftAugmenter(), train)
    # 9 of the 20 references of both full classes.
    assert np.bincount(edited.labels).tolist() == [0, 0, 9] and set(edited.edits["source_label"]) == {0, 1}
    short = generate(MeanShiftAugmenter(), make_windows(counts=(10, 1, 1), n_subjects=1))
    assert np.bincount(short.labels).tolist() == [0, 9, 9]


def test_borrowed_differences_are_those_of_single_subjects():
    train = make_windows(counts=(30, 10), n_subjects=3)
    # Each subject shows the second class in a way of its own.
    way = np.array([2.0, -3.0, 7.0])[train.subjects.astype(int)].astype(np.float32)
    train = train.with_de(train.de * 0 + (way * (train.labels == 1))[:, None, None])
    edited = generate(SubjectShiftAugmenter(shrinkage=0), train)
    assert set(np.unique(edited.de)) == {2.0, -3.0, 7.0} and len(edited.labels) == 60
    lent = edited.de[:, 0, 0]
    assert min((lent == value).sum() for value in (2.0, -3.0, 7.0)) > 8
    # With 10 windows of the rarer class and shrinkage 10, half is the subject's own and half everyone's, which is 2.
    half = generate(SubjectShiftAugmenter(shrinkage=10), train)
    np.testing.assert_allclose(np.unique(half.de), [-0.5, 2.0, 4.5], atol=1e-6)


def test_a_subject_without_one_of_the_classes_lends_nothing():
    train = make_windows(counts=(30, 10), n_subjects=3)
    way = np.array([2.0, -3.0, 7.0])[train.subjects.astype(int)].astype(np.float32)
    train = without(train.with_de(train.de * 0 + (way * (train.labels == 1))[:, None, None]), "02", 1)
    edited = generate(SubjectShiftAugmenter(shrinkage=0), train)
    assert set(np.unique(edited.de)) == {2.0, -3.0}


def test_a_share_of_the_borrowed_difference_moves_a_window_by_that_share():
    train = make_windows(counts=(40, 12))
    whole, half = (generate(SubjectShiftAugmenter(borrow=borrow), train) for borrow in (1.0, 0.5))
    references = train.de[reference_rows(train, whole.edits)]
    pd.testing.assert_frame_equal(half.edits, whole.edits)
    np.testing.assert_allclose(half.de, (references + whole.de) / 2, atol=1e-6)


def test_jitter_is_independent_noise_on_moved_windows():
    train = make_windows(counts=(400, 20))
    train = train.with_de(train.de * np.array([1.0, 5.0], np.float32))
    still, shaken = (generate(SubjectShiftAugmenter(jitter=jitter), train) for jitter in (0.0, 0.5))
    noise = shaken.de - still.de
    np.testing.assert_allclose(noise.std(axis=0), 0.5 * train.de.std(axis=0), rtol=0.12)
    np.testing.assert_allclose(noise.mean(axis=0) / train.de.std(axis=0), 0, atol=0.06)


def test_half_a_borrowed_difference_is_where_escgan_begins():
    train = make_windows(counts=(40, 12), separation=2.0)
    settings = {"kind": "escgan", "preset": "cross_subject", "jitter": 0.0}
    augmenter = AUGMENTERS["escgan"](**settings, training={"epochs": 1, "learning_rate": 1e-12})
    started = augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
    moved = generate(SubjectShiftAugmenter(borrow=0.5), train)
    assert len(started.de) == len(moved.de)
    # Other references and other lenders, but one distribution.
    np.testing.assert_allclose(started.de.mean(axis=0), moved.de.mean(axis=0), atol=0.35)
    lent = [d.de - train.de[reference_rows(train, d.edits[d.edits["accepted"]])] for d in (started, moved)]
    different = [np.unique(np.round(changes, 3), axis=0) for changes in lent]
    assert len(different[0]) == len(different[1]) == 3
    np.testing.assert_allclose(*(np.sort(changes, axis=0) for changes in different), atol=2e-3)


def test_where_no_subject_has_both_classes_everyones_difference_is_taken():
    train = make_windows(counts=(30, 10), n_subjects=2)
    train = without(without(train, "00", 1), "01", 0)
    shifted, moved = generate(SubjectShiftAugmenter(), train), generate(MeanShiftAugmenter(), train)
    np.testing.assert_allclose(shifted.de, moved.de, atol=1e-5)
    assert np.isfinite(shifted.de).all()
