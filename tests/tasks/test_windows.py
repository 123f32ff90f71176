import numpy as np
import pandas as pd
import pytest

from storage.hdf5 import write_arrays
from storage.store import Store
from storage.tables import write_table
from tasks.windows import _Kept, recording_windows

N_WINDOWS, N_CHANNELS, N_BANDS = 50, 4, 2


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def put(store, key):
    """Store features as the stage does; every value is the key's last digit plus a counter."""
    values = np.arange(N_WINDOWS * N_CHANNELS * N_BANDS, dtype=np.float32).reshape(N_WINDOWS, N_CHANNELS, N_BANDS)
    table = pd.DataFrame({"subject": key[-1], "session": "1", "trial": 1, "window": np.arange(N_WINDOWS)})
    table = table.assign(start_s=table["window"] * 2.0, valence=5.0)
    with store.create("features", key) as draft:
        attributes = {"measure": "de", "channels": list("abcd"), "bands": ["x", "y"]}
        write_arrays(draft.file("features.h5"), {"de": values + int(key[-1])}, attributes)
        write_table(draft.file("windows.parquet"), table)
    return draft.ref


def test_windows_are_what_the_store_holds_read_once_and_never_written_to(store):
    ref = put(store, "aaaa0001")
    windows, table = recording_windows(store, ref)
    assert windows.de[0, 0, 0] == 1 and windows.de.shape == (N_WINDOWS, N_CHANNELS, N_BANDS)
    assert list(table["valence"]) == [5.0] * N_WINDOWS and "valence" not in windows.table
    with pytest.raises(ValueError, match="read-only"):
        windows.de[0] = 0
    store.remove("features", "aaaa0001")
    assert recording_windows(store, ref)[0].de is windows.de


def test_another_store_and_another_content_are_other_windows(store, tmp_path):
    first, second = put(store, "aaaa0001"), put(store, "aaaa0002")
    elsewhere = Store(tmp_path / "elsewhere")
    third = put(elsewhere, "aaaa0001")
    parts = [recording_windows(s, ref)[0].de for s, ref in ((store, first), (store, second), (elsewhere, third))]
    assert [part[0, 0, 0] for part in parts] == [1, 2, 1] and parts[2] is not parts[0]


def test_no_more_bytes_are_kept_than_allowed_and_the_oldest_go_first(store):
    size = N_WINDOWS * N_CHANNELS * N_BANDS * 4
    kept = _Kept(most_bytes=2 * size)
    refs = [put(store, f"aaaa000{i}") for i in range(3)]
    first, second = (kept.get(store, ref)[0].de for ref in refs[:2])
    # Looked at again, the first is no longer the oldest.
    assert kept.get(store, refs[0])[0].de is first
    kept.get(store, refs[2])
    assert kept.get(store, refs[0])[0].de is first
    assert kept.get(store, refs[1])[0].de is not second
    assert kept._bytes == 2 * size
