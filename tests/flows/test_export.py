"""``escgan export bids``: a run's recordings and features as a dataset that is there whole or not at all."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from escgan.datasets import DATASETS
from tasks import open_run
from tasks.exporting import export_bids


def test_a_run_is_exported_and_read_back_to_the_same_samples(escgan, finished, tmp_path):
    root, _ = finished
    out = tmp_path / "bids"
    out.mkdir()
    code, said, _ = escgan("export", "bids", "small", "--out", out, "--root", root)
    assert code == 0 and said.startswith("4 recordings in")
    options = yaml.safe_load((out / "README").read_text().partition("reads it again with")[2])["dataset"]
    corpus = DATASETS["bids"].model_validate(options)
    run = open_run("small", root)
    for source in corpus.discover(out):
        raw, own = corpus.read(source), run.recordings()[f"sub-{source.subject}"]
        assert (raw.channels, raw.passband_hz) == (own.channels, own.passband_hz) and len(raw.spans) == len(own.trials)
        for span, trial in zip(raw.spans, own.trials, strict=True):
            start = round(span.start_s * own.sfreq)
            np.testing.assert_allclose(
                raw.segments[0].eeg[:, start : start + trial.eeg.shape[1]], trial.eeg, rtol=2e-7, atol=1e-9
            )
            assert dict(span.ratings) == pytest.approx(dict(trial.ratings))
    table = pd.read_csv(out / "sub-03" / "eeg" / "sub-03_task-deap_desc-de_features.tsv", sep="\t")
    features = run.features()
    chosen = features.table["subject"].to_numpy() == "03"
    np.testing.assert_array_equal(
        table[list(table.columns[4:])].to_numpy(np.float32), features.values[chosen].reshape(chosen.sum(), -1)
    )
    described = json.loads((out / "dataset_description.json").read_text())
    assert described["License"] == run.config.dataset.licence
    # What is there stays as it is.
    code, _, errors = escgan("export", "bids", "small", "--out", out, "--root", root)
    assert code == 2 and "is there already and not empty: give another folder with --out" in errors


def test_an_unknown_run_or_store_is_refused_before_anything_is_written(escgan, finished, tmp_path):
    for arguments, said in (
        (("nobody", "--root", finished[0]), "No run 'nobody' is known"),
        (("small", "--root", tmp_path / "none"), "There is no store at"),
    ):
        code, _, errors = escgan("export", "bids", *arguments, "--out", tmp_path / "out")
        assert code == 2 and said in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_export_that_is_stopped_or_fails_leaves_nothing(finished, tmp_path, monkeypatch, end):
    from tasks import exporting

    write, done = exporting.write_recording, []

    def stopped(*given):
        if done:
            raise end
        done.append(write(*given))

    monkeypatch.setattr(exporting, "write_recording", stopped)
    out = tmp_path / "deep" / "bids"
    with pytest.raises((KeyboardInterrupt, Exception)) as raised:
        export_bids(open_run("small", finished[0]), out)
    assert done and not out.exists() and not list((tmp_path / "deep").iterdir())
    if isinstance(end, OSError):
        assert "Cannot export" in str(raised.value) and "the disk is full" in str(raised.value)
