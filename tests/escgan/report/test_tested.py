"""Texts call people held out where nobody who is tested trains, and nowhere else."""

from __future__ import annotations

import re
from html import unescape

import pytest

from escgan.evaluation.protocols import PROTOCOLS
from escgan.report.page import badges, render_report
from escgan.report.sections_edits import plane_section

HELD_OUT = re.compile("held.out", re.IGNORECASE)


def judged(make_data, kind):
    protocol = PROTOCOLS[kind]
    return make_data(n_subjects=3, tested=protocol.tested, leaky=protocol.leaky, protocol=protocol.title, verdict=())


@pytest.mark.parametrize("kind", ["cross_session", "cross_trial", "within_trial"])
def test_people_who_train_too_are_nowhere_called_held_out(make_data, kind):
    data = judged(make_data, kind)
    page = unescape(render_report(data))
    assert HELD_OUT.findall(page) == []
    for words in (
        "Mean ± standard deviation over tested subjects",
        "one thin line a tested subject",
        "paired over the same tested subjects",
        "mean over tested subjects",
        "a tested subject's own unlabelled windows are taken to be available",
        "No window that the fold tests is shown.",
    ):
        assert words in page
    about_subjects = next(badge for badge in badges(data) if badge.text == "3 subjects")
    assert about_subjects.title == f"They train and are tested: the run tests {data.tested}"


@pytest.mark.parametrize("kind", ["leave_one_subject_out", "subject_k_fold"])
def test_people_whom_no_fold_saw_are_called_held_out(make_data, kind):
    data = judged(make_data, kind)
    assert "Nobody who was held out is shown." in plane_section(data).blocks[0].caption
    assert "Held out once each" in [badge.title for badge in badges(data)]
    assert len(HELD_OUT.findall(render_report(data))) > 8
