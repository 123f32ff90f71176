"""What was taken away from the training side is told beside the verdict, in the methods and in the class balance."""

from __future__ import annotations

import numpy as np
import pytest

from escgan.evaluation.scarcity import Scarcity
from escgan.report.figures_recordings import class_balance
from escgan.report.page import badges
from escgan.report.sections_methods import methods_text
from escgan.report.sections_recordings import subjects_section


def test_a_class_made_scarce_and_a_limit_of_subjects_are_alarms_and_methods(make_data):
    data = make_data(n_subjects=3, scarcity=Scarcity(label="arithmetic", keep=0.2), training_subjects=2)
    alarms = {badge.text: badge.title for badge in badges(data) if badge.alarm}
    assert list(alarms) == ["SCARCE CLASS", "LIMITED SUBJECTS"]
    assert "20 % of each recording's training windows" in alarms["SCARCE CLASS"]
    assert "limited on purpose to 2 subjects a fold" in alarms["LIMITED SUBJECTS"]
    methods = methods_text(data)
    assert "The class “arithmetic” was made scarce: of each recording's training windows of it 20 %" in methods
    assert "Of each fold's training subjects 2 took part" in methods


@pytest.mark.parametrize("scarcity", [None, Scarcity(label="arithmetic", keep=1.0)])
def test_a_run_that_trained_on_everything_speaks_of_no_less(make_data, scarcity):
    data = make_data(n_subjects=3, scarcity=scarcity)
    assert not any(badge.alarm for badge in badges(data))
    assert "scarce" not in methods_text(data) and "took part" not in methods_text(data)


def test_additions_stand_on_the_windows_that_a_fold_trains_on(make_data):
    # 14000 windows in 12 folds fill arithmetic up to rest: balanced, whatever was recorded of the two.
    trained = np.array([1400.0, 1400.0 - 14000 / 12])
    data = make_data(augmenters=("none", "escgan"), trained=trained)
    tops = {0: 0.0, 1: 0.0}
    for bar in class_balance(data).axes[1].patches:
        side = int(bar.get_x() + bar.get_width() / 2 > 0)
        tops[side] = max(tops[side], bar.get_y() + bar.get_height())
    assert tops == pytest.approx({0: 1400, 1: 1400})
    picture = subjects_section(data).blocks[0]
    assert "A fold trains on 1,400 rest and 233 arithmetic; escgan adds 0 rest and 1,167 arithmetic." in picture.alt
    assert "solid, the real windows that a fold trains on" in picture.caption
