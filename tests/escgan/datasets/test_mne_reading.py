"""Files of any format are opened whole, at their own rates, or refused in one sentence."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import mne
import numpy as np
import pytest

from escgan.datasets.fif_parts import named_parts
from escgan.datasets.mne_reading import Marker, open_recording
from escgan.datasets.raw_files import companions
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.bdf import bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.brainvision import write_brainvision
from tests.escgan.datasets.writers.edf import STEP_UV, EdfSignal, edf_bytes
from tests.escgan.datasets.writers.neuroscan import cnt_bytes, pink
from tests.fuzz.own_files import eeglab_naming, fif_naming

RNG = np.random.default_rng(0)
FREQUENCY_HZ = 3.1
TONE = 100 * np.sin(2 * np.pi * FREQUENCY_HZ * np.arange(400) / 100)


def test_channels_slower_than_the_fastest_come_at_their_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    muscle = RNG.normal(0, 30, 1600)
    path.write_bytes(
        edf_bytes([EdfSignal("Cz", TONE, 100), EdfSignal("EMG", muscle, 400), EdfSignal("Pz", -TONE, 100)])
    )
    file = open_recording(path, "01")
    assert (file.sfreq, file.duration_s, file.own_hz) == (400.0, 4.0, {"Cz": 100.0, "Pz": 100.0})
    assert file.rate_of(["Cz", "Pz"]) == 100.0
    np.testing.assert_allclose(file.microvolts(["Pz", "Cz"]), [-TONE, TONE], rtol=0, atol=0.51 * STEP_UV)
    np.testing.assert_allclose(file.microvolts(["EMG"])[0], muscle, rtol=0, atol=0.51 * STEP_UV)
    with pytest.raises(RecordingError, match=r"a\.edf of subject 01 .*\('Cz' at 100 Hz, 'EMG' at 400 Hz\)"):
        file.microvolts(["Cz", "EMG"])


def test_mne_alone_rings_at_the_ends_of_a_slower_channel(tmp_path: Path) -> None:
    """Without this, the test above could be of a difference that there is not."""
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes([EdfSignal("Cz", TONE, 100), EdfSignal("EMG", np.zeros(1600), 400)]))
    upsampled = mne.io.read_raw_edf(path, verbose="error").get_data(picks=["Cz"])[0] * 1e6
    truth = 100 * np.sin(2 * np.pi * FREQUENCY_HZ * np.arange(1600) / 400)
    assert np.abs(upsampled - truth).max() > 1


def test_a_label_that_stands_twice_keeps_both_signals_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    path.write_bytes(
        edf_bytes([EdfSignal("Cz", TONE, 100), EdfSignal("Cz", -TONE, 100), EdfSignal("X", TONE[:200], 50)])
    )
    file = open_recording(path, "01")
    assert file.labels == ("Cz-0", "Cz-1", "X")
    assert file.own_hz == {"X": 50.0}
    np.testing.assert_allclose(file.microvolts(["Cz-1"])[0], -TONE, rtol=0, atol=0.51 * STEP_UV)


def test_annotations_and_triggers_are_markers_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    notes = [(2.5, 1.0, "fear"), (0.5, 0.0, "start")]
    path.write_bytes(edf_bytes([EdfSignal("Cz", TONE, 100)], notes=notes))
    assert open_recording(path, "01").markers() == (Marker("start", 0.5, 0.0), Marker("fear", 2.5, 1.0))


@pytest.mark.parametrize(("codes", "still"), [((4, 5, 4), 0x18FF00), ((4, 5, 4), 0x180000), ((260, 5, 260), 0x180000)])
def test_the_amplifiers_flags_and_an_upper_byte_that_stands_still_are_no_part_of_a_code(
    codes: tuple[int, int, int], still: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.bdf"
    words = np.zeros(512, np.int64)
    words[100:110], words[110:120], words[300:301] = codes
    words |= still
    words[0] |= 0x010000
    path.write_bytes(bdf_bytes([electrode("Cz", RNG.normal(0, 20, 512)), trigger("Status", words)], 256))
    expected = tuple(Marker(str(code), at / 256) for code, at in zip(codes, (100, 110, 300), strict=True))
    assert open_recording(path, "01").markers() == expected


def test_markers_of_a_cropped_file_count_from_its_first_sample(tmp_path: Path) -> None:
    raw = mne.io.RawArray(RNG.normal(0, 1e-5, (1, 1000)), mne.create_info(["Cz"], 100.0, "eeg"), verbose="error")
    raw.set_meas_date(0).set_annotations(mne.Annotations([6.0], [1.0], ["joy"], orig_time=raw.info["meas_date"]))
    path = tmp_path / "a_raw.fif"
    raw.crop(4.0, 9.0).save(path, verbose="error")
    (marker,) = open_recording(path, "01").markers()
    assert (marker.name, marker.onset_s, marker.duration_s) == ("joy", pytest.approx(2.0), 1.0)


def test_an_interrupted_recording_is_refused_since_its_gaps_would_close(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes([EdfSignal("Cz", TONE, 100)], reserved="EDF+D", notes=[]))
    with pytest.raises(RecordingError, match=r"a\.edf of subject 01 is an interrupted recording \(EDF\+D\).*: export"):
        open_recording(path, "01")


def test_an_edf_or_bdf_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = {
        "a.edf": edf_bytes([EdfSignal("Cz", TONE, 100), EdfSignal("Pz", TONE, 100)]),
        "a.bdf": bdf_bytes([electrode("Cz", TONE), trigger("Status", np.zeros(400, np.int64))], 100),
    }
    for name, content in whole.items():
        path = tmp_path / name
        for length in [0, 100, 300, 256 * 3, *RNG.integers(256 * 3, len(content), 10), len(content) - 400]:
            path.write_bytes(content[:length])
            with pytest.raises(RecordingError, match=rf"{name} of subject 01 cannot be read; it is damaged.*: export"):
                open_recording(path, "01")
        path.write_bytes(content)
        assert open_recording(path, "01").duration_s == 4.0


def test_a_fif_or_set_cut_in_its_samples_is_refused(tmp_path: Path) -> None:
    raw = mne.io.RawArray(RNG.normal(0, 1e-5, (2, 4000)), mne.create_info(["Cz", "Pz"], 100.0, "eeg"), verbose="error")
    path = tmp_path / "a_raw.fif"
    raw.save(path, verbose="error")
    content = path.read_bytes()
    for length in (0, 1000, len(content) // 2):
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"a_raw\.fif of subject 01 cannot be read"):
            open_recording(path, "01").microvolts(["Cz"])


def test_brainvision_needs_the_files_that_its_header_names(tmp_path: Path) -> None:
    samples = RNG.normal(0, 20, (2, 500)).astype(np.float32)
    stem = tmp_path / "a"
    write_brainvision(stem, ["Cz", "Pz"], samples, 250, [("Stimulus", "S  7", 125)])
    path = tmp_path / "a.vhdr"
    assert [file.name for file in companions(path)] == ["a.eeg", "a.vmrk"]
    file = open_recording(path, "01")
    np.testing.assert_allclose(file.microvolts(["Cz", "Pz"]), samples, rtol=1e-6)
    assert Marker("Stimulus/S  7", 0.5, 1 / 250) in file.markers()
    for name in ("a.vmrk", "a.eeg"):
        (tmp_path / name).unlink()
        with pytest.raises(RecordingError, match=rf"The file {name} of subject 01 is missing: put it where it belongs"):
            open_recording(path, "01")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.edf", b"no header"),
        ("a.cnt", b"RIFF" + bytes(1000)),
        ("a.fif", struct.pack(">4i", 100, 31, 20, 0)),
        *((f"a.{kind}", b"?") for kind in ("xyz", "set", "vhdr", "vmrk", "gdf", "cnt", "mff", "lay", "cdt", "edf.gz")),
    ],
)
def test_what_is_no_recording_is_one_sentence_whatever_its_name(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        open_recording(path, "01")
    sentence = str(caught.value)
    assert "of subject 01" in sentence
    assert "\n" not in sentence
    assert len(sentence) < 600


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("a.edf", "a.vhdr", "a.cnt", "a.mff"):
        with pytest.raises(RecordingError, match=rf"The file {name} of subject 07 is missing"):
            open_recording(tmp_path / name, "07")


@pytest.mark.parametrize(
    ("high", "low", "band"), [(0.1, 40.0, (0.1, 40.0)), (0.0, 0.0, (0.0, 50.0)), (50.0, 0.3, (0.0, 50.0))]
)
def test_filters_in_the_header_are_the_band_unless_they_exclude_each_other(
    high: float, low: float, band: tuple[float, float], tmp_path: Path
) -> None:
    info = mne.create_info(["Cz"], 100.0, "eeg")
    with info._unlock():
        info["highpass"], info["lowpass"] = high, low
    path = tmp_path / "a_raw.fif"
    mne.io.RawArray(RNG.normal(0, 1e-5, (1, 300)), info, verbose="error").save(path, verbose="error")
    assert open_recording(path, "01").passband_hz == pytest.approx(band)


@pytest.mark.parametrize("bits", [32, 16])
def test_neuroscan_is_read_at_the_right_width_with_its_events(bits: int, tmp_path: Path) -> None:
    path = tmp_path / "a.cnt"
    content, stored = cnt_bytes(["FZ", "CZ", "M1", "VEO"], pink(RNG, 4, 3000), bits=bits, event_samples=(250, 2500))
    path.write_bytes(content)
    file = open_recording(path, "01")
    assert (file.labels, file.sfreq, file.n_times) == (("FZ", "CZ", "M1", "VEO"), 1000.0, 3000)
    np.testing.assert_allclose(file.microvolts(["VEO", "FZ"]), stored[[3, 0]], rtol=1e-6)
    # MNE takes the byte that an event names to lie behind its sample.
    assert [(marker.name, marker.onset_s) for marker in file.markers()] == [("1", 0.249), ("2", 2.499)]


@pytest.mark.parametrize("place", ["../b.eeg", "/etc/passwd", "/dev/zero", "..", "x" * 300, "b\x00.eeg"])
@pytest.mark.parametrize("line", ["DataFile=a.eeg", "MarkerFile=a.vmrk"])
@pytest.mark.parametrize("written_as", ["{key}={place}", "{low} : {place}"])
def test_a_brainvision_header_names_files_of_its_folder_only(
    line: str, place: str, written_as: str, tmp_path: Path
) -> None:
    write_brainvision(tmp_path / "a", ["Cz"], RNG.normal(0, 20, (1, 500)), 250, [("Stimulus", "S  7", 125)])
    path = tmp_path / "a.vhdr"
    key = line.partition("=")[0]
    named = written_as.format(key=key, low=key.lower(), place=place)
    path.write_text(path.read_text(encoding="utf-8").replace(line, named), encoding="utf-8")
    assert all(file.parent == tmp_path for file in companions(path))
    with pytest.raises(RecordingError, match=r"a\.vhdr of subject 1 names '.*', which is no file in its folder"):
        open_recording(path, "1")


@pytest.mark.parametrize("place", ["../b.fif", "/etc/passwd", "/dev/zero", ".."])
def test_a_fif_file_goes_on_in_files_of_its_folder_only(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "a.fif"
    path.write_bytes(fif_naming(place))
    assert named_parts(path) == (place,)
    with pytest.raises(RecordingError, match=r"a\.fif of subject 1 names '.*', which is no file in its folder"):
        open_recording(path, "1")
    packed = folder / "b.fif.gz"
    packed.write_bytes(gzip.compress(fif_naming(place)))
    with pytest.raises(RecordingError, match=r"b\.fif\.gz of subject 1 names"):
        open_recording(packed, "1")


def test_mne_alone_follows_a_fif_file_anywhere(tmp_path: Path) -> None:
    """Without this, the test above could be of a way that nobody goes."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.fif").write_bytes(fif_naming("../b.fif"))
    alone = mne.io.RawArray(RNG.normal(0, 1e-5, (4, 50)), mne.create_info([*"abcd"], 100.0, "eeg"), verbose="error")
    alone.save(tmp_path / "b.fif", verbose="error", overwrite=True)
    # It has read the other file's channels, which are not the first one's.
    with pytest.raises(ValueError, match=r"raw\[1\]\.info\[ch_names\] must match"):
        mne.io.read_raw(folder / "a.fif", verbose="error")


