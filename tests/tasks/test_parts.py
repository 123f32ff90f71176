import time

import numpy as np
import pytest

from tasks.parts import Parts


def test_a_part_holds_its_own_seconds_and_goes_on_when_entered_again():
    parts = Parts()
    with parts.part("read"):
        time.sleep(0.05)
    with parts.part("fit"):
        time.sleep(0.02)
    with parts.part("read"):
        time.sleep(0.05)
    read, fit = parts.rows()
    assert (read["part"], fit["part"]) == ("read", "fit")
    assert 0.1 <= read["seconds"] < 1 and 0.02 <= fit["seconds"] < 0.5


def test_a_part_that_fails_is_counted_and_passes_the_error_on():
    parts = Parts()
    with pytest.raises(ZeroDivisionError), parts.part("fit"):
        _ = 1 / 0
    assert [row["part"] for row in parts.rows()] == ["fit"]


def test_memory_that_a_part_let_go_of_again_is_seen_where_it_was_the_most_so_far():
    parts = Parts()
    with parts.part("small"):
        pass
    with parts.part("large"):
        # More than the process has held before, whatever ran in it until now.
        block = np.ones(int((parts.rows()[0]["peak_memory_mb"] + 2000) * 2**20 / 8))
        del block
    small, large = parts.rows()
    assert large["peak_memory_mb"] > small["peak_memory_mb"] + 1900
