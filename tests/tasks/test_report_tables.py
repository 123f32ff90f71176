"""The tables of a report."""

from __future__ import annotations

from storage.manifest import ArtifactRef
from tasks.entries import RecordingEntry
from tasks.report_tables import recording_table
from tests.conftest import make_windows


def test_a_recording_whose_windows_belong_to_no_class_is_shown_with_none() -> None:
    ref = ArtifactRef("features", "0" * 16, "0" * 64)
    entries = [RecordingEntry(f"sub-{subject}", None, ref) for subject in ("00", "07", "01", "02")]
    table = recording_table(entries, make_windows(counts=(40, 12), n_subjects=3)).set_index("recording")
    assert table.index.tolist() == ["sub-00", "sub-07", "sub-01", "sub-02"]
    assert table["windows"].tolist() == [52, 0, 52, 52]
    assert table["trials"].tolist() == [2, 0, 2, 2]
    assert table[["n: calm", "n: joy"]].to_numpy().tolist() == [[40, 12], [0, 0], [40, 12], [40, 12]]
