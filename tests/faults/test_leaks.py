"""The canary over the full grid: every protocol, normalisation, augmenter and classifier together."""

from __future__ import annotations

import pytest

from escgan.augmenters import AUGMENTERS
from escgan.classifiers import CLASSIFIERS
from escgan.evaluation.protocols import PROTOCOLS
from tests.canary import NORMALIZATIONS, changed_by, experiment

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_held_out_reaches_nothing(tmp_path, protocol, normalization):
    config = experiment(protocol, normalization, AUGMENTERS, CLASSIFIERS)
    changed, n = changed_by(config, tmp_path)
    assert changed == []
    assert n >= len(AUGMENTERS) * (1 + len(CLASSIFIERS))
    print(f"\n{protocol}, {normalization}: {n} results, 0 changed")
