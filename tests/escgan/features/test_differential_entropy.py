import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from escgan.features.differential_entropy import differential_entropy, differential_entropy_bits


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_the_formula_is_scipys_entropy_of_a_gaussian(deviation):
    assert differential_entropy(np.array(deviation**2)) == pytest.approx(stats.norm(scale=deviation).entropy())


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_bits_are_the_same_entropy_to_base_two(deviation):
    truth = stats.norm(scale=deviation).entropy() / np.log(2)
    assert differential_entropy_bits(np.array(deviation**2)) == pytest.approx(truth)
