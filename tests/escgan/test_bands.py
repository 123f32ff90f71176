from itertools import pairwise

import pytest
from pydantic import ValidationError

from escgan.bands import BAND_SETS, Band
from escgan.datasets import DATASETS, SignalCorpus
from escgan.features.config import FeatureConfig

# Edges in Hz as the publications and libraries print them.
PUBLISHED = {
    "esc-gan": "delta 1-4, theta 4-8, alpha 8-13, beta 13-30, gamma 30-45",
    "esc-gan-4hz": "theta 4-8, alpha 8-13, beta 13-30, gamma 30-45",
    "torcheeg": "theta 4-8, alpha 8-14, beta 14-31, gamma 31-49",
    "libeer": "delta 0.5-4, theta 4-8, alpha 8-14, beta 14-30, gamma 30-50",
    "faced": "delta 1-4, theta 4-8, alpha 8-14, beta 14-30, gamma 30-47",
    "seed": "delta 1-3, theta 4-7, alpha 8-13, beta 14-30, gamma 31-50",
    "seed-iv": "delta 1-4, theta 4-8, alpha 8-14, beta 14-31, gamma 31-50",
    "deap": "theta 3-7, alpha 8-13, beta 14-29, gamma 30-47",
}


def test_every_set_of_bands_is_tested_here():
    assert set(PUBLISHED) == set(BAND_SETS)


@pytest.mark.parametrize("name", BAND_SETS)
def test_sets_have_the_published_edges(name):
    assert ", ".join(f"{b.name} {b.low_hz:g}-{b.high_hz:g}" for b in BAND_SETS[name]) == PUBLISHED[name]


@pytest.mark.parametrize("name", BAND_SETS)
def test_bands_rise_do_not_overlap_and_have_names_of_their_own(name):
    bands = BAND_SETS[name]
    assert all(lower.high_hz <= upper.low_hz for lower, upper in pairwise(bands))
    assert len({band.name for band in bands}) == len(bands)


@pytest.mark.parametrize("name", BAND_SETS)
def test_a_configuration_may_name_a_set(name):
    assert FeatureConfig(bands=name).bands == BAND_SETS[name]


@pytest.mark.parametrize("corpus", [kind for kind, corpus in DATASETS.items() if issubclass(corpus, SignalCorpus)])
def test_the_usual_bands_of_every_corpus_exist(corpus):
    assert DATASETS[corpus].default_bands in BAND_SETS


def test_a_band_reads_as_its_name_and_edges():
    assert str(Band(name="slow", low_hz=0.5, high_hz=4)) == "'slow' (0.5-4 Hz)"


@pytest.mark.parametrize(("low", "high"), [(4, 4), (8, 4), (0, 4), (-1, 4)])
def test_edges_out_of_order_are_refused_with_the_bands_name(low, high):
    with pytest.raises(ValidationError, match=rf"Band 'x' runs from {low} to {high} Hz: give a lower edge above 0"):
        Band(name="x", low_hz=low, high_hz=high)


@pytest.mark.parametrize("edge", [float("inf"), float("nan"), "high"])
def test_an_edge_that_is_no_number_is_refused(edge):
    with pytest.raises(ValidationError, match="high_hz"):
        Band(name="x", low_hz=1, high_hz=edge)


def test_every_field_of_a_band_has_a_description():
    assert all(field.description for field in Band.model_fields.values())
