"""What becomes of units that fail."""

from __future__ import annotations

import pytest

from escgan.errors import ConfigError, RecordingError
from flows.fan import all_or_raise
from storage.manifest import ArtifactRef

REF = ArtifactRef("ingest", "0" * 16, "0" * 64)


def test_the_only_error_is_raised_as_it_is() -> None:
    error = RecordingError("a.edf is cut off.")
    with pytest.raises(RecordingError) as raised:
        all_or_raise({"sub-01": REF, "sub-02": error})
    assert raised.value is error


def test_the_first_error_names_the_other_units_that_failed() -> None:
    errors = {f"sub-0{i}": RecordingError(f"{i}.edf is cut off.") for i in (2, 3, 5)}
    with pytest.raises(RecordingError, match=r"^2.edf is cut off\. It .* sub-03, sub-05 failed"):
        all_or_raise({"sub-01": REF, **errors})


def test_a_fault_of_the_configuration_is_said_once_and_many_names_are_cut_short() -> None:
    faults = {f"sub-0{i}": ConfigError("no such class.") for i in (2, 3)}
    with pytest.raises(ConfigError, match=r"^no such class\.$"):
        all_or_raise({"sub-01": REF, **faults})
    errors = {f"sub-{i:02d}": RecordingError(f"{i}.edf is cut off.") for i in range(14)}
    with pytest.raises(RecordingError, match="sub-09, sub-10 and 3 more failed"):
        all_or_raise(errors)


def test_references_are_returned_in_their_order() -> None:
    assert list(all_or_raise({"b": REF, "a": REF})) == ["b", "a"]
