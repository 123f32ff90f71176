"""Tables from the logs of recordings, against what was written into the logs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from escgan.report.treatment import findings_table, steps_table, treatment_table

DURATIONS = {1: 30.0, 2: 10.0}
PLAIN = {"step": "bandpass", "settings": {"low_hz": 1.0, "high_hz": None}, "decision": "above 1 Hz"}
BAD = {
    "step": "bad_channels",
    "settings": {"detectors": ["deviation", "correlation"], "most": 0.4},
    "decision": "judged together: T7 (dropout), Cz (flat)",
    "details": {"channels": ["T7", "Cz"], "reasons": {"T7": ["dropout", "correlation"], "Cz": ["flat"]}},
}
REBUILT = {
    "step": "interpolate",
    "settings": {},
    "decision": "splines: T7, Cz rebuilt",
    "details": {"channels": ["T7", "Cz"]},
}
ICA = {
    "step": "ica",
    "settings": {"seed": 0},
    "decision": "infomax: 2 of 18 removed",
    "details": {
        "components": [
            {"component": 3, "label": "eye blink", "probability": 0.934, "explained_variance": 0.2042},
            {"component": 7, "label": "heart beat", "correlation": 0.61, "channel": "ECG"},
        ],
        "n_fitted": 18,
    },
    "warning": "trained on other signals",
}
AUTOREJECT = {
    "step": "autoreject",
    "settings": {"repair": True, "n_interpolate": [1, 2]},
    "decision": "local: 3 of 60 windows dropped",
    "details": {
        "segments": [[0, 10.0, 12.0], [1, 0.0, 1.5]],
        "repaired": [[0, 3.0, 4.0, ["Oz"]], [0, 5.0, 6.0, ["Cz", "Oz"]]],
        "thresholds_uv": {"lowest": 36.2, "median": 43.0, "highest": 155.7},
        "consensus": 0.2,
        "windows_without_signal": 1,
    },
}
ASR = {"step": "asr", "settings": {}, "decision": "rebuilt: 1 s", "details": {"repaired": [[2, 0.0, 1.25]]}}


def recording(*log: dict[str, Any], rejected_s: dict[str, list[list[float]]] | None = None) -> dict[str, Any]:
    return {"log": list(log), "rejected_s": rejected_s or {"1": [], "2": []}}


def test_a_steps_plan_is_parted_from_what_the_samples_decided() -> None:
    table = steps_table({"sub-01": recording(PLAIN, BAD, ICA)}).set_index("step")
    assert table.loc["bandpass", ["settings", "decision", "found", "warning"]].tolist() == [
        "low_hz 1", "above 1 Hz", "", "",
    ]  # fmt: skip
    assert table.loc["bad_channels", ["settings", "decision", "found"]].tolist() == [
        "detectors deviation, correlation; most 0.4", "judged together", "T7 (dropout), Cz (flat)",
    ]  # fmt: skip
    assert table.loc["ica", "warning"] == "trained on other signals"


def test_a_readers_line_with_a_colon_stays_whole() -> None:
    read = {"step": "read", "settings": {}, "decision": "dropped: ECG"}
    assert steps_table({"sub-01": recording(read)})["decision"].tolist() == ["dropped: ECG"]


def test_the_rejected_share_counts_a_moment_once_and_no_baseline() -> None:
    rejected = {"1": [[-2.0, 1.0], [0.5, 2.0], [29.0, 31.0]], "2": [[4.0, 5.0]]}
    facts = {"sub-01": recording(AUTOREJECT, rejected_s=rejected), "sub-02": recording(AUTOREJECT)}
    table = treatment_table(facts, {name: DURATIONS for name in facts})
    # 0-2 and 29-30 s of the first trial, 4-5 s of the second.
    assert table["rejected_share"].tolist() == [pytest.approx(4 / 40), 0.0]


def test_what_no_step_could_take_is_unknown_and_not_zero() -> None:
    facts = {"plain": recording(PLAIN), "treated": recording(BAD, REBUILT, ICA), "asr": recording(ASR)}
    table = treatment_table(facts, {name: DURATIONS for name in facts}).set_index("recording")
    assert table.loc["plain"].isna().all()
    assert table.loc["asr"].isna().all()
    assert pd.isna(table.loc["treated", "rejected_share"])
    assert table.loc["treated", "interpolated"] == ("T7", "Cz")
    assert table.loc["treated", ["components_removed", "components_fitted"]].tolist() == [2, 18]


def test_every_channel_component_and_stretch_is_told_with_its_reason() -> None:
    table = findings_table({"sub-01": recording(PLAIN, BAD, REBUILT, ICA, AUTOREJECT, ASR)})
    assert set(table["recording"]) == {"sub-01"}
    assert table[["step", "what", "outcome", "why"]].to_numpy().tolist() == [
        ["bad_channels", "the whole recording", "T7 (dropout), Cz (flat)", ""],
        ["bad_channels", "channel T7", "marked as bad", "dropout, correlation"],
        ["bad_channels", "channel Cz", "marked as bad", "flat"],
        ["interpolate", "the whole recording", "T7, Cz rebuilt", ""],
        ["interpolate", "channel T7", "interpolated", "marked by a step before"],
        ["interpolate", "channel Cz", "interpolated", "marked by a step before"],
        ["ica", "the whole recording", "2 of 18 removed", ""],
        ["ica", "component 3", "removed", "eye blink, probability 0.93; 20.4 % of the variance"],
        ["ica", "component 7", "removed", "heart beat, correlation 0.61 with ECG"],
        ["autoreject", "the whole recording", "3 of 60 windows dropped", ""],
        ["autoreject", "2 stretches, 3.5 s: segment 0 at 10–12 s; segment 1 at 0–1.5 s", "dropped",
         "peak to peak above the channels' thresholds (36 to 156 µV) in 20 % of them or more; "
         "in 1 window a channel loses its signal"],
        ["autoreject", "2 stretches, 2.0 s: segment 0 at 3–4, 5–6 s", "repaired", "interpolated Oz 2×, Cz 1×"],
        ["asr", "the whole recording", "1 s", ""],
        ["asr", "1 stretch, 1.2 s: segment 2 at 0–1.25 s", "repaired", "components far beyond the clean signal's"],
    ]  # fmt: skip


def test_of_many_stretches_the_first_are_listed_and_the_rest_counted() -> None:
    stretches = [[0, float(i), i + 0.5] for i in range(0, 100, 2)]
    entry = {"step": "autoreject", "decision": "x: y", "details": {"segments": stretches}}
    what = findings_table({"sub-01": recording(entry)})["what"].iloc[-1]
    assert what.startswith("50 stretches, 25.0 s: segment 0 at 0–0.5, 2–2.5, ")
    assert what.endswith("22–22.5 s; and 38 more")


def test_no_recording_gives_empty_tables() -> None:
    assert steps_table({}).empty and treatment_table({}, {}).empty and findings_table({}).empty
