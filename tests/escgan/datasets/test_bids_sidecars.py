"""What sidecars say of filters and reference is understood, or said not to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from escgan.datasets.bids_sidecars import stated_filters, stated_reference
from escgan.datasets.tables import read_table


@pytest.mark.parametrize(
    ("filters", "edges"),
    [
        # The specification's own examples, and what data sets on OpenNeuro hold.
        ({"Anti-aliasing filter": {"half-amplitude cutoff (Hz)": 500, "Roll-off": "6dB/Octave"}}, (None, 500)),
        ({"Highpass RC filter": {"Half amplitude cutoff (Hz)": 0.0159, "Roll-off": "6dB/Octave"}}, (0.0159, None)),
        ({"ADC's decimation filter": {"-3dB cutoff point (Hz)": 480, "Filter order sinc response": 5}}, (None, 480)),
        ({"High_Pass": {"cutoff": "0.5 Hz"}, "LowPass": {"cutoff frequency": "40Hz"}}, (0.5, 40)),
        ({"highpass": 1.0, "low-cut": 0.3}, (1.0, None)),
        ({"FIR": {"order": 5}}, (None, None)),
    ],
)
def test_edges_are_found_in_free_text(filters: dict[str, Any], edges: tuple[float | None, float | None]) -> None:
    for key in ("HardwareFilters", "SoftwareFilters"):
        found = stated_filters({key: filters}, None, frozenset())
        assert (found.low_hz, found.high_hz) == edges
        assert found.not_understood == (("FIR",) if "FIR" in filters else ())


@pytest.mark.parametrize("filters", ["n/a", None, [], {}])
def test_no_filters_are_no_filters(filters: object) -> None:
    found = stated_filters({"SoftwareFilters": filters}, None, frozenset())
    assert (found.low_hz, found.high_hz, found.cleaned, found.not_understood) == (None, None, frozenset(), ())


def test_a_notch_means_that_the_mains_are_gone_and_narrows_nothing() -> None:
    found = stated_filters({"SoftwareFilters": {"Notch": {"frequency (Hz)": 50}}}, None, frozenset())
    assert (found.low_hz, found.high_hz, found.cleaned) == (None, None, {"mains"})


def test_cutoffs_of_the_eeg_channels_join_those_of_the_amplifier(tmp_path: Path) -> None:
    path = tmp_path / "channels.tsv"
    rows = ["name\tlow_cutoff\thigh_cutoff", "Cz\t0.1\t100", "Pz\t0.3\tn/a", "ECG\t5\t30", "Fz\t0\tunknown"]
    path.write_text("\n".join(rows))
    filters = {"HardwareFilters": {"lowpass": {"cutoff (Hz)": 120}}}
    found = stated_filters(filters, read_table(path, "\t"), frozenset({"Cz", "Pz", "Fz"}))
    assert (found.low_hz, found.high_hz) == (0.3, 100)


@pytest.mark.parametrize(
    ("stated", "reference"),
    [("n/a", None), ("", None), ("CAR", "average"), ("Common average reference", "average"), ("Cz", "Cz")],
)
def test_the_average_has_one_name_whatever_it_is_called(stated: str, reference: str | None) -> None:
    assert stated_reference({"EEGReference": stated}) == reference
    assert stated_reference({}) is None
