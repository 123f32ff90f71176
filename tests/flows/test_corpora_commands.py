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


@pytest.mark.parametrize("kind", DATASETS)
def test_datasets_tells_everything_about_one_corpus(kind, escgan):
    corpus = DATASETS[kind]
    code, out, _ = escgan("datasets", kind)
    said = " ".join(out.split())
    assert code == 0
    for fact in ("title", "expects", "licence", "access", "citation", "note"):
        assert " ".join(getattr(corpus, fact).split()) in said
    for name in corpus.model_fields.keys() - {"kind"}:
        assert f" {name} " in said
    assert f"configs/{kind}.yaml" in said or kind == "simulated"


def test_every_option_of_every_corpus_is_described():
    lacking = [(kind, name) for kind, corpus in DATASETS.items() for name, field in corpus.model_fields.items()
               if name != "kind" and not field.description]  # fmt: skip
    assert not lacking


def test_inspect_takes_options_and_labels_from_a_configuration(escgan, deap_folder, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(
        "{name: mine, dataset: {kind: deap, n_trials: 4}, augmenters: [none], classifiers: [logistic], "
        "labels: {kind: threshold, rating: dominance, threshold: %s, names: [weak, strong]}}"
    )
    text = config.read_text()
    config.write_text(text % 20)
    code, out, _ = escgan("inspect", deap_folder, "--config", config)
    assert code == 3 and "4 weak, 0 strong" in out
    assert "No trial of these recordings belongs to class 'strong'" in out.replace("\n", " ") and "Next:" not in out
    config.write_text(text % 5)
    code, out, _ = escgan("inspect", deap_folder, "--config", config)
    assert code == 0 and "0 strong" not in out
    assert f"Next: escgan run {config} --data" in out.replace("\n", "")
    code, _, err = escgan("inspect", deap_folder, "--config", config, "--dataset", "deap")
    assert code == 2 and "leave --dataset out" in err


def test_inspect_points_to_the_subfolder_that_is_a_corpus(escgan, deap_folder, tmp_path):
    code, _, err = escgan("inspect", deap_folder.parent)
    assert code == 3 and "its folder 'data [1]' looks like deap" in err
    code, _, err = escgan("inspect", deap_folder / "s01.dat")
    assert code == 3 and "s01.dat' is a file: give the folder" in err
    code, _, err = escgan("inspect", deap_folder / "s01.dat", "--dataset", "deap")
    assert code == 3 and "s01.dat' is a file: give the folder" in err


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
        (["datasets", "deep"], 2, "There is no corpus 'deep': expected one of"),
        (["fetch", "eegmat", "--subjects", ","], 2, "--subjects ',' names nobody"),
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
