"""What the tutorial of the GPU pool tells its reader to type at a server, typed at one."""

from __future__ import annotations

import pytest

from tests.docs.pages import DOCS, shell_lines

pytestmark = pytest.mark.server


def test_every_deployment_that_the_pools_tutorial_runs_ends_well(lab, tmp_path):
    runs = [words for words in shell_lines(DOCS / "tutorials" / "gpu-pool.md") if words[1:3] == ["deployment", "run"]]
    assert len(runs) >= 2
    for words in runs:
        # The reader's own store is where ESCGAN_STORE says; this test's is its own.
        lab.call(*words, "--param", f'root="{tmp_path / "store"}"')
