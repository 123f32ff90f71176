"""SEED-V's raw recordings: each session's own films, the owners' repaired file, the owners' times."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from escgan.datasets.seed_v import STARTS_S, STOPS_S, SeedVConfig, conditions, stimuli
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.neuroscan import cnt_bytes, pink
from tests.escgan.datasets.writers.seed_raw import RECORDED
from tests.escgan.datasets.writers.seed_v import CLASSES, times_text, write_seed_v
from tests.escgan.datasets.writers.truth import compare

# trial_start_end_timestamp.txt as the owners distribute it.
OWNERS_TIMES = """Session 1:
start_second: [30, 132, 287, 555, 773, 982, 1271, 1628, 1730, 2025, 2227, 2435, 2667, 2932, 3204]
end_second: [102, 228, 524, 742, 920, 1240, 1568, 1697, 1994, 2166, 2401, 2607, 2901, 3172, 3359]

Session 2:
start_second: [30, 299, 548, 646, 836, 1000, 1091, 1392, 1657, 1809, 1966, 2186, 2333, 2490, 2741]
end_second: [267, 488, 614, 773, 967, 1059, 1331, 1622, 1777, 1908, 2153, 2302, 2428, 2709, 2817]

Session 3:
start_second: [30, 353, 478, 674, 825, 908, 1200, 1346, 1451, 1711, 2055, 2307, 2457, 2726, 2888]
end_second: [321, 418, 643, 764, 877, 1147, 1284, 1418, 1679, 1996, 2275, 2425, 2664, 2857, 3066]
"""


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_films_classes_and_channels_are_those_written_in_every_session(tmp_path: Path) -> None:
    truths = write_seed_v(tmp_path, 1, n_sessions=3)
    corpus = SeedVConfig()
    sources = corpus.discover(tmp_path)
    assert len(sources) == len(truths) == 3
    for source, truth in zip(sources, truths, strict=True):
        raw = corpus.read(source)
        compare(raw, truth, atol_uv=1e-3)
        assert raw.auxiliary == {"M1": "mastoid", "M2": "mastoid", "HEO": "eog", "VEO": "eog"}
        assert (raw.passband_hz, raw.reference) == ((0.0, 500.0), "as recorded")


@pytest.mark.parametrize("session", [1, 2, 3])
def test_every_session_shows_each_class_three_times_in_films_of_its_own(session: int) -> None:
    assert list(conditions(str(session))) == CLASSES[session]
    assert set(Counter(conditions(str(session))).values()) == {3}
    assert stimuli(str(session))[0] == f"{session}-1"


def test_the_published_times_are_those_of_the_owners_list() -> None:
    listed = [line.split(": ")[1] for line in OWNERS_TIMES.splitlines() if "_second" in line]
    ours = [str(list(times[session])) for session in "123" for times in (STARTS_S, STOPS_S)]
    assert ours == listed


@pytest.mark.parametrize("times", [None, OWNERS_TIMES])
@pytest.mark.parametrize("session", ["1", "2", "3"])
def test_with_the_owners_list_or_without_the_films_of_a_whole_recording_are_looked_for(
    times: str | None, session: str, tmp_path: Path
) -> None:
    eeg = pink(np.random.default_rng(5), len(RECORDED), 13_000)
    (tmp_path / f"3_{session}_20180424.cnt").write_bytes(cnt_bytes(RECORDED, eeg)[0])
    if times is not None:
        (tmp_path / "trial_start_end_timestamp.txt").write_text(times)
    (source,) = SeedVConfig().discover(tmp_path)
    assert len(source.files) == (1 if times is None else 2)
    with pytest.raises(RecordingError, match="of subject 3 ends after 13 s, before the first film does"):
        SeedVConfig().read(source)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ("", "it has no 'Session 1:'"),
        (times_text().replace("Session 1:", "Session 4:"), "it has no 'Session 1:'"),
        (times_text().replace("end_second", "end", 1), "it has no list 'end_second'"),
        (times_text(range(1, 60, 6)), "it lists 10 starts and 10 ends for 15 films"),
        (times_text(film_s=7), "the times of film 1 do not follow one another"),
    ],
)
def test_a_list_of_times_that_cannot_be_right_is_one_sentence(times: str, reason: str, tmp_path: Path) -> None:
    touch(tmp_path, "3_1_20180414.cnt")
    (tmp_path / "trial_start_end_timestamp.txt").write_text(times)
    (source,) = SeedVConfig().discover(tmp_path)
    with pytest.raises(
        RecordingError, match=rf"timestamp\.txt does not give .* subject 3 \({reason}.*: get it .*or remove"
    ):
        SeedVConfig().read(source)


def test_the_list_of_times_may_lie_in_the_folder_or_beside_the_recordings(tmp_path: Path) -> None:
    home = tmp_path / "EEG_raw"
    touch(home, "3_1_20180414.cnt")
    for place in (tmp_path, home):
        touch(place, "trial_start_end_timestamp.txt")
        (source,) = SeedVConfig().discover(tmp_path)
        assert source.files == (home / "3_1_20180414.cnt", place / "trial_start_end_timestamp.txt")


def test_sessions_follow_their_numbers_and_not_their_dates(tmp_path: Path) -> None:
    touch(tmp_path, "10_1_20180507.cnt", "1_2_20180810.cnt", "1_3_20180808.cnt", "1_1_20180804.cnt")
    sources = SeedVConfig().discover(tmp_path)
    assert [(source.subject, source.session) for source in sources] == [("1", "1"), ("1", "2"), ("1", "3"), ("10", "1")]


def test_a_repaired_file_replaces_the_broken_one_and_the_log_says_so(tmp_path: Path) -> None:
    (truth,) = write_seed_v(tmp_path, 1)
    home = tmp_path / "EEG_raw"
    (home / "1_1_20180804.cnt").rename(home / "1_1_20180804_repaired.cnt")
    (home / "1_1_20180804.cnt").write_bytes(b"broken")
    (source,) = SeedVConfig().discover(tmp_path)
    raw = SeedVConfig().read(source)
    compare(raw, truth, atol_uv=1e-3)
    assert "the owners' repaired file was read" in raw.log


def test_two_files_of_one_session_are_refused_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "2_1_20180416.cnt", "2_1_20180417.cnt", "2_2_20180419.cnt")
    first, second = SeedVConfig().discover(tmp_path)
    assert len(second.files) == 1
    message = r"Subject 2 has 2 files in session 1 \(2_1_20180416\.cnt and 2_1_20180417\.cnt\): remove all but"
    with pytest.raises(RecordingError, match=message):
        SeedVConfig().read(first)


@pytest.mark.parametrize(
    "name", ["SEED_RAW_EEG/1_1.cnt", "Preprocessed_EEG/1_20131027.mat", "EEG_raw/1_20221001_1.cnt"]
)
def test_the_folders_of_its_relatives_are_not_taken_for_it(name: str, tmp_path: Path) -> None:
    touch((tmp_path / name).parent, Path(name).name)
    for folder in (tmp_path, (tmp_path / name).parent):
        with pytest.raises(RecordingError, match="No recording of corpus 'seed_v' in"):
            SeedVConfig().discover(folder)


def test_the_usual_steps_are_the_owners_and_a_notch() -> None:
    described = [step.model_dump(mode="json") for step in SeedVConfig().default_preprocessing()]
    assert described == [
        {"kind": "resample", "sfreq_hz": 200.0},
        {"kind": "notch", "freqs_hz": [50.0]},
        {"kind": "bandpass", "low_hz": 1.0, "high_hz": 75.0},
    ]
