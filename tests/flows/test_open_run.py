"""What a run left, opened in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from escgan.datasets.unpickling import load_arrays
from escgan.errors import ConfigError
from flows.names import StageName
from storage.store import Store
from tasks import open_run
from tasks.ledger import RunRecord, find_run, note_run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def opened(finished):
    return open_run("small", finished[0])


def test_opening_runs_loads_no_prefect():
    code = "import sys; from tasks import open_run; print('prefect' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("by", ["name", "id", "report"])
def test_a_run_is_opened_by_whatever_names_it(finished, by):
    root, outcome = finished
    key = find_run(Store(root), "small").report.key
    run = open_run({"name": "small", "id": outcome.run[:8], "report": key[:12]}[by], str(root))
    assert run.record.id == outcome.run and run.config.name == "small"


def test_an_unknown_store_run_recording_fold_or_augmenter_is_named(opened, finished, tmp_path):
    for act, said in (
        (lambda: open_run("small", tmp_path / "none"), "There is no store at"),
        (lambda: open_run("nobody", finished[0]), "No run 'nobody' is known"),
        (lambda: opened.recordings()["sub-09"], "no recording 'sub-09': expected one of sub-01, sub-02"),
        (lambda: opened.edits("escgan", "sub-09"), "no fold 'sub-09' with seed 0: expected one of sub-01"),
        (lambda: opened.edits("none", "sub-01"), "no edits of 'none': expected one of escgan"),
        (lambda: opened.predictions("svm"), "no such predictions: it has logistic with none; logistic with escgan"),
    ):
        with pytest.raises(ConfigError, match=said):
            act()


def test_recordings_are_mne_objects_in_volts(opened, cohort):
    recordings = opened.recordings()
    assert list(recordings) == ["sub-01", "sub-02", "sub-03", "sub-04"] and "sub-02" in recordings
    assert recordings.get("sub-09") is None and "sub-09" not in recordings
    raw = recordings["sub-02"].to_mne()
    epochs = recordings["sub-02"].to_mne_epochs()
    arrays = load_arrays(cohort / "s02.dat", "s02")
    # DEAP's own layout: trials x channels x times, of which the first 3 s are baseline and the first 32 channels EEG.
    assert raw.n_times == 4 * arrays["data"].shape[2] and epochs.tmin == -3.0
    assert 1e-7 < np.std(raw.get_data()) < 1e-3
    np.testing.assert_allclose(epochs.metadata["valence"], arrays["labels"][:, 0])


def test_features_are_scikit_learns_arrays_with_the_runs_labels(opened, cohort):
    features = opened.features()
    X, y, groups = features.to_arrays()
    assert X.shape == (len(features), len(features.channels) * len(features.bands)) and len(set(groups)) == 4
    ratings = load_arrays(cohort / "s03.dat", "s03")["labels"][:, 0]
    own = features.table["subject"].to_numpy() == "03"
    expected = ratings[features.table["trial"][own].to_numpy() - 1] >= 5
    np.testing.assert_array_equal(y[own], expected.astype(int))
    assert features.unit == "nats" and "valence" in features.labelling


def test_borders_of_several_people_belong_to_a_fold(small, store_copy, cohort):
    median = {"kind": "threshold", "rating": "valence", "threshold": "median"}
    small(store_copy, cohort, {"name": "median", "labels": median})
    run = open_run("median", store_copy)
    ratings = {f"{i:02d}": load_arrays(cohort / f"s{i:02d}.dat", "x")["labels"][:, 0] for i in range(1, 5)}
    for fold, people in ((None, "01 02 03 04"), ("sub-02", "01 03 04"), ("sub-04", "01 02 03")):
        features = run.features(fold)
        border = np.median(np.concatenate([ratings[person] for person in people.split()]))
        trial = features.table[["subject", "trial"]].itertuples(index=False)
        np.testing.assert_array_equal(features.labels, [ratings[s][t - 1] >= border for s, t in trial])
        assert ("which no fold does" in features.labelling) == (fold is None)
    predicted = run.predictions("logistic", "none")
    tested = predicted[predicted["fold"] == "sub-04"]
    own = run.features("sub-04")
    np.testing.assert_array_equal(tested["y_true"], own.labels[own.table["subject"].to_numpy() == "04"])


def test_edits_are_those_of_their_fold_and_of_nobody_it_tests(opened):
    config = opened.config
    assert opened.folds == ("sub-01", "sub-02", "sub-03", "sub-04")
    n_edits = 0
    for fold in opened.folds:
        edits = opened.edits("escgan", fold)
        n_edits += len(edits)
        assert fold.removeprefix("sub-") not in set(edits.table["reference_subject"])
        assert set(edits.table["reference_subject"]) <= {"01", "02", "03", "04"}
        assert edits.unit == f"z-scores ({config.normalization})"
        np.testing.assert_array_equal(edits.labels, edits.table["target_label"])
        assert len(edits.to_arrays().X) == len(edits.to_xarray()) == len(edits)
    assert n_edits


def test_predictions_give_the_scores_again(opened):
    scores = opened.scores().set_index(["fold", "seed", "augmenter", "classifier", "subject"])["balanced_accuracy"]
    predictions = opened.predictions()
    keys = ["fold", "seed", "augmenter", "classifier", "subject"]
    again = predictions.groupby(keys).apply(lambda own: balanced_accuracy_score(own["y_true"], own["y_pred"]))
    assert len(again) == len(scores) == 8
    np.testing.assert_allclose(again.loc[scores.index], scores)
    assert set(opened.comparisons()["augmenter"]) <= {"none", "escgan"}


def test_a_run_that_ended_early_shows_what_it_measured_and_says_why_no_more(finished, tmp_path, store_copy):
    store = Store(store_copy)
    record = find_run(store, "small")
    note_run(store, RunRecord(id="ea51ea51", name="early", recordings=record.recordings))
    early = open_run("early", store_copy)
    assert early.features().labels is None and len(early.recordings()) == 4
    for act in (early.scores, lambda: early.features("sub-01"), lambda: early.config):
        with pytest.raises(ConfigError, match="did not come to its report"):
            act()


def test_a_stage_that_was_run_alone_since_does_not_hide_a_finished_run(escgan, small, store_copy, tmp_path):
    store = Store(store_copy)
    whole = find_run(store, "small")
    partial = small(store_copy, None, only=StageName.EVALUATE, using="small").run
    assert find_run(store, "small").id == partial != whole.id
    assert open_run("small", store_copy).record.id == whole.id and len(open_run("small", store_copy).scores()) == 8
    code, _, errors = escgan("compare", "small", whole.id, "--root", store_copy)
    assert code == 2 and f"both mean one run, {whole.id[:8]}: name another run; " in errors
    code, said, errors = escgan("export", "bids", "small", "--root", store_copy, "--out", tmp_path / "bids")
    assert code == 0 and said.startswith("4 recordings in"), errors
    # By its id, the run that has no report is meant.
    code, _, errors = escgan("compare", "small", partial[:8], "--root", store_copy)
    assert code == 2 and f"Run '{partial[:8]}' did not come to its report" in errors


@pytest.mark.parametrize("called", ["early", "ea51ea"])
def test_a_run_without_a_report_is_called_as_the_user_did(escgan, store_copy, tmp_path, called):
    store = Store(store_copy)
    note_run(store, RunRecord(id="ea51ea51", name="early", recordings=find_run(store, "small").recordings))
    code, _, errors = escgan("export", "bids", called, "--root", store_copy, "--out", tmp_path / "bids")
    assert code == 2 and f"Run '{called}' did not come to its report" in errors


def test_each_trained_augmenter_has_its_cards(opened):
    for fold in opened.folds:
        model, data = opened.cards("escgan", fold)
        assert "AAAI 2024" in model and "DEAP" in data and "(`deap`)" in data and "window_s: 3.0" in data
        rows = [line.split(" | ")[0].removeprefix("| ") for line in data.splitlines() if line.count("|") == 7]
        # The fold's own person is in neither.
        assert rows[2:-1] == [name.removeprefix("sub-") for name in opened.folds if name != fold]
    with pytest.raises(ConfigError, match="no trained augmenter of 'none': expected one of escgan"):
        opened.cards("none", "sub-01")
