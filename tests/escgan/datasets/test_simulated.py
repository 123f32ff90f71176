"""The simulated cohort is what its truth says."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets import DeapConfig, SimulatedConfig
from escgan.datasets.deap import ELECTRODES
from escgan.datasets.simulation import BANDS_HZ, SimulatedSubject, draw_subject, simulate_trial
from escgan.errors import RecordingError

SMALL = SimulatedConfig(n_subjects=2, n_trials=4)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield SMALL.materialize(tmp_path_factory.mktemp("cohort"))


def band_power(eeg: NDArray[np.float64], band: str) -> NDArray[np.float64]:
    low, high = BANDS_HZ[band]
    frequencies = np.fft.rfftfreq(eeg.shape[1], 1 / 128)
    spectrum = np.abs(np.fft.rfft(eeg)) ** 2
    return spectrum[:, (frequencies >= low) & (frequencies <= high)].sum(axis=1)


def twins(effect: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the EEG ``(32, 8064)`` of the same trial as high and as low valence."""
    drawn = draw_subject(0, 1, 4, 0.25, effect)
    high, low = (
        simulate_trial(0, 1, 0, replace(drawn, high=np.full(4, is_high)), 2.0)[:32] for is_high in (True, False)
    )
    return high, low


def test_a_file_is_one_that_python_loads_in_deaps_layout(cohort: Path) -> None:
    loaded = pickle.loads((cohort / "s01.dat").read_bytes(), encoding="latin1")
    assert loaded["data"].shape == (4, 40, 8064)
    assert loaded["data"].dtype == np.float64
    assert loaded["labels"].shape == (4, 4)


def test_the_deap_reader_reads_it(cohort: Path) -> None:
    deap = DeapConfig(n_trials=4)
    sources = deap.discover(cohort)
    assert SMALL.discover(cohort) == sources
    assert [source.subject for source in sources] == ["01", "02"]
    raw = SMALL.read(sources[1])
    for ours, deaps in zip(raw.segments, deap.read(sources[1]).segments, strict=True):
        np.testing.assert_array_equal(ours.eeg, deaps.eeg)


def test_ratings_follow_the_classes_in_the_truth(cohort: Path) -> None:
    truth = json.loads((cohort / "truth.json").read_text())
    for source in SMALL.discover(cohort):
        classes = truth["subjects"][source.subject]["classes"]
        assert classes.count("low valence") == 1
        rated = [span.ratings["valence"] for span in SMALL.read(source).spans]
        assert [value >= 5.0 for value in rated] == [name == "high valence" for name in classes]


def test_the_signal_is_average_referenced_in_band_and_of_plausible_size(cohort: Path) -> None:
    for segment in SMALL.read(SMALL.discover(cohort)[0]).segments:
        np.testing.assert_allclose(segment.eeg.mean(axis=0), 0.0, atol=1e-4)
        assert np.all((segment.eeg.std(axis=1) > 3) & (segment.eeg.std(axis=1) < 80))
        frequencies = np.fft.rfftfreq(segment.eeg.shape[1], 1 / 128)
        power = (np.abs(np.fft.rfft(segment.eeg)) ** 2).sum(axis=0)
        outside = (frequencies < 2.5) | (frequencies > 57)
        assert power[outside].sum() < 0.01 * power.sum()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(cohort: Path, tmp_path: Path) -> None:
    for seed, same in ((0, True), (1, False)):
        again = SMALL.model_copy(update={"seed": seed}).materialize(tmp_path / str(seed))
        assert ((again / "s02.dat").read_bytes() == (cohort / "s02.dat").read_bytes()) is same


def test_adding_subjects_leaves_the_earlier_files_as_they_are(cohort: Path, tmp_path: Path) -> None:
    larger = SMALL.model_copy(update={"n_subjects": 3}).materialize(tmp_path)
    for name in ("s01.dat", "s02.dat"):
        assert (larger / name).read_bytes() == (cohort / name).read_bytes()
    assert len(SMALL.discover(larger)) == 2


def test_without_an_effect_the_class_changes_nothing() -> None:
    high, low = twins(effect=0.0)
    np.testing.assert_array_equal(high, low)


def test_with_an_effect_the_class_changes_the_intended_bands_and_places() -> None:
    high, low = twins(effect=2.0)

    def log_ratio(site: str, band: str, part: slice = slice(512, None)) -> float:
        i = ELECTRODES.index(site)
        return float(np.log(band_power(high[:, part], band)[i] / band_power(low[:, part], band)[i]))

    assert log_ratio("T7", "gamma") > 0.2
    assert log_ratio("T8", "beta") > 0.2
    assert log_ratio("F3", "alpha") < -0.1 < 0.1 < log_ratio("F4", "alpha")
    # No source changes its theta, and nothing changes before the video.
    assert max(abs(log_ratio(site, "theta")) for site in ELECTRODES) < 0.02
    before = slice(0, 320)
    assert max(abs(log_ratio(site, band, before)) for site in ELECTRODES for band in BANDS_HZ) < 0.02


def test_a_source_is_seen_best_by_the_electrode_above_it() -> None:
    drawn = draw_subject(0, 1, 2, 0.5, 0.0)
    gains = np.full_like(drawn.gains, -8.0)
    # O1's alpha alone, far above everything else.
    gains[10, list(BANDS_HZ).index("alpha")] = 4.0
    eeg = simulate_trial(0, 1, 0, SimulatedSubject(gains, 0.0, drawn.high), 0.0)[:32]
    assert ELECTRODES[int(band_power(eeg, "alpha").argmax())] == "O1"


def test_materialize_writes_once_and_again_when_anything_differs(tmp_path: Path) -> None:
    config = SimulatedConfig(n_subjects=2, n_trials=2)
    calls: list[tuple[int, int]] = []
    config.materialize(tmp_path, lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    first = (tmp_path / "s01.dat").read_bytes()

    config.materialize(tmp_path, lambda done, total: calls.append((done, total)))
    assert len(calls) == 2

    config.model_copy(update={"effect": 2.0}).materialize(tmp_path)
    assert (tmp_path / "s01.dat").read_bytes() != first
    config.materialize(tmp_path)
    assert (tmp_path / "s01.dat").read_bytes() == first

    (tmp_path / "s02.dat").write_bytes(b"cut short")
    config.materialize(tmp_path)
    assert (tmp_path / "s02.dat").stat().st_size == len(first)

    (tmp_path / "truth.json").write_text("[]")
    config.materialize(tmp_path, lambda done, total: calls.append((done, total)))
    assert len(calls) == 4


def test_a_cohort_with_fewer_subjects_than_asked_for_is_refused(cohort: Path) -> None:
    with pytest.raises(RecordingError, match=r"lacks subject 03, 04: simulate it again, or set n_subjects"):
        SMALL.model_copy(update={"n_subjects": 4}).discover(cohort)


@pytest.mark.parametrize(("share", "n_low"), [(0.01, 1), (0.25, 3), (0.5, 6)])
def test_every_subject_has_both_classes(share: float, n_low: int) -> None:
    for subject in range(1, 5):
        assert int((~draw_subject(0, subject, 12, share, 1.0).high).sum()) == n_low
