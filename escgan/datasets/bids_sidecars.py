"""What the sidecars of a BIDS run say of its reference and its filters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escgan.datasets.tables import Table
from escgan.recording import Cleaned

_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
# Filters are free text. A decimation or anti-aliasing filter keeps what is low.
_KEEPS_HIGH = re.compile(r"high.?pass|low.?cut|dc.?block", re.I)
_KEEPS_LOW = re.compile(r"low.?pass|high.?cut|anti.?alias|decimation", re.I)
_MAINS = re.compile(r"notch|band.?stop|cleanline|zapline", re.I)
_EDGE = re.compile(r"cut.?off|frequency|hz|edge", re.I)
_AVERAGE = ("average", "avg", "car", "common average", "average reference", "common average reference")


@dataclass(frozen=True)
class Filters:
    """What sidecars say of filtering: edges in Hz, None where nothing is said, and what could not be understood."""

    low_hz: float | None
    high_hz: float | None
    cleaned: frozenset[Cleaned]
    not_understood: tuple[str, ...]


def stated_filters(facts: Mapping[str, Any], channels: Table | None, labels: frozenset[str]) -> Filters:
    """Join the filters of ``eeg.json`` with the cut-offs that ``channels.tsv`` gives for the channels ``labels``."""
    lows, highs, unclear = [], [], []
    cleaned: frozenset[Cleaned] = frozenset()
    for key in ("HardwareFilters", "SoftwareFilters"):
        filters = facts.get(key)
        for name, settings in filters.items() if isinstance(filters, dict) else ():
            edge = _edge(settings)
            if _MAINS.search(name):
                cleaned |= {"mains"}
            elif edge is not None and _KEEPS_HIGH.search(name):
                lows.append(edge)
            elif edge is not None and _KEEPS_LOW.search(name):
                highs.append(edge)
            else:
                unclear.append(name)
    for row in channels.rows if channels is not None else ():
        if row.text("name") not in labels:
            continue
        # Of a high-pass BIDS gives the low cut-off.
        for column, edges in (("low_cutoff", lows), ("high_cutoff", highs)):
            try:
                edge = row.number(column)
            except ValueError:
                continue
            if edge is not None and edge > 0:
                edges.append(edge)
    return Filters(max(lows, default=None), min(highs, default=None), cleaned, tuple(unclear))


def stated_reference(facts: Mapping[str, Any]) -> str | None:
    """Return what ``EEGReference`` says; None where it says nothing."""
    words = str(facts.get("EEGReference", "")).strip()
    if words.lower() in ("", "n/a", "none", "null", "unknown"):
        return None
    return "average" if words.lower() in _AVERAGE else words


def _edge(settings: Any) -> float | None:
    """Return the frequency among a filter's settings, which are numbers or texts such as ``0.1 Hz``."""
    if not isinstance(settings, dict):
        settings = {"cutoff": settings}
    for key, value in settings.items():
        if not _EDGE.search(str(key)) or isinstance(value, bool):
            continue
        match = _NUMBER.search(str(value))
        if match and float(match[0]) > 0:
            return float(match[0])
    return None
