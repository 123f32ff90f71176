"""What the logs of preprocessed recordings say, as tables: steps, what each recording lost, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from escgan.report.wording import number, percent, plural

_LISTED = 12
"""Of more stretches than these, the rest is counted."""

Facts = Mapping[str, Mapping[str, Any]]
"""Recording -> what is stored with it: ``log``, ``rejected_s`` and more."""


def steps_table(facts: Facts) -> pd.DataFrame:
    """Return one row a recording and log entry: recording, step, settings, decision, found, warning.

    ``decision`` is what followed from the settings and the recording's facts, ``found`` what the samples
    decided; it and ``warning`` are "" where there is none.
    """
    rows = []
    for name, known in facts.items():
        for entry in known["log"]:
            decision, found = _decision_and_found(entry)
            given = {key: value for key, value in (entry.get("settings") or {}).items() if value is not None}
            settings = "; ".join(f"{key} {_plain(value)}" for key, value in given.items())
            rows.append((name, entry["step"], settings, decision, found, entry.get("warning") or ""))
    return pd.DataFrame(rows, columns=["recording", "step", "settings", "decision", "found", "warning"])


def treatment_table(facts: Facts, durations_s: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    """Return what preprocessing took from each recording.

    Parameters
    ----------
    facts
        The recordings.
    durations_s
        Recording -> trial -> its length in seconds, without baseline.

    Returns
    -------
    table
        One row a recording: recording, rejected_share (of the trials' time), interpolated (channels' names),
        components_removed, components_fitted. None where no step of that sort ran.
    """
    rows = [
        {
            "recording": name,
            "rejected_share": _rejected_share(known, durations_s[name]),
            "interpolated": _interpolated(known),
        }
        | _components(known)
        for name, known in facts.items()
    ]
    columns = ["recording", "rejected_share", "interpolated", "components_removed", "components_fitted"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def findings_table(facts: Facts) -> pd.DataFrame:
    """Return what steps decided from the samples, one row a channel, component or set of stretches.

    Before those of a step stands what it found in all. The columns are recording, step, what (such as
    "channel T7"), outcome (such as "dropped") and why.
    """
    rows = []
    for name, known in facts.items():
        for entry in known["log"]:
            found = _decision_and_found(entry)[1]
            rows += [(name, entry["step"], "the whole recording", found, "")] if found else []
            rows += [(name, entry["step"], *one) for one in _findings(entry["step"], entry.get("details") or {})]
    return pd.DataFrame(rows, columns=["recording", "step", "what", "outcome", "why"])


def _decision_and_found(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Part what a step planned from what it found, which stands after the first colon where there are details."""
    decision = entry.get("decision", "")
    if "details" not in entry or ": " not in decision:
        return decision, ""
    planned, _, found = decision.partition(": ")
    return planned, found


