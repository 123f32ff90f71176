"""Channels of arbitrary recordings get the part that their labels give them."""

from __future__ import annotations

import mne
import pytest

from escgan.datasets.channel_roles import assign_roles
from escgan.errors import RecordingError

WHERE = "The file a.edf of subject 01"


def test_old_prefixed_and_decorated_labels_become_10_10_names() -> None:
    labels = ["EEG Fp1-REF", "eeg fz", "EEG T3-LE", "Cz..", "POZ", "FPZ", "TP10", "CB1"]
    roles = assign_roles(labels, ["eeg"] * 8, {}, (), WHERE)
    assert list(roles.scalp) == ["Fp1", "Fz", "T7", "Cz", "POz", "Fpz", "TP10", "CB1"]
    assert list(roles.scalp.values()) == labels
    assert "EEG T3-LE to T7" in roles.log[0]


def test_every_position_of_the_10_05_system_is_scalp_except_the_ears() -> None:
    known = mne.channels.get_builtin_montages()
    montage = mne.channels.make_standard_montage("colin27_1005" if "colin27_1005" in known else "standard_1005")
    labels = [name for name in montage.ch_names if name not in ("A1", "A2", "M1", "M2", "T3", "T4", "T5", "T6")]
    assert len(labels) > 300
    roles = assign_roles(labels, ["eeg"] * len(labels), {}, (), WHERE)
    assert tuple(roles.scalp) == tuple(labels)


def test_eyes_heart_and_mastoids_are_kept_beside_whatever_the_file_calls_them() -> None:
    labels = ["Cz", "EOG1", "HEO", "VEOG", "EEG ECG", "EKG2", "M1", "A2", "TEMP1", "EMG left"]
    types = ["eeg", "eeg", "eeg", "misc", "eeg", "eeg", "eeg", "misc", "eeg", "emg"]
    roles = assign_roles(labels, types, {}, (), WHERE)
    assert {name: kind for name, (kind, _) in roles.auxiliary.items()} == {
        "EOG1": "eog", "HEO": "eog", "VEOG": "eog", "ECG": "ecg", "EKG2": "ecg", "M1": "mastoid", "A2": "mastoid",
    }  # fmt: skip
    assert roles.auxiliary["ECG"][1] == "EEG ECG"
    assert list(roles.scalp) == ["Cz"]
    assert any("TEMP1, EMG left" in line for line in roles.log)


def test_what_the_file_types_as_eye_or_heart_is_so_under_any_name() -> None:
    roles = assign_roles(["Cz", "Ch33", "Ch34"], ["eeg", "eog", "ecg"], {}, (), WHERE)
    assert roles.auxiliary == {"Ch33": ("eog", "Ch33"), "Ch34": ("ecg", "Ch34")}


def test_the_connectors_of_biosemi_are_not_taken_for_ears() -> None:
    labels = [f"A{i}" for i in range(1, 17)]
    with pytest.raises(RecordingError, match=r"'A1', 'A2', .* and 4 more \(they look like BioSemi's .*'rename'"):
        assign_roles(labels, ["eeg"] * 16, {}, (), WHERE)
    # A1 and A2 are ears only in files without connectors.
    assert set(assign_roles(["Cz", "A1", "A2"], ["eeg"] * 3, {}, (), WHERE).auxiliary) == {"A1", "A2"}
    rename = {"A1": "Fp1", "A2": "AF7", "A3": "M1"}
    roles = assign_roles(labels[:5], ["eeg"] * 5, rename, ("A4", "A5"), WHERE)
    assert roles.scalp == {"Fp1": "A1", "AF7": "A2"}
    assert roles.auxiliary == {"M1": ("mastoid", "A3")}
    assert "channels dropped, not scalp EEG or not wanted: A4, A5" in roles.log


def test_renaming_says_what_a_channel_is_against_the_type_in_the_file() -> None:
    roles = assign_roles(["EXG1", "EXG2", "X"], ["eeg", "eeg", "misc"], {"EXG1": "HEOG", "X": "Pz"}, (), WHERE)
    assert roles.scalp == {"Pz": "X"}
    assert roles.auxiliary == {"HEOG": ("eog", "EXG1")}


def test_a_channel_with_a_10_10_name_that_the_file_calls_no_eeg_is_dropped_aloud() -> None:
    roles = assign_roles(["Cz", "CP5"], ["eeg", "misc"], {}, (), WHERE)
    assert list(roles.scalp) == ["Cz"]
    assert any("although they have 10-10 names" in line and "CP5" in line for line in roles.log)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ["Cz", "EEG 001", "Fp1-F7"],
            r"a\.edf of subject 01 has EEG channels without a 10-10 name, 'EEG 001', 'Fp1-F7': ",
        ),
        (["EEG F1-0", "EEG F1-1"], r"'EEG F1-0', 'EEG F1-1' \(a label that the file holds twice is numbered here"),
        (["T3", "T7"], r"two channels for T7, 'T3' and 'T7': leave one out .*'drop'"),
        (["GSR1", "Resp"], r"no EEG channel with a 10-10 name among 'GSR1', 'Resp': name them"),
    ],
)
def test_what_cannot_be_placed_is_one_sentence_with_the_options(labels: list[str], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        assign_roles(labels, ["eeg"] * len(labels), {}, (), WHERE)


def test_labels_to_drop_that_are_not_there_are_said() -> None:
    roles = assign_roles(["Cz"], ["eeg"], {"EXG1": "M1"}, ("EXG8",), WHERE)
    assert any(line.endswith("does not have: EXG1, EXG8") for line in roles.log)
