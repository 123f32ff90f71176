"""`escgan datasets`, `inspect` and `fetch`, as a person sees them."""

from __future__ import annotations

import shutil

import pytest

from escgan.datasets import DATASETS
from escgan.recording import RawRecording


@pytest.fixture
def deap_folder(cohort, tmp_path, monkeypatch):
    """Four subjects of four trials that pass for DEAP's."""

    class Small(DATASETS["deap"]):
        n_trials: int = 4

    monkeypatch.setitem(DATASETS, "deap", Small)
    return shutil.copytree(cohort, tmp_path / "data [1]")


def test_datasets_tells_of_every_corpus_its_files_terms_and_source(escgan):
    code, out, _ = escgan("datasets")
    assert code == 0
    for kind, corpus in DATASETS.items():
        assert f"\n{kind}  {corpus.title}\n" in "\n" + out
        assert all(getattr(corpus, fact) in out for fact in ("expects", "licence", "access"))


def test_inspect_shows_a_sound_folder_and_the_next_command(escgan, deap_folder):
    code, out, _ = escgan("inspect", deap_folder)
    assert code == 0
    assert "deap: DEAP" in out
    assert "4 of 4 recordings can be used." in out
    assert f"Next: escgan run configs/deap.yaml --data {deap_folder}" in out
    assert "sub-05, sub-06" in out and "are not here" in out


def test_inspect_names_what_is_broken_and_ends_with_the_code_of_recordings(escgan, deap_folder):
    (deap_folder / "s02.dat").write_bytes(b"no pickle")
    code, out, err = escgan("inspect", deap_folder)
    assert code == 3 and "Traceback" not in err
    assert "s02.dat of subject 02 is damaged" in out
    assert "3 of 4 recordings can be used." in out


def test_inspect_reads_nothing_where_only_names_are_wanted(escgan, deap_folder, monkeypatch):
    def read(self, source) -> RawRecording:
        raise AssertionError("a file was read")

    monkeypatch.setattr(DATASETS["deap"], "read", read)
    code, out, _ = escgan("inspect", deap_folder, "--names-only")
    assert code == 0 and "4 of 4 recordings are there." in out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["inspect", "nowhere"], 3, "The data folder 'nowhere' does not exist"),
        (["inspect", "configs"], 3, "is no corpus that is known by its file names"),
        (["inspect", "configs", "--dataset", "deep"], 2, "There is no corpus 'deep': expected one of"),
        (["fetch", "deap"], 2, "'deap' cannot be downloaded by a program; see `escgan datasets`"),
    ],
)
def test_wrong_use_is_one_sentence_and_an_exit_code(escgan, arguments, code, sentence):
    got, _, err = escgan(*arguments)
    assert got == code and sentence in err and "Traceback" not in err


def test_fetch_passes_folder_and_subjects_on(escgan, monkeypatch, tmp_path):
    from escgan.datasets import fetch

    calls = []

    def fetch_eegmat(folder, *, subjects=None):
        calls.append((folder, subjects))
        return (folder / "Subject00_1.edf",)

    monkeypatch.setattr(fetch, "fetch_eegmat", fetch_eegmat)
    code, out, _ = escgan("fetch", "eegmat", "--data", tmp_path, "--subjects", "00, sub-05")
    assert code == 0 and calls == [(tmp_path, ("00", "05"))]
    assert f"1 files in {tmp_path}. Next: escgan inspect {tmp_path}" in out
