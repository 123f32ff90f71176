"""Training sets at the edge of what can be learned from: every augmenter makes right windows or says why it cannot."""

import numpy as np
import pytest

from escgan.augmenters import AUGMENTERS, Balance
from escgan.errors import ConfigError, EscganError
from tests.escgan.augmenters.test_augmenters import GENERATING, QUICK
from tests.escgan.degenerate import BOTH, SETS, one_sentence, with_first, with_values

every_augmenter = pytest.mark.parametrize("kind", AUGMENTERS)
every_generating = pytest.mark.parametrize("kind", GENERATING)

ALL = SETS | {
    "one class": with_first(BOTH, label=1, n=0),
    "one window": with_first(with_first(BOTH, label=1, n=0), label=0, n=1),
    "no window": with_first(with_first(BOTH, label=1, n=0), label=0, n=0),
}
# Interpolation needs two windows of a class, and what learns needs two classes; the others can do with less.
REFUSED = {
    "a class of one window": {"smote", "borderline_smote", "adasyn"},
    "one class": {"cwgan_gp", "cvae", "ddpm", "ganser", "escgan"},
    "one window": {"cwgan_gp", "cvae", "ddpm", "ganser", "escgan"},
    "no window": set(GENERATING),
}


@pytest.mark.parametrize("case", ALL)
@every_generating
def test_what_is_made_of_a_degenerate_training_set_is_whole_or_one_sentence_says_why_not(kind, case):
    train, augmenter = ALL[case], QUICK[kind]
    if kind in REFUSED.get(case, ()):
        with pytest.raises(ConfigError) as refused:
            augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
        assert one_sentence(refused)
        return
    edited = augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
    n = len(edited.labels)
    assert edited.de.shape == (n, *train.de.shape[1:]) and edited.de.dtype == np.float32
    assert np.isfinite(edited.de).all() and np.isfinite(edited.grid).all() and len(edited.grid) == n
    assert edited.edits["accepted"].sum() == n
    made, counts = np.bincount(edited.labels, minlength=len(train.classes)), train.counts
    lacking = np.where(counts > 0, counts.max() - counts, 0)
    assert (made <= lacking).all()
    # These fill a class whatever its windows are, if only there are any.
    if kind in ("oversample", "noise", "mixup", "smote", "cwgan_gp", "cvae", "ddpm", "ganser", "subject_shift"):
        assert made.tolist() == lacking.tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_augmenter_ever_meets_a_value_that_is_not_finite(value):
    with pytest.raises(ConfigError, match=r"^Window 3 of trial 0 of sub-00 is .* in channel 'Fp2', band 'band0': "):
        with_values(BOTH, (3, 1, 0), value)


@every_augmenter
def test_learning_from_values_beyond_all_measure_ends_finite_or_as_divergence(kind):
    train, augmenter = BOTH.with_de(BOTH.de * np.float32(1e30)), QUICK[kind]
    try:
        state = augmenter.fit(train, 0)
        made = augmenter.generate(state, train, Balance(), 0) if augmenter.generates else None
    except EscganError as error:
        assert type(error).__name__ == "DivergedError" and "check the features for extreme values" in str(error)
        return
    assert made is None or np.isfinite(made.de).all()
