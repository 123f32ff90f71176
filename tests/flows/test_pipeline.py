import io
import json
import logging
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from escgan.config import parse_config
from escgan.datasets.deap_writer import write_deap
from escgan.datasets.unpickling import load_arrays
from escgan.errors import ConfigError, RecordingError
from flows.closing import outcome_document, print_outcome
from storage.errors import ArtifactMissing
from storage.hdf5 import read_array
from storage.store import Store
from storage.tables import read_table
from tests.flows.conftest import ON_CPU, SMALL, computed, rewrite_with_noise


def artifact(root, stage, unit):
    (manifest,) = [m for m in Store(root).list(stage) if m.unit == unit]
    return manifest


def damage(root, stage, unit, name, how):
    manifest = artifact(root, stage, unit)
    folder = Path(root) / "artifacts" / stage / manifest.key
    path = folder / name
    if how == "delete the artifact":
        shutil.rmtree(folder)
    elif how == "delete":
        path.unlink()
    elif how == "truncate":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "flip a bit":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def digests(root, stage):
    return {m.unit: m.digest for m in Store(root).list(stage)}


def test_a_first_run_computes_every_unit_and_leaves_a_report(finished):
    root, outcome = finished
    assert computed(outcome) == {
        "ingest": 4, "features": 4, "separation": 1, "train": 4, "augment": 4, "evaluate": 8, "report": 1,
    }  # fmt: skip
    assert outcome.report == root / "reports" / "small.html"
    assert "<html" in outcome.report.read_text()
    assert set(outcome.scores["augmenter"]) == {"none", "escgan"} and outcome.scores["subject"].nunique() == 4
    assert outcome.verdict[0].startswith("On 4 unseen subjects, escgan") and len(outcome.verdict) == 2


def test_a_second_run_computes_nothing_even_where_store_and_data_were_moved(
    small, store_copy, cohort, tmp_path, finished
):
    moved = shutil.copytree(cohort, tmp_path / "other data")
    again = small(store_copy, moved)
    assert computed(again) == {}
    pd.testing.assert_frame_equal(again.scores, finished[1].scores)


def test_without_prefects_records_the_artifacts_are_still_found(small, store_copy, cohort):
    shutil.rmtree(store_copy / "records")
    assert computed(small(store_copy, cohort)) == {}


@pytest.mark.parametrize("how", ["delete the artifact", "delete", "truncate", "flip a bit"])
def test_damaged_features_are_recomputed_alone_and_the_reason_is_logged(small, store_copy, cohort, caplog, how):
    before = digests(store_copy, "features")
    damage(store_copy, "features", "sub-02", "features.h5", how)
    with caplog.at_level(logging.WARNING, logger="escgan"):
        outcome = small(store_copy, cohort)
    # The same bytes come out, so nothing downstream is touched.
    assert computed(outcome) == {"features": 1}
    assert digests(store_copy, "features") == before
    if how == "delete the artifact":
        assert "computing it again" not in caplog.text
    else:
        assert "features sub-02: features.h5" in caplog.text and "computing it again" in caplog.text


def test_a_new_subject_costs_its_own_recording_and_the_folds(small, store_copy, five_subjects):
    assert computed(small(store_copy, five_subjects, {"dataset": {"kind": "deap", "n_trials": 4}})) == {
        "ingest": 1, "features": 1, "separation": 1, "train": 5, "augment": 5, "evaluate": 10, "report": 1,
    }  # fmt: skip


def test_another_classifier_costs_only_evaluation(small, store_copy, cohort):
    outcome = small(store_copy, cohort, {"classifiers": ["logistic", "svm"]})
    assert computed(outcome) == {"evaluate": 8, "report": 1}


def test_another_rating_costs_no_signal_and_no_feature(small, store_copy, cohort):
    labels = {"kind": "threshold", "rating": "valence", "threshold": 5.5}
    assert not {"ingest", "features"} & set(computed(small(store_copy, cohort, {"labels": labels})))


