"""Whatever a file holds, its reader returns valid data or says in one sentence what is wrong, and does nothing else."""

from __future__ import annotations

import pytest

from escgan.datasets import DATASETS
from tests.fuzz.conftest import QUICK, THOROUGH
from tests.fuzz.corpora import FORMATS, SEEDS
from tests.fuzz.hostile import HOSTILE
from tests.fuzz.sandbox import Sandbox

JOBS = (*FORMATS, "yaml")


def test_every_corpus_has_a_folder_to_be_damaged() -> None:
    assert {seed.kind for seed in SEEDS.values()} == set(DATASETS)


def test_every_format_that_can_do_harm_has_hostile_files() -> None:
    assert set(HOSTILE) <= set(FORMATS)
    assert {"pickle", "npz", "mat", "xml", "json", "vhdr", "fif", "set"} <= set(HOSTILE)


@pytest.mark.parametrize("job", JOBS)
def test_a_few_damaged_files_of_every_format_are_read_or_refused(job: str, sandbox: Sandbox) -> None:
    # The hostile files come first; what is tried here lies behind them.
    outcome = sandbox.run(job, 1000, 1000 + QUICK)
    assert not outcome.findings
    assert outcome.valid + outcome.refused == outcome.tried == QUICK


@pytest.mark.fuzz
@pytest.mark.parametrize("job", JOBS)
def test_damaged_and_hostile_files_are_read_or_refused(
    job: str, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = sandbox.run(job, 0, THOROUGH)
    with capsys.disabled():
        print(
            f"\n{job}: {outcome.tried} files, {outcome.valid} valid, {outcome.refused} refused, "
            f"{len(outcome.findings)} findings, {outcome.wall_s:.0f} s"
        )
    assert not outcome.findings
    assert outcome.valid + outcome.refused == outcome.tried == THOROUGH
    # Damage that leaves nothing valid, or nothing refused, tries one half of a reader only.
    assert min(outcome.valid, outcome.refused) > 0