def test_an_eeglab_file_has_its_samples_in_its_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    samples = RNG.normal(0, 20, (600, 4)).astype("<f4")
    for place, outside in (("a.fdt", False), ("../a.fdt", True), (str(tmp_path / "a.fdt"), True)):
        (folder / "a.set").write_bytes(eeglab_naming(place))
        (folder / place).write_bytes(samples.tobytes())
        if outside:
            with pytest.raises(RecordingError, match=r"its samples are to lie in '.*a\.fdt', outside of its folder"):
                open_recording(folder / "a.set", "1")
        else:
            np.testing.assert_allclose(open_recording(folder / "a.set", "1").microvolts(["Cz"])[0], samples[:, 1])


@pytest.mark.parametrize("following", [0, 56])
def test_a_fif_file_whose_tags_go_in_circles_is_refused(following: int, tmp_path: Path) -> None:
    path = tmp_path / "a.fif"
    content = bytearray(fif_naming("b.fif"))
    # The word of the third tag that says where the next one lies: here itself, or the first.
    content[56 + 12 : 56 + 16] = struct.pack(">i", following)
    content[56 + 8 : 56 + 12] = struct.pack(">i", -72) if following == 0 else content[56 + 8 : 56 + 12]
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"a\.fif of subject 1 cannot be read.*\(its tags lead back"):
        open_recording(path, "1")