def test_the_held_out_subjects_signals_do_not_touch_its_gan_or_edits(small, tmp_path, cohort, finished):
    """The canary: noise in place of one subject's windows changes every fold's GAN but the one that tests it."""
    data = shutil.copytree(cohort, tmp_path / "data")
    rewrite_with_noise(data / "s03.dat")
    root = tmp_path / "store"
    small(root, data)
    for stage in ("train", "augment"):
        clean, noisy = digests(finished[0], stage), digests(root, stage)
        changed = {unit for unit in clean if clean[unit] != noisy[unit]}
        assert changed == {f"sub-{i} escgan" for i in ("01", "02", "04")}
    assert digests(finished[0], "evaluate") != digests(root, "evaluate")


def test_logistic_scores_without_augmentation_equal_scikit_learns_from_the_stored_features(finished):
    root, outcome = finished
    store = Store(root)
    de, labels = {}, {}
    for i in ("01", "02", "03", "04"):
        stored = store.open(artifact(root, "features", f"sub-{i}").ref)
        raw = read_array(stored.file("features.h5"), "de").reshape(-1, 32 * 4).astype(np.float64)
        de[i] = (raw - raw.mean(0)) / raw.std(0)
        labels[i] = (read_table(stored.file("windows.parquet"))["valence"] >= 5).to_numpy().astype(int)
    for held_out in de:
        others = [i for i in de if i != held_out]
        x, y = np.concatenate([de[i] for i in others]), np.concatenate([labels[i] for i in others])
        scaler = StandardScaler().fit(x)
        model = LogisticRegression(max_iter=5000).fit(scaler.transform(x), y)
        probability = model.predict_proba(scaler.transform(de[held_out]))[:, 1]
        ours = outcome.scores.query("subject == @held_out and augmenter == 'none'").iloc[0]
        truth = labels[held_out]
        assert ours["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, probability > 0.5), abs=1e-6)
        assert ours["auroc"] == pytest.approx(roc_auc_score(truth, probability), abs=1e-6)
        stored = store.open(artifact(root, "evaluate", f"sub-{held_out} none logistic").ref)
        table = read_table(stored.file("predictions.parquet"))
        # z-scores are float32 in the store's reader, float64 here.
        np.testing.assert_allclose(table["p: high valence"], probability, atol=1e-4)


def test_one_stage_runs_alone_from_what_the_store_holds(small, store_copy, cohort):
    outcome = small(store_copy, cohort, {"classifiers": ["svm"]}, only="evaluate")
    assert computed(outcome) == {"evaluate": 8}
    assert outcome.report is None and len(outcome.scores) == 8


def test_a_stage_whose_input_is_missing_says_which_and_how_to_make_it(small, tmp_path, cohort):
    with pytest.raises(ArtifactMissing, match=r"Stage 'ingest' of sub-01 is not in the store .* run `escgan run`"):
        small(tmp_path / "empty", cohort, only="evaluate")


def test_refreshing_a_stage_computes_it_and_equal_bytes_stop_the_wave(small, store_copy, cohort):
    assert computed(small(store_copy, cohort, refresh=("features",))) == {"features": 4}


def test_starting_at_a_stage_takes_the_rest_from_the_store(small, store_copy, cohort):
    damage(store_copy, "ingest", "sub-01", "recording.h5", "delete")
    with pytest.raises(ArtifactMissing, match=r"recording\.h5 is missing"):
        small(store_copy, cohort, start="features")


@pytest.mark.parametrize("options", [{"only": "train", "start": "train"}, {"start": "train", "refresh": ("ingest",)}])
def test_contradicting_wishes_are_refused(small, store_copy, cohort, options):
    with pytest.raises(ConfigError, match=r"exclude each other|contradicts"):
        small(store_copy, cohort, **options)


def test_a_bad_recording_stops_the_run_but_loses_nothing(small, tmp_path, cohort):
    data = shutil.copytree(cohort, tmp_path / "data")
    whole = (data / "s02.dat").read_bytes()
    (data / "s02.dat").write_bytes(whole[:1000])
    root = tmp_path / "store"
    with pytest.raises(RecordingError, match=r"s02\.dat"):
        small(root, data)
    assert set(digests(root, "ingest")) == {"sub-01", "sub-03", "sub-04"}
    (data / "s02.dat").write_bytes(whole)
    assert computed(small(root, data))["ingest"] == 1


def test_a_bad_recording_is_left_out_where_the_configuration_allows_it(small, tmp_path, cohort):
    data = shutil.copytree(cohort, tmp_path / "data")
    (data / "s02.dat").write_bytes(b"junk")
    outcome = small(tmp_path / "store", data, {"on_bad_recording": "skip"})
    ((name, reason),) = outcome.left_out
    assert name == "sub-02" and "s02.dat" in reason
    assert set(outcome.scores["subject"]) == {"01", "03", "04"}
    assert "s02.dat" in outcome.report.read_text()


def test_a_corpus_without_its_folder_asks_for_it(small, tmp_path):
    with pytest.raises(ConfigError, match="say where they are with --data"):
        small(tmp_path / "store", None)


def test_a_planted_record_is_dropped_and_never_executed(small, store_copy, cohort, tmp_path):
    """A record that names the pickle serializer would be run by Prefect's own reader."""
    import base64
    import os
    import pickle

    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    ref = artifact(store_copy, "features", "sub-01").ref
    record = store_copy / "records" / ref.key
    content = json.loads(record.read_bytes())
    content["metadata"]["serializer"] = {"type": "pickle", "picklelib": "cloudpickle"}
    content["result"] = base64.b64encode(pickle.dumps(Payload())).decode()
    record.write_text(json.dumps(content))
    assert computed(small(store_copy, cohort)) == {}
    assert not (tmp_path / "executed").exists()
    assert json.loads(record.read_bytes())["metadata"]["serializer"]["type"] == "json"


def test_records_hold_references_only(finished):
    records = [p for p in (finished[0] / "records").iterdir() if p.is_file()]
    assert len(records) == 26
    for record in records:
        result = json.loads(json.loads(record.read_bytes())["result"])
        assert set(result) == {"stage", "key", "digest", "computed"}


def test_seeds_give_a_fold_each_and_are_averaged(small, tmp_path, cohort):
    changes = {"seeds": [0, 1], "augmenters": SMALL["augmenters"][1:], "protocol": {"kind": "subject_k_fold", "k": 2}}
    outcome = small(tmp_path / "store", cohort, changes)
    assert computed(outcome)["train"] == 4
    assert outcome.scores.groupby("seed")["subject"].nunique().tolist() == [4, 4]
    assert outcome.verdict[0].startswith("Nothing was compared")


def test_a_simulated_cohort_is_never_written_into_a_folder_of_the_users(small, tmp_path, cohort):
    data = shutil.copytree(cohort, tmp_path / "precious")
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    with pytest.raises(ConfigError, match="leave --data out"):
        small(tmp_path / "store", data, {"dataset": {"kind": "simulated", "n_subjects": 2, "n_trials": 4}})
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_an_unreadable_file_costs_its_own_subject(small, tmp_path, cohort):
    data = shutil.copytree(cohort, tmp_path / "data")
    (data / "s02.dat").unlink()
    (data / "s02.dat").symlink_to(tmp_path / "nowhere")
    outcome = small(tmp_path / "store", data, {"on_bad_recording": "skip"}, only="ingest")
    assert [name for name, _ in outcome.left_out] == ["sub-02"]


def test_another_acceptance_threshold_trains_nothing(small, store_copy, cohort):
    stricter = SMALL["augmenters"][1] | {"delta": -1.0}
    done = computed(small(store_copy, cohort, {"augmenters": ["none", stricter]}, only="augment"))
    assert done == {"augment": 4}


def test_a_run_of_some_subjects_uses_what_the_store_holds_of_them(small, store_copy, cohort):
    outcome = small(store_copy, cohort, {"subjects": ["01", "02", "03"]})
    assert set(outcome.scores["subject"]) == {"01", "02", "03"}
    assert computed(outcome) == {"separation": 1, "train": 3, "augment": 3, "evaluate": 6, "report": 1}


def test_a_subject_that_is_not_there_is_named_with_those_that_are(small, tmp_path, cohort):
    with pytest.raises(ConfigError, match=r"no subject 1, 9 in the data folder: it holds 01, 02, 03, 04"):
        small(tmp_path, cohort, {"subjects": ["1", "02", "9"]})


def test_one_person_under_two_names_is_told_in_outcome_log_and_report(small, store_copy, cohort, tmp_path, caplog):
    data = shutil.copytree(cohort, tmp_path / "data")
    shutil.copy(data / "s01.dat", data / "s09.dat")
    with caplog.at_level(logging.WARNING, logger="escgan"):
        outcome = small(store_copy, data, {"augmenters": ["none"]})
    (notice,) = outcome.notices
    assert notice.startswith("sub-01 and sub-09 hold the same signals (all trials: 1, 2, 3, 4)")
    assert notice in caplog.text
    assert notice in outcome.report.read_text()


def test_a_band_that_gives_the_class_away_is_told_before_training_and_in_the_report(
    small, tmp_path, cohort, caplog, monkeypatch
):
    # Six subjects would have to be simulated.
    monkeypatch.setattr("escgan.evaluation.separation.FEWEST_SUBJECTS", 4)
    folder = shutil.copytree(cohort, tmp_path / "data")
    for path in folder.iterdir():
        arrays = load_arrays(path, path.stem)
        # From the trial on: what the baseline before it shares is taken away from its features.
        data = arrays["data"].copy()
        data[arrays["labels"][:, 0] > 5, :, 3 * 128 :] *= 0.1
        write_deap(path, data, arrays["labels"])
    with caplog.at_level(logging.WARNING, logger="escgan"):
        outcome = small(tmp_path / "store", folder, {"augmenters": ["none"]})
    assert len(outcome.notices) == len(parse_config(SMALL).features.bands)
    assert all("by itself in 4 of 4 subjects" in notice and notice in caplog.text for notice in outcome.notices)
    assert all(notice in unescape(outcome.report.read_text()) for notice in outcome.notices)


def test_common_borders_of_classes_come_from_the_training_subjects(small, tmp_path, cohort):
    """Each fold's test labels are cut at the training subjects' median, taken here from the tables with pandas."""
    root = tmp_path / "store"
    labels = {"kind": "threshold", "rating": "valence", "threshold": "median"}
    small(root, cohort, {"labels": labels, "augmenters": ["none"]})
    trials = pd.concat(read_table(Store(root).root / "artifacts" / "ingest" / m.key / "trials.parquet")
                       for m in Store(root).list("ingest"))  # fmt: skip
    for manifest in Store(root).list("evaluate"):
        predictions = read_table(Store(root).root / "artifacts" / "evaluate" / manifest.key / "predictions.parquet")
        (subject,) = predictions["subject"].unique()
        border = trials.loc[trials["subject"] != subject, "valence"].median()
        own = trials[trials["subject"] == subject].set_index("trial")["valence"] >= border
        truth = predictions.drop_duplicates("trial").set_index("trial")["y_true"]
        assert truth.astype(bool).to_dict() == own.to_dict()


def test_windows_of_no_class_take_no_part(small, tmp_path, cohort):
    """The middle third is neither trained on nor tested: counted here from the tables with pandas."""
    root = tmp_path / "store"
    labels = {"kind": "tertiles", "rating": "valence"}
    outcome = small(root, cohort, {"labels": labels, "augmenters": ["none"]})
    trials = pd.concat(read_table(Store(root).root / "artifacts" / "ingest" / m.key / "trials.parquet")
                       for m in Store(root).list("ingest"))  # fmt: skip
    left_out = 0
    for subject, n_windows in outcome.scores.groupby("subject")["n_windows"].first().items():
        lower, upper = trials.loc[trials["subject"] != subject, "valence"].quantile([1 / 3, 2 / 3])
        own = trials.loc[trials["subject"] == subject, "valence"]
        used = int(((own <= lower) | (own >= upper)).sum())
        assert n_windows == 20 * used
        left_out += len(own) - used
    assert left_out > 0


def test_folds_trained_as_one_program_give_the_scores_of_folds_one_by_one(small, cohort, tmp_path):
    config = {"classifiers": [{"kind": "cnn", "hidden": 2, "epochs": 3, "batch_size": 32}], "seeds": [0, 1]}

    def packed(most):
        execution = ON_CPU.model_copy(update={"pack": most})
        return small(tmp_path / str(most), cohort, config, execution)

    alone, together = packed(1), packed(3)
    assert computed(together) == computed(alone)
    columns = ["fold", "seed", "augmenter", "classifier", "subject"]
    ours, theirs = (o.scores.sort_values(columns).reset_index(drop=True) for o in (together, alone))
    pd.testing.assert_frame_equal(ours, theirs, atol=0.02)
    packs = {s: {m.extra.get("pack") for m in Store(tmp_path / "3").list(s)} for s in ("train", "augment", "evaluate")}
    # 4 folds of a seed are two packs of two; 16 units of evaluate, 8 a seed, are three packs of 2 or 3.
    assert packs == {"train": {2}, "augment": {None}, "evaluate": {2, 3}}
    assert computed(packed(3)) == {}
    assert computed(small(tmp_path / "3", cohort, config)) == {}


@pytest.mark.parametrize("kind", ["cross_trial", "within_trial"])
def test_a_protocol_with_subjects_on_both_sides_runs_and_says_what_it_tests(small, cohort, tmp_path, kind):
    outcome = small(
        tmp_path, cohort, {"protocol": {"kind": kind, "k": 2}, "augmenters": ["none", "threshold", "smote"]}
    )
    assert computed(outcome)["evaluate"] == 6 and outcome.scores["subject"].nunique() == 4
    tested = "unseen trials of known subjects" if kind == "cross_trial" else "windows of known trials"
    assert outcome.verdict[0].startswith(f"On {tested} (4 subjects), smote")
    assert ("LEAKY" in outcome.report.read_text()) == (kind == "within_trial")
    store = Store(tmp_path)
    parts = [read_table(store.open(m.ref).file("predictions.parquet")) for m in store.list("evaluate")]
    everything = pd.concat(parts).groupby(["subject", "trial", "window"]).size()
    # Each window is tested once by each of the three augmenters.
    assert set(everything) == {3} and len(everything) == 4 * 4 * 20
    trials = [set(zip(part["subject"], part["trial"], strict=True)) for part in parts]
    assert all(len(own) == (8 if kind == "cross_trial" else 16) for own in trials)


def test_less_training_data_and_what_was_measured_are_told(small, cohort, tmp_path):
    changes = {"features": {"window_s": 3.0, "method": "psd"}}
    changes |= {
        "scarcity": {"label": "low valence", "keep": 0.25},
        "training_subjects": 2,
        "augmenters": ["none", "smote"],
    }
    outcome = small(tmp_path, cohort, changes)
    scarce, limited = outcome.caveats[:2]
    assert "low valence was made scarce on purpose: 25 %" in scarce and "to 2 subjects a fold" in limited
    config, console = parse_config(SMALL | changes), Console(file=io.StringIO(), width=80)
    print_outcome(console, config, outcome)
    assert outcome_document(config, outcome)["caveats"][:2] == (scarce, limited)
    for said in (scarce, limited):
        assert f"Beware: {said}" in console.file.getvalue()
        assert f'<p class="warning">{said}</p>' in unescape(outcome.report.read_text())
    page = outcome.report.read_text()
    assert "smote: mean power spectral density (z-scored per subject)" in page and "entropy" not in page
