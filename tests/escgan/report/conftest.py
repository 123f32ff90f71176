"""Made-up runs that look like real ones: subjects differ, classes are unbalanced, some metrics are undefined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escgan.augmenters import Balance
from escgan.augmenters.smote import SmoteAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.report.data import ReportData, ScalpMeans
from escgan.report.plane import EditPlane, edit_plane
from escgan.windows import WindowSet

CHANNELS = (
    "Fp1",
    "Fp2",
    "F7",
    "F3",
    "Fz",
    "F4",
    "F8",
    "T7",
    "C3",
    "Cz",
    "C4",
    "T8",
    "P7",
    "P3",
    "Pz",
    "P4",
    "P8",
    "O1",
    "O2",
)
BANDS = ("delta", "theta", "alpha", "beta", "gamma")
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "auprc", "kappa")
_OPTIONAL = ("left_out", "steps", "treatment", "findings", "quality")
GAINS = {"none": 0.0, "class_weight": 0.03, "smote": 0.025, "escgan": 0.05}


def make_report_data(
    n_subjects: int = 12,
    classes: tuple[str, ...] = ("rest", "arithmetic"),
    augmenters: tuple[str, ...] = ("none", "class_weight", "smote", "escgan"),
    classifiers: tuple[str, ...] = ("mlp", "logistic"),
    **changes: Any,
) -> ReportData:
    """Return a made-up run; ``changes`` replace fields."""
    rng = np.random.default_rng(7)
    subjects = [f"sub-{i:02d}" for i in range(1, n_subjects + 1)]
    makers = [name for name in augmenters if name in ("smote", "escgan")]
    fields: dict[str, Any] = {
        "title": "Do edited windows help to tell mental arithmetic from rest?",
        "corpus": "EEG During Mental Arithmetic Tasks (eegmat)",
        "note": "Classes are conditions, not emotions: rest, and serial subtraction for one minute.",
        "licence": "Open Data Commons Attribution License v1.0",
        "citation": "Zyma I. et al. Electroencephalograms during Mental Arithmetic Task Performance. Data 4:14, 2019.",
        "protocol": "leave_one_subject_out",
        "leaky": False,
        "tested": "unseen subjects",
        "scarcity": None,
        "training_subjects": None,
        "normalization": "per_subject",
        "transductive": True,
        "labelling": "the classes are the conditions “rest”, “arithmetic”",
        "measure": "de",
        "definition": "0.5 ln(2 pi e variance) of each window; zero-phase Butterworth band-pass over the whole trial",
        "unit": "nats",
        "notices": (),
        "caveats": (),
        "classes": classes,
        "channels": CHANNELS,
        "bands": BANDS,
        "recordings": _recordings(rng, subjects, classes),
        "trained": np.array([150.0 * n_subjects] + [55.0 * n_subjects] * (len(classes) - 1)),
        "left_out": pd.DataFrame([{"recording": "sub-13", "reason": "Channel Cz is flat for 81 % of the time."}]),
        "steps": _steps(subjects),
        "treatment": _treatment(subjects),
        "findings": _findings(subjects),
        "without_signal": (),
        "quality": _quality(rng, subjects),
        "spectra": _spectra(rng, subjects),
        "scalp": {name: _scalp(rng, classes) for name in makers},
        "plane": _plane(rng, subjects, classes, makers),
        "history": _history(rng, subjects) if "escgan" in makers else _history(rng, []),
        "acceptance": _acceptance(rng, subjects, makers),
        "scores": _scores(rng, subjects, classes, augmenters, classifiers),
        "confusions": {(a, c): _confusion(rng, classes) for a in augmenters for c in classifiers},
        "comparisons": _comparisons(classifiers, makers),
        "verdict": (
            "Edited windows raised balanced accuracy by 0.021 (95 % interval +0.004 to +0.038) over class weights.",
            "AUROC did not change measurably, so part of the gain is a better placed decision threshold.",
            "12 held-out subjects; a difference below 0.015 could not have been seen.",
        ),
        "provenance": _provenance(subjects, augmenters, classifiers),
        "versions": {"escgan": "0.1.0", "torch": "2.13.0", "mne": "1.13.2", "numpy": "2.4.6"},
        "command": "escgan run configs/eegmat.yaml --store ./store",
        "config_yaml": "dataset:\n  kind: eegmat\nfeatures:\n  bands: esc-gan\n  window_s: 1.0\n",
        "seconds": 4523.0,
    }
    return ReportData(**(fields | changes))


def make_minimal_data() -> ReportData:
    """Return a run of one classifier without any augmenter: every optional table is empty."""
    data = make_report_data(augmenters=("none",), classifiers=("mlp",))
    changes: dict[str, Any] = {name: getattr(data, name).iloc[:0] for name in _OPTIONAL}
    empty: dict[str, Any] = {
        "history": pd.DataFrame(),
        "acceptance": pd.DataFrame(),
        "comparisons": pd.DataFrame(),
        "provenance": pd.DataFrame(),
        "spectra": {},
        "scalp": {},
        "plane": None,
        "confusions": {},
        "versions": {},
        "verdict": (),
    }
    return make_report_data(augmenters=("none",), classifiers=("mlp",), **(changes | empty))


@pytest.fixture(scope="session")
def make_data() -> Callable[..., ReportData]:
    return make_report_data


@pytest.fixture(scope="session")
def data() -> ReportData:
    return make_report_data()


@pytest.fixture(scope="session")
def minimal_data() -> ReportData:
    return make_minimal_data()


def _plane(
    rng: np.random.Generator, subjects: list[str], classes: tuple[str, ...], makers: list[str]
) -> EditPlane | None:
    """Real augmenters on made-up windows: SMOTE's have no references, a subject's shift has."""
    n = 30 * len(classes)
    table = pd.DataFrame(
        [
            {"subject": subject, "session": "1", "trial": 1, "window": i, "start_s": float(i)}
            for subject in subjects
            for i in range(n)
        ]
    )
    labels = np.tile(np.minimum(np.arange(n) // 40, len(classes) - 1), len(subjects))
    de = rng.normal(size=(len(table), len(CHANNELS), len(BANDS))) + 0.3 * labels[:, None, None]
    train = WindowSet(de.astype(np.float32), labels, table, CHANNELS, BANDS, classes)
    made = {
        name: augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
        for name, augmenter in {"smote": SmoteAugmenter(), "escgan": SubjectShiftAugmenter()}.items()
        if name in makers
    }
    return edit_plane(train, made, "sub-01", 0)


def _recordings(rng: np.random.Generator, subjects: list[str], classes: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for subject in subjects:
        counts = [int(n) for n in rng.integers(40, 70, len(classes)) + 120 * (np.arange(len(classes)) == 0)]
        rows.append(
            {"recording": subject, "subject": subject, "session": "1", "trials": 2, "windows": sum(counts)}
            | {f"n: {name}": n for name, n in zip(classes, counts, strict=True)}
        )
    return pd.DataFrame(rows)


def _steps(subjects: list[str]) -> pd.DataFrame:
    rows = []
    for i, subject in enumerate(subjects):
        label = "the signal reaches to 45 Hz of the 100 Hz that ICLabel was trained on"
        for step, settings, decision, found, warning in (
            ("notch", "freqs_hz 50", "zero-phase FIR notch at 50 Hz on the continuous signal", "", ""),
            ("bandpass", "low_hz 0.5, high_hz 45", "zero-phase FIR from 0.5 to 45 Hz", "", ""),
            ("bad_channels", "most 0.4", "judged together", "T7 (dropout)" if i == 4 else "none is bad", ""),
            ("reference", "to average", f"average of 19 channels, instead of {'CPz' if i == 8 else 'linked ears'}", "",
             "the signal is already average-referenced" if i in (1, 2) else ""),
            ("ica", "labels iclabel", "less the components that ICLabel takes for eye blink", "1 of 18 removed", label),
            ("autoreject", "mode local, window_s 1", "in windows of 1 s", f"{3 * i} of 240 windows dropped", ""),
        ):  # fmt: skip
            rows.append((subject, step, settings, decision, found, warning))
    return pd.DataFrame(rows, columns=["recording", "step", "settings", "decision", "found", "warning"])


def _treatment(subjects: list[str]) -> pd.DataFrame:
    rows = [
        (subject, 3 * i / 240, ("T7",) if i == 4 else ("P3", "O1", "O2") if i == 7 else (), 1 + i % 3, 18)
        for i, subject in enumerate(subjects)
    ]
    names = ["recording", "rejected_share", "interpolated", "components_removed", "components_fitted"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def _findings(subjects: list[str]) -> pd.DataFrame:
    rows = []
    for i, subject in enumerate(subjects):
        if i == 4:
            rows.append((subject, "bad_channels", "channel T7", "marked as bad", "correlation, dropout"))
        for j in range(1 + i % 3):
            why = f"eye blink, probability 0.9{j}; {20 - 6 * j}.3 % of the variance"
            rows.append((subject, "ica", f"component {j}", "removed", why))
        rows.append((subject, "autoreject", "the whole recording", f"{3 * i} of 240 windows dropped", ""))
        if i:
            what = f"{i} stretches, {3 * i}.0 s: segment 0 at 10–11, 25–26 s"
            rows.append((subject, "autoreject", what, "dropped", "peak to peak above the channels' thresholds"))
    return pd.DataFrame(rows, columns=["recording", "step", "what", "outcome", "why"])


def _quality(rng: np.random.Generator, subjects: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recording": subject,
            "channel": channel,
            "std_uv": float(rng.gamma(8, 1.5)),
            "peak_to_peak_uv": float(rng.gamma(9, 18)),
            "flat_share": 0.12 if (subject, channel) == ("sub-05", "T7") else 0.0,
            "clipped_share": float(rng.choice([0, 0, 0, 0.0004])),
        }
        for subject in subjects
        for channel in CHANNELS
    )


def _spectra(rng: np.random.Generator, subjects: list[str]) -> dict[str, dict[str, tuple[float, ...]]]:
    hz = np.arange(0, 125.1, 0.5)
    found = {}
    for subject in subjects:
        level = rng.lognormal(0, 0.4)
        alpha = rng.uniform(2, 12) * np.exp(-((hz - rng.uniform(9, 11)) ** 2) / 2)
        before = level * (60 / (1 + hz) ** 1.5 + alpha) + 20 * np.exp(-((hz - 50) ** 2) / 0.3)
        noise = rng.lognormal(0, 0.1, hz.size)
        after = level * (60 / (1 + hz) ** 1.5 + alpha) / (1 + (hz / 46) ** 40) / (1 + (0.5 / (hz + 0.01)) ** 6)
        found[subject] = {
            "frequency_hz": tuple(hz.tolist()),
            "before": tuple((before * noise).tolist()),
            "after": tuple((after * noise).tolist()),
        }
    return found


def _scalp(rng: np.random.Generator, classes: tuple[str, ...]) -> ScalpMeans:
    k, shape = len(classes), (len(classes), len(CHANNELS), len(BANDS))
    front = np.linspace(1, -1, len(CHANNELS))[None, :, None]
    sign = np.linspace(-0.3, 0.3, k)[:, None, None]
    real = sign * front * np.linspace(0.4, 1, len(BANDS)) + rng.normal(0, 0.03, shape)
    reference = real[::-1] + rng.normal(0, 0.02, shape)
    edited = 0.8 * real + rng.normal(0, 0.02, shape)
    reference[0], edited[0] = np.nan, np.nan
    n_edited = np.array([0] + [14000] * (k - 1), dtype=np.int64)
    return ScalpMeans(real, reference, edited, n_edited)


def _history(rng: np.random.Generator, subjects: list[str]) -> pd.DataFrame:
    terms = (
        "reconstruction",
        "adversarial",
        "target",
        "diversity",
        "boundary",
        "discriminator_real",
        "discriminator_fake",
    )
    columns = ["augmenter", "fold", "seed", "step", *terms]
    rows = []
    for subject in subjects:
        for step in range(100, 4001, 100):
            decay = np.exp(-step / 900)
            values = {term: (0.2 + decay * (i + 1) / 3) * rng.lognormal(0, 0.08) for i, term in enumerate(terms)}
            if step % 500:
                values["discriminator_fake"] = np.nan
            rows.append({"augmenter": "escgan", "fold": subject, "seed": 0, "step": step} | values)
    return pd.DataFrame(rows, columns=columns)


def _acceptance(rng: np.random.Generator, subjects: list[str], makers: list[str]) -> pd.DataFrame:
    rows = []
    for name in makers:
        for subject in subjects:
            wanted = int(rng.integers(1150, 1300))
            tried = wanted if name == "smote" else int(wanted * rng.uniform(1.1, 2.4))
            accepted = wanted if name == "smote" else int(min(wanted, tried * rng.uniform(0.35, 0.9)))
            rows.append(
                {"fold": subject, "seed": 0, "augmenter": name, "wanted": wanted, "tried": tried, "accepted": accepted}
            )
    return pd.DataFrame(rows, columns=["fold", "seed", "augmenter", "wanted", "tried", "accepted"])


def _scores(
    rng: np.random.Generator,
    subjects: list[str],
    classes: tuple[str, ...],
    augmenters: tuple[str, ...],
    classifiers: tuple[str, ...],
) -> pd.DataFrame:
    base = {subject: rng.normal(0.72, 0.09) for subject in subjects}
    rows = []
    for classifier in classifiers:
        for augmenter in augmenters:
            for i, subject in enumerate(subjects):
                for seed in (0, 1):
                    level = np.clip(base[subject] + GAINS[augmenter] + rng.normal(0, 0.03), 0.4, 0.99)
                    row = {
                        "augmenter": augmenter,
                        "classifier": classifier,
                        "seed": seed,
                        "fold": i,
                        "subject": subject,
                    }
                    row |= {"n_windows": 180, "accuracy": level + 0.04, "balanced_accuracy": level}
                    row |= {"macro_f1": level - 0.02, "auroc": min(1.0, level + 0.08), "auprc": level - 0.05}
                    row |= {"kappa": 2 * level - 1}
                    row |= {f"recall: {c}": np.clip(level + 0.1 * (j == 0), 0, 1) for j, c in enumerate(classes)}
                    rows.append(row)
    table = pd.DataFrame(rows)
    # One subject shows a single class, so its ranking metrics are undefined.
    table.loc[table["subject"].isin(subjects[2:3]), ["auroc", "auprc"]] = np.nan
    return table


def _confusion(rng: np.random.Generator, classes: tuple[str, ...]) -> Any:
    k = len(classes)
    return (rng.integers(50, 300, (k, k)) + 700 * np.eye(k)).astype(np.int64)


def _comparisons(classifiers: tuple[str, ...], makers: list[str]) -> pd.DataFrame:
    rows = []
    for i, classifier in enumerate(classifiers):
        for augmenter in makers:
            for metric in ("balanced_accuracy", "auroc"):
                shift = (0.021 if augmenter == "escgan" else -0.012) - 0.004 * i - 0.01 * (metric == "auroc")
                low, high = shift - 0.014, shift + 0.014
                verdict = "helped" if low > 0 else "hurt" if high < 0 else "undecided"
                rows.append(
                    {
                        "classifier": classifier, "augmenter": augmenter, "metric": metric, "rival": "class_weight",
                        "n_subjects": 12, "mean": 0.77 + shift, "rival_mean": 0.77, "difference": shift, "low": low,
                        "high": high, "p_value": 0.0004 if verdict == "helped" else 0.31, "effect_size": 25 * shift,
                        "p_holm": 0.0008 if verdict == "helped" else 0.62, "detectable": 0.041,
                        "verdict": verdict,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def _provenance(subjects: list[str], augmenters: tuple[str, ...], classifiers: tuple[str, ...]) -> pd.DataFrame:
    units = [("ingest", subject) for subject in subjects] + [("features", subject) for subject in subjects]
    units += [("train", f"{subject} seed 0") for subject in subjects]
    units += [("evaluate", f"{s} {a} {c}") for s in subjects for a in augmenters for c in classifiers]
    return pd.DataFrame(
        {
            "stage": stage,
            "unit": unit,
            "key": f"{i:064x}"[::-1],
            "digest": f"{i * 977:064x}"[::-1],
            "wall_s": 3.2 + i % 7,
            "peak_memory_mb": 512.0 + i,
            "device": "cuda:0" if stage == "train" else "cpu",
            "created": "2026-01-12T10:04:33Z",
        }
        for i, (stage, unit) in enumerate(units)
    )