def test_fif_files_that_go_on_in_one_another_are_refused(tmp_path: Path) -> None:
    for name, following in (("a", "a"), ("b", "c"), ("c", "b")):
        (tmp_path / f"{name}.fif").write_bytes(fif_naming(f"{following}.fif"))
    for name in "abc":
        with pytest.raises(RecordingError, match="its parts go on in one another without an end"):
            open_recording(tmp_path / f"{name}.fif", "1")


def test_the_further_parts_of_a_fif_file_are_looked_at_as_well(tmp_path: Path) -> None:
    (tmp_path / "a.fif").write_bytes(fif_naming("b.fif"))
    (tmp_path / "b.fif").write_bytes(fif_naming("../c.fif"))
    with pytest.raises(RecordingError, match=r"a\.fif of subject 1 names '\.\./c\.fif', which is no file"):
        open_recording(tmp_path / "a.fif", "1")


def test_a_recording_that_mne_splits_is_read_whole(tmp_path: Path) -> None:
    samples = RNG.normal(0, 1e-5, (8, 200_000))
    raw = mne.io.RawArray(samples, mne.create_info([*"abcdefgh"], 100.0, "eeg"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", split_size="3MB", verbose="error")
    assert len(list(tmp_path.iterdir())) > 2
    assert set(named_parts(tmp_path / "a_raw.fif")) >= {"a_raw-1.fif", "a_raw-2.fif"}
    assert open_recording(tmp_path / "a_raw.fif", "1").n_times == 200_000
    # A later part names the one before, in which the recording goes on here.
    assert 0 < open_recording(tmp_path / "a_raw-1.fif", "1").n_times < 200_000


def test_a_fif_tag_that_announces_more_than_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.fif"
    content = bytearray(fif_naming("b.fif"))
    content[56 + 8 : 56 + 12] = struct.pack(">i", 2**31 - 1)
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"a\.fif of subject 1 .*a tag announces 2147483647 bytes, more than"):
        open_recording(path, "1")


def test_a_channel_of_an_unknown_type_is_refused(tmp_path: Path) -> None:
    raw = mne.io.RawArray(RNG.normal(0, 1e-5, (1, 400)), mne.create_info(["Cz"], 100.0, "eeg"), verbose="error")
    path = tmp_path / "a_raw.fif"
    raw.save(path, verbose="error")
    # Number, logical number, then the kind of the channel: 2 is EEG.
    content = path.read_bytes()
    at = content.index(struct.pack(">4i", 203, 30, 96, 0)) + 16 + 8
    assert content[at : at + 4] == struct.pack(">i", 2)
    path.write_bytes(content[:at] + struct.pack(">i", 12345) + content[at + 4 :])
    with pytest.raises(RecordingError, match=r"a_raw\.fif of subject 01 cannot be read.*channel type \(12345\)"):
        open_recording(path, "01")
