"""The judge of damaged files catches every kind of bad reader, and goes on behind it."""

from __future__ import annotations

import pytest

from tests.fuzz.planted import PLANTED
from tests.fuzz.sandbox import Sandbox


@pytest.mark.parametrize("fault", [name for name in PLANTED if name != "loops"])
def test_a_planted_bad_reader_is_caught_and_the_next_input_still_judged(fault: str, sandbox: Sandbox) -> None:
    outcome = sandbox.run(fault, 0, 3)
    assert (outcome.tried, outcome.valid, outcome.refused) == (3, 2, 0)
    ((index, words),) = outcome.findings
    assert index == 1
    assert PLANTED[fault][1] in words


@pytest.mark.fuzz
def test_a_reader_that_never_ends_is_caught(sandbox: Sandbox) -> None:
    outcome = sandbox.run("loops", 0, 3)
    assert [(index, "of the processor" in words) for index, words in outcome.findings] == [(1, True)]
    assert outcome.valid == 2


def test_equal_numbers_give_equal_damage(sandbox: Sandbox) -> None:
    first, again = (sandbox.run("times", 0, 40) for _ in range(2))
    assert (first.valid, first.refused, first.findings) == (again.valid, again.refused, again.findings)
    assert first.valid > 0 < first.refused