def _findings(step: str, details: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    reasons = details.get("reasons") or {}
    for channel in details.get("channels", ()):
        outcome = "interpolated" if step == "interpolate" else "marked as bad"
        why = ", ".join(reasons.get(channel, ())) or ("marked by a step before" if step == "interpolate" else "")
        yield f"channel {channel}", outcome, why
    for component in details.get("components", ()):
        yield f"component {component['component']}", "removed", _component_words(component)
    if details.get("segments"):
        yield _stretch_words(details["segments"]), "dropped", _threshold_words(details)
    if details.get("repaired"):
        yield _stretch_words(details["repaired"]), "repaired", _repair_words(details["repaired"])


def _component_words(component: Mapping[str, Any]) -> str:
    words = str(component["label"])
    if "probability" in component:
        words += f", probability {number(component['probability'], 2)}"
    if "correlation" in component:
        words += f", correlation {number(component['correlation'], 2)} with {component.get('channel', 'its channel')}"
    if "explained_variance" in component:
        words += f"; {percent(component['explained_variance'], 1)} of the variance"
    return words


def _stretch_words(stretches: Sequence[Sequence[Any]]) -> str:
    """Write stretches ``(segment, start_s, stop_s, ...)`` by segment.

    >>> _stretch_words([[0, 1.0, 2.0], [0, 5.0, 7.5], [2, 0.0, 1.0]])
    '3 stretches, 4.5 s: segment 0 at 1–2, 5–7.5 s; segment 2 at 0–1 s'
    """
    total = sum(stop - start for _, start, stop, *_ in stretches)
    places: dict[int, list[str]] = {}
    for segment, start, stop, *_ in stretches[:_LISTED]:
        places.setdefault(segment, []).append(f"{start:g}–{stop:g}")
    listing = "; ".join(f"segment {segment} at {', '.join(times)} s" for segment, times in places.items())
    rest = f"; and {len(stretches) - _LISTED} more" if len(stretches) > _LISTED else ""
    ending = "es" if len(stretches) > 1 else ""
    return f"{len(stretches)} stretch{ending}, {total:.1f} s: {listing}{rest}"


def _threshold_words(details: Mapping[str, Any]) -> str:
    thresholds = details.get("thresholds_uv")
    if not thresholds:
        return ""
    lost = details.get("windows_without_signal")
    ending = f"; in {plural(lost, 'window')} a channel loses its signal" if lost else ""
    if thresholds["lowest"] == thresholds["highest"]:
        return f"a channel's peak to peak above {thresholds['highest']:.0f} µV{ending}"
    why = f"peak to peak above the channels' thresholds ({thresholds['lowest']:.0f} to {thresholds['highest']:.0f} µV)"
    return why + (f" in {percent(details['consensus'])} of them or more" if "consensus" in details else "") + ending


def _repair_words(repaired: Sequence[Sequence[Any]]) -> str:
    """Count how often each channel was repaired, where the step says it."""
    counts = Counter(channel for stretch in repaired if len(stretch) > 3 for channel in stretch[3])
    if not counts:
        return "components far beyond the clean signal's"
    often = sorted(counts, key=lambda channel: (-counts[channel], channel))
    rest = f" and {plural(len(often) - _LISTED, 'other channel')}" if len(often) > _LISTED else ""
    return "interpolated " + ", ".join(f"{channel} {counts[channel]}×" for channel in often[:_LISTED]) + rest


def _rejected_share(known: Mapping[str, Any], durations_s: Mapping[int, float]) -> float | None:
    stretches = known.get("rejected_s", {})
    judged = any("segments" in (entry.get("details") or {}) for entry in known["log"])
    if not judged and not any(stretches.values()):
        return None
    lost = sum(_covered_s(parts, durations_s[int(trial)]) for trial, parts in stretches.items())
    return float(lost / sum(durations_s.values()))


def _covered_s(stretches: Sequence[Sequence[float]], duration_s: float) -> float:
    """Measure what stretches, which may overlap, cover of a trial; its baseline (negative times) does not count.

    >>> _covered_s([(-2.0, 1.0), (0.5, 2.0), (9.0, 12.0)], 10.0)
    3.0
    """
    covered = reached = 0.0
    for start, stop in sorted((start, stop) for start, stop in stretches):
        covered += max(0.0, min(stop, duration_s) - max(start, reached))
        reached = max(reached, stop)
    return covered


def _interpolated(known: Mapping[str, Any]) -> tuple[str, ...] | None:
    entries = [entry for entry in known["log"] if entry["step"] == "interpolate"]
    if not entries:
        return None
    names = [channel for entry in entries for channel in (entry.get("details") or {}).get("channels", ())]
    return tuple(dict.fromkeys(names))


def _components(known: Mapping[str, Any]) -> dict[str, int | None]:
    found = [entry["details"] for entry in known["log"] if "components" in (entry.get("details") or {})]
    if not found:
        return {"components_removed": None, "components_fitted": None}
    fitted = [details["n_fitted"] for details in found if "n_fitted" in details]
    return {
        "components_removed": sum(len(details["components"]) for details in found),
        "components_fitted": sum(fitted) if fitted else None,
    }


def _plain(value: Any) -> str:
    """Write a setting without the marks of a programming language.

    >>> _plain([50.0, 100.0]), _plain(True), _plain([]), _plain(0.5)
    ('50, 100', 'yes', 'none', '0.5')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
