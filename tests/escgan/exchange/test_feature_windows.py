"""Features become scikit-learn's arrays, labelled arrays, tables and topomaps without losing what they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escgan.errors import ConfigError
from escgan.exchange.feature_windows import FeatureWindows

CHANNELS, BANDS = ("Fz", "Cz", "Pz", "Oz"), ("alpha", "beta")


def windows(**changes):
    draw = np.random.default_rng(0)
    n = 12
    table = pd.DataFrame(
        {
            "subject": np.repeat(["01", "02", "03"], 4),
            "session": "1",
            "trial": np.tile([1, 1, 2, 2], 3),
            "window": np.tile([0, 1], 6),
            "start_s": np.tile([0.0, 2.0], 6),
            "condition": pd.array([None if i == 5 else "film" for i in range(n)], "str"),
            "valence": np.arange(n, dtype=float),
        }
    )
    given = {
        "values": draw.normal(size=(n, 4, 2)).astype(np.float32),
        "table": table,
        "channels": CHANNELS,
        "bands": BANDS,
        "band_edges_hz": ((8.0, 13.0), (13.0, 30.0)),
        "measure": "de",
        "unit": "nats",
        "definition": "half the log of the variance",
        "labels": np.array([0, 1, 0, -1] * 3, dtype=np.int64),
        "classes": ("low", "high"),
    }
    return FeatureWindows(**(given | changes))


def test_arrays_serve_cross_validation_that_leaves_one_person_out():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneGroupOut, cross_validate

    X, y, groups = windows().to_arrays()
    assert X.shape == (9, 8) and X.dtype == np.float32 and y.dtype == np.int64
    done = cross_validate(LogisticRegression(), X, y, groups=groups, cv=LeaveOneGroupOut())
    assert len(done["test_score"]) == 3


def test_windows_of_no_class_are_left_out_of_arrays_and_columns_say_what_they_are():
    own = windows()
    X, y, groups = own.to_arrays()
    assert list(y) == [0, 1, 0] * 3 and list(groups) == ["01"] * 3 + ["02"] * 3 + ["03"] * 3
    column = own.feature_names.index("Pz beta")
    np.testing.assert_array_equal(X[3:6, column], own.values[4:7, 2, 1])


def test_a_labelled_array_is_asked_by_name():
    array = windows().to_xarray()
    own = windows()
    assert array.dims == ("window", "channel", "band") and array.name == "de" and array.attrs["units"] == "nats"
    chosen = array[array.subject == "02"].sel(channel="Oz", band="beta")
    np.testing.assert_array_equal(chosen.values, own.values[4:8, 3, 1])
    assert list(array.trial_window.values) == [0, 1] * 6 and list(array.label.values[:4]) == ["low", "high", "low", ""]
    assert (float(array.low_hz.sel(band="beta")), array.low_hz.attrs["units"]) == (13.0, "Hz")
    # Nothing stands there as a Python object: every file format can hold it.
    assert all(coordinate.dtype.kind in "iufbU" for coordinate in array.coords.values())
    assert array.condition.values[5] == "" and array.condition.values[4] == "film"


def test_means_by_class_are_one_line_of_xarray():
    own = windows()
    means = own.to_xarray().groupby("label").mean()
    np.testing.assert_allclose(means.sel(label="high").values, own.values[own.labels == 1].mean(0), rtol=1e-6)


def test_a_table_holds_a_column_for_each_channel_and_band():
    own = windows()
    table = own.to_pandas()
    assert list(table.index.names) == [*own.table.columns, "label"]
    np.testing.assert_array_equal(table["Cz", "alpha"].to_numpy(), own.values[:, 1, 0])
    np.testing.assert_array_equal(table.xs("03", level="subject")["Fz", "beta"], own.values[8:, 0, 1])


def test_a_topomap_is_one_line_away_and_shows_the_mean_of_what_was_asked():
    import matplotlib.pyplot as plt
    import mne

    own = windows()
    means, info = own.topomap("beta", label="low", subject="02")
    np.testing.assert_allclose(means, own.values[[4, 6], :, 1].mean(0), rtol=1e-6)
    assert tuple(info["ch_names"]) == CHANNELS
    image, _ = mne.viz.plot_topomap(means, info, show=False)
    assert np.isfinite(image.get_array()).any()
    plt.close("all")


def test_an_electrode_without_a_place_is_not_drawn():
    means, info = windows(channels=("Fz", "X9", "Pz", "Oz")).topomap("alpha")
    own = windows()
    assert info["ch_names"] == ["Fz", "Pz", "Oz"]
    np.testing.assert_allclose(means, own.values[:, [0, 2, 3], 0].mean(0), rtol=1e-6)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"band": "theta"}, "no band 'theta': expected one of alpha, beta"),
        ({"band": "beta", "label": "joy"}, "no class 'joy': expected one of low, high"),
        ({"band": "beta", "subject": "99"}, "no window of class any and subject 99"),
    ],
)
def test_what_is_not_there_is_named(asked, said):
    with pytest.raises(ConfigError, match=said):
        windows().topomap(**asked)


def test_without_labels_arrays_are_refused_and_labelled_arrays_are_not():
    own = windows(labels=None, classes=())
    with pytest.raises(ConfigError, match="the run did not come to its report"):
        own.to_arrays()
    assert "label" not in own.to_xarray().coords


def test_without_xarray_one_sentence_names_the_extra(monkeypatch):
    monkeypatch.setattr("escgan.extras.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package xarray: pip install 'escgan\[xarray\]'"):
        windows().to_xarray()
