"""Every corpus keeps the same contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from escgan.bands import BAND_SETS
from escgan.datasets import DATASETS, Corpus, DatasetConfig, FeatureCorpus, SignalCorpus
from escgan.errors import RecordingError
from escgan.labels import LABELS
from escgan.preprocessing import PREPROCESSORS

FACTS = ("title", "licence", "citation", "note", "access", "expects")


@pytest.mark.parametrize("kind", DATASETS)
def test_every_corpus_states_its_facts_and_defaults(kind: str) -> None:
    corpus = DATASETS[kind]()
    assert isinstance(corpus, Corpus)
    assert corpus.kind == kind
    assert all(isinstance(getattr(corpus, fact), str) and getattr(corpus, fact) for fact in FACTS)
    assert corpus.default_labels()["kind"] in LABELS
    if isinstance(corpus, SignalCorpus):
        assert corpus.default_bands in BAND_SETS
        assert corpus.default_window_s > 0
        assert corpus.default_baseline in ("none", "subtract")
        assert all(step.kind in PREPROCESSORS for step in corpus.default_preprocessing())
    else:
        assert isinstance(corpus, FeatureCorpus)


@pytest.mark.parametrize("kind", DATASETS)
def test_a_corpus_is_chosen_by_its_kind_and_survives_json(kind: str) -> None:
    adapter = TypeAdapter(DatasetConfig)
    chosen = adapter.validate_python({"kind": kind})
    assert type(chosen) is DATASETS[kind]
    assert adapter.validate_json(adapter.dump_json(chosen)) == chosen


def test_an_unknown_kind_or_option_is_refused() -> None:
    adapter = TypeAdapter(DatasetConfig)
    with pytest.raises(ValidationError, match="deap"):
        adapter.validate_python({"kind": "deep"})
    with pytest.raises(ValidationError, match="Extra inputs"):
        adapter.validate_python({"kind": "eegmat", "subjects": 3})


@pytest.mark.parametrize("kind", DATASETS)
def test_an_absent_or_empty_folder_is_one_sentence_with_a_remedy(kind: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere.*does not exist: give the folder with"):
        DATASETS[kind]().discover(tmp_path / "nowhere")
    with pytest.raises(RecordingError, match=r": (give|simulate)"):
        DATASETS[kind]().discover(tmp_path)
    (tmp_path / "a.yaml").touch()
    with pytest.raises(RecordingError, match=r"^'.*a\.yaml' is a file: give the folder with"):
        DATASETS[kind]().discover(tmp_path / "a.yaml")


@pytest.mark.parametrize("kind", [kind for kind in DATASETS if kind != "simulated"])
def test_a_folder_without_recordings_is_told_by_the_kind_that_a_configuration_names(kind: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=f"^No recording of corpus '{kind}' in '"):
        DATASETS[kind]().discover(tmp_path)


def test_importing_the_corpora_and_steps_loads_no_heavy_package() -> None:
    program = (
        "import sys, escgan.datasets, escgan.preprocessing; "
        "print([name for name in ('mne', 'scipy', 'torch', 'h5py', 'prefect') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
