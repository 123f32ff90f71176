from dataclasses import replace

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE

from escgan.augmenters import Balance
from escgan.augmenters.smote import SmoteAugmenter
from escgan.errors import ConfigError
from escgan.seeds import derive_seed
from tests.conftest import make_windows


def generate(train, seed=0, **settings):
    return SmoteAugmenter(**settings).generate(None, train, Balance(), seed)


def gaps_to_segments(points, ends):
    """Distance of each point to the nearest segment between two different ends, ``(n_points,)``."""
    best = np.full(len(points), np.inf)
    for i in range(len(ends)):
        for j in range(i):
            along = ends[j] - ends[i]
            share = np.clip((points - ends[i]) @ along / (along @ along), 0, 1)
            best = np.minimum(best, np.linalg.norm(points - ends[i] - share[:, None] * along, axis=1))
    return best


def test_every_made_window_lies_between_two_windows_of_its_class():
    train = make_windows(counts=(30, 4), n_subjects=1)
    own = train.flat()[train.labels == 1].astype(np.float64)
    points = generate(train).de.reshape(26, -1).astype(np.float64)
    assert gaps_to_segments(points, own).max() < 1e-5
    # The measure can fail: the other class' windows lie far from these segments.
    assert gaps_to_segments(train.flat()[train.labels == 0].astype(np.float64), own).min() > 1


def test_with_one_neighbour_windows_lie_between_nearest_neighbours_only():
    train = make_windows(counts=(20, 4), n_subjects=1)
    de = np.zeros_like(train.de)
    # Two pairs of close windows, far from each other.
    de[train.labels == 1, 0, 0] = [0.0, 1.0, 100.0, 101.0]
    edited = generate(train.with_de(de), neighbours=1)
    place = edited.de[:, 0, 0]
    assert len(place) == 16 and (((place >= 0) & (place <= 1)) | ((place >= 100) & (place <= 101))).all()


def test_the_windows_are_imbalanced_learns_own():
    train = make_windows(counts=(30, 10, 5), n_subjects=1)
    sampler = SMOTE(k_neighbors=4, random_state=derive_seed(6, "smote") % 2**32)
    both, labels = sampler.fit_resample(train.flat(), train.labels)
    edited = generate(train, seed=6)
    np.testing.assert_array_equal(edited.de.reshape(len(edited.de), -1), both[len(train) :].astype(np.float32))
    np.testing.assert_array_equal(edited.labels, labels[len(train) :])


def test_every_lacking_class_gets_exactly_what_it_lacks():
    train = make_windows(counts=(30, 10, 5), n_subjects=2)
    assert np.bincount(generate(train).labels).tolist() == [0, 40, 50]


def test_a_class_smaller_than_the_neighbourhood_is_filled_all_the_same():
    train = make_windows(counts=(30, 2), n_subjects=1)
    assert np.bincount(generate(train, neighbours=5).labels).tolist() == [0, 28]


def test_a_made_window_has_no_reference_and_no_realness():
    edits = generate(make_windows()).edits
    unknown = ["reference_subject", "reference_session", "reference_trial", "reference_window"]
    assert edits[[*unknown, "realness", "class_probability"]].isna().all(axis=None)
    assert (edits["source_label"] == edits["target_label"]).all() and edits["accepted"].all()


def test_a_class_of_one_window_is_refused_by_name():
    train = make_windows(counts=(30, 12, 1), n_subjects=1)
    with pytest.raises(ConfigError, match="'fear' has one in this training set: leave smote out"):
        generate(train)


def test_nothing_is_made_up_for_a_class_without_a_window_and_the_others_are_filled():
    edited = generate(make_windows(counts=(30, 12, 0), n_subjects=1))
    assert np.bincount(edited.labels, minlength=3).tolist() == [0, 18, 0] and edited.wanted.tolist() == [0, 18, 30]


def test_a_lone_window_is_no_fault_where_its_class_needs_none():
    train = replace(make_windows(counts=(1, 1), n_subjects=1))
    assert len(generate(train).labels) == 0


@pytest.mark.parametrize("neighbours", [0, -1, 1.5])
def test_a_neighbourhood_without_a_neighbour_is_refused(neighbours):
    with pytest.raises(ValueError, match="neighbours"):
        SmoteAugmenter(neighbours=neighbours)
