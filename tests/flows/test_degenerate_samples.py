"""Samples that cannot be EEG, trials too short, training that diverges: one sentence that says where."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from tests.flows.degenerate import GAN, HIGH, LOW, data, kept, report, results, run, sentence

__all__ = ["data", "run"]


def assign(where, value):
    def change(samples):
        samples[where] = value

    return change


def scale(by, where=...):
    def change(samples):
        samples[where] *= by

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (assign(np.s_[:, 5], 3.0), "Channel 'FC1' in trial 1 of sub-02 is constant, so it was not connected: leave"),
        (assign(np.s_[1, [5, 7]], 0.0), "Channels 'FC1', 'T7' in trial 2 of sub-02 are constant, so they were not"),
        (assign(np.s_[1, :20], 0.0), "'FC5' and 15 more in trial 2 of sub-02 are constant"),
        (assign(np.s_[1, :32], 0.0), "Every channel in trial 2 of sub-02 is constant, so nothing was recorded there:"),
        (
            assign((1, 4, 100), np.nan),
            "s02.dat of subject 02 holds NaN or infinite samples in channel 'FC5' of trial 2",
        ),
        (assign((0, 31, 0), -np.inf), "NaN or infinite samples in channel 'O2' of trial 1: get the file again"),
        (assign(np.s_[:], np.nan), "NaN or infinite samples in channel 'Fp1' of trial 1: get the file again"),
        (scale(1e-6), "typical standard deviation of 2e-05, so they are no EEG in microvolts: check their unit"),
        (scale(1e6), "typical standard deviation of 2e+07, so they are no EEG in microvolts: check their unit"),
        (scale(1e300), "NaN or infinite samples in channel 'Fp1' of trial 1"),
        (scale(1e18, np.s_[:, 3]), r"Channel 'F7' in trial 1 of sub-02 reaches \S+e\+19 microvolts, more than any"),
    ],
)
def test_samples_that_cannot_be_eeg_cost_their_recording_and_the_sentence_says_where(run, data, change, words):
    code, said = run(data([[HIGH, LOW]] * 2, {2: change}))
    assert code == 3 and re.search(words if "\\S" in words else re.escape(words), sentence(said))
    assert "the only one" not in said and kept(run, "ingest") == ["sub-01"]


def test_a_channel_that_nobody_has_is_told_of_everyone(run, data):
    flat = assign(np.s_[:, 5], 3.0)
    code, said = run(data([[HIGH, LOW]] * 3, dict.fromkeys((1, 2, 3), flat)))
    assert code == 3 and "'FC1' in trial 1 of sub-01" in said
    assert sentence(said).endswith("It is not the only one: sub-02, sub-03 failed as well.")


@pytest.mark.parametrize(
    ("bad", "code", "words"),
    [
        ((1, 2), 2, "'leave_one_subject_out' needs at least 2 subjects, found only 03: add recordings"),
        ((1, 2, 3), 3, "None of the 3 recordings can be used; the first: The file s01.dat of subject 01 holds NaN"),
    ],
)
def test_leaving_bad_recordings_out_may_leave_too_few(run, data, bad, code, words):
    nan = assign((1, 4, 100), np.nan)
    ended, said = run(data([[HIGH, LOW]] * 3, dict.fromkeys(bad, nan)), on_bad_recording="skip")
    assert ended == code and words in sentence(said)
    assert kept(run, "features") == [f"sub-0{i}" for i in (1, 2, 3) if i not in bad]


@pytest.mark.slow
@pytest.mark.parametrize("normalization", ["coral", "per_subject", "global", "none"])
def test_two_channels_that_are_one_are_no_obstacle(run, data, normalization):
    """The covariance has no inverse; shrinking it has."""

    def bridge(samples):
        samples[:, 6] = samples[:, 5]

    code, _ = run(
        data([[HIGH, LOW]] * 3, dict.fromkeys((1, 2, 3), bridge)), normalization=normalization, classifiers=["lda"]
    )
    assert code == 0 and (results(run)[0]["balanced_accuracy"] > 0.5).all()


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"window_s": 61.0, "baseline": "none"}, "trial 1 of sub-01 are fewer than one window of 61 s: shorten"),
        (
            {"window_s": 20.0},
            "no baseline of at least one window (20 s) before trial 1 of sub-01: set features.baseline",
        ),
    ],
)
def test_a_window_longer_than_what_there_is_is_refused(run, data, features, words):
    code, said = run(data([[HIGH, LOW]] * 2), features=features)
    assert code == 3 and words in sentence(said) and kept(run, "ingest") == ["sub-01", "sub-02"]


def test_a_trial_without_a_rating_is_refused_by_name(run, data):
    code, said = run(data([[HIGH, LOW], [np.nan, LOW]]))
    assert code == 3 and "rates valence of trial 1 as nan, off the scale of 1 to 9: get" in sentence(said)


@pytest.mark.parametrize(("n_samples", "are"), [(1, "The 1 sample of"), (255, "The 255 samples of")])
def test_a_trial_shorter_than_a_window_costs_its_recording(run, tmp_path, n_samples, are):
    import mne

    folder = tmp_path / "own"
    folder.mkdir()
    lines = ["file,subject,start_s,duration_s,condition"]
    info = mne.create_info(["Fz", "Cz", "Pz", "Oz"], 128.0, "eeg")
    for subject in ("a", "b"):
        noise = np.random.default_rng(1).standard_normal((4, 128 * 30)) * 2e-5
        mne.io.RawArray(noise, info, verbose="error").save(folder / f"{subject}_raw.fif", verbose="error")
        lines += [f"{subject}_raw.fif,{subject},0,12,calm", f"{subject}_raw.fif,{subject},14,12,joy"]
    lines[-1] = f"b_raw.fif,b,14,{n_samples / 128!r},joy"
    (folder / "trials.csv").write_text("\n".join(lines))
    code, said = run(
        folder,
        dataset={"kind": "folder", "conditions": ["calm", "joy"], "reference": "average", "passband_hz": [0.5, 60.0]},
        features={"window_s": 2.0, "bands": "esc-gan-4hz"},
        preprocessing=[],
    )
    assert code == 3 and re.search(rf"{are} trial 2 of sub-b (is|are) fewer than one window of 2 s: ", sentence(said))
    assert kept(run, "features") == ["sub-a"]


def test_a_gan_that_diverges_ends_by_name_and_repaired_goes_on_from_what_is_kept(run, data):
    """Repaired, but so strict that no edit is accepted: the run says that it scored the real windows alone."""
    folder = data([[HIGH, HIGH, LOW]] * 2)
    three = {"kind": "deap", "n_trials": 3}
    wild = GAN | {"training": GAN["training"] | {"learning_rate": 1e6, "epochs": 20}}
    code, said = run(folder, dataset=three, augmenters=["none", wild])
    assert code == 5
    # Both folds diverge, maybe in different steps.
    assert re.search(r"The loss term '\w+' became (nan|inf) by step 20: lower training\.learning_rate", sentence(said))
    assert kept(run, "features") == ["sub-01", "sub-02"] and kept(run, "train") == []
    code, said = run(folder, dataset=three, augmenters=["none", GAN | {"delta": -1e9}])
    assert code == 0 and "reused 5 from the store" in said
    assert re.search(r"Beware: escgan added no window: none of its \d+ edits was accepted\.", said)
    assert "every subject scored the same with both" in said and "helped" not in said
    scores, _ = results(run)
    by_augmenter = scores.set_index(["augmenter", "subject"]).drop(columns=["fold", "seed", "classifier"])
    pd.testing.assert_frame_equal(by_augmenter.loc["escgan"], by_augmenter.loc["none"])
    assert "escgan added no window: none of its" in report(run)


@pytest.mark.parametrize(("kind", "words"), [("mlp", "in pass"), ("cnn", "by step")])
def test_a_classifier_that_diverges_ends_by_name(run, data, kind, words):
    wild = {"kind": kind, "learning_rate": 1e30, "epochs": 3} | ({"hidden": 2} if kind == "cnn" else {})
    code, said = run(data([[HIGH, LOW]] * 2), augmenters=["none"], classifiers=["logistic", wild])
    assert code == 5
    assert re.search(rf"The {kind} classifier's loss became \w+ {words} \d+: lower its learning_rate", sentence(said))
    assert kept(run, "evaluate") == ["sub-01 none logistic", "sub-02 none logistic"]
