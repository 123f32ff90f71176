"""Which channels of an arbitrary recording are scalp EEG, which serve preprocessing, and which go.

Corpora with a fixed montage need none of this. In anybody's own files labels carry prefixes and old names, and most
formats type an eye electrode or a heart lead as EEG like the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from escgan.errors import RecordingError
from escgan.listing import first_of
from escgan.montage import canonical_name
from escgan.recording import AuxiliaryKind

_PREFIX = re.compile(r"^EEG[ _-]+(?=\S)", re.I)
# Reference marks of EDF labels, and the dots that fill labels of some corpora up to four letters.
_SUFFIX = re.compile(r"(-(REF|LE|AR|AVG|CAR))?\.*$", re.I)
_EYES = re.compile(r".*EOG.*|[HV]EO[LRUG]?\d?", re.I)
_HEART = re.compile(r".*(ECG|EKG).*", re.I)
_EARS = re.compile(r"[AM][12]", re.I)
# BioSemi names its electrodes by connector (A1 to A32, then B1 and so on): its A1 is no ear.
_CONNECTOR = re.compile(r"[A-H]\d{1,2}", re.I)
_BEYOND_EARS = re.compile(r"A([3-9]|[12]\d|3[0-2])", re.I)
_NO_BRAIN = re.compile(
    r"(EMG|GSR|EDA|SCR|RESP|PLET|PPG|BVP|TEMP|TEMPERATURE|SPO2|SAO2|PULSE|ERG|EXG|AUX|ACC|GYRO|STATUS|TRIG|TRIGGER|"
    r"STI|MARKER|PHOTIC|COUNTER)([ _-]?[0-9XYZ]*)?",
    re.I,
)
_MOST_NAMED = 12


@dataclass(frozen=True)
class Roles:
    """What a file's channels are for.

    ``scalp`` maps 10-10 names to labels in the file, ``auxiliary`` names to what they measure and their labels;
    both keep the file's order. ``log`` says what was renamed and what goes.
    """

    scalp: Mapping[str, str]
    auxiliary: Mapping[str, tuple[AuxiliaryKind, str]]
    log: tuple[str, ...]


def assign_roles(
    labels: Sequence[str], types: Sequence[str], rename: Mapping[str, str], drop: Sequence[str], where: str
) -> Roles:
    """Sort a file's channels by what they are for.

    Parameters
    ----------
    labels, types
        As in the file, the types in MNE's words.
    rename
        Labels to better names; a channel that is named here counts as what its new name says.
    drop
        Labels to leave out.
    where
        The file and its subject, for messages.

    Raises
    ------
    RecordingError
        A channel of type EEG has no 10-10 name, two have the same, or none is left.
    """
    scalp: dict[str, str] = {}
    auxiliary: dict[str, tuple[AuxiliaryKind, str]] = {}
    gone: list[str] = []
    doubtful: list[str] = []
    unknown: list[str] = []
    by_connector = any(_BEYOND_EARS.fullmatch(_plain(rename.get(label, label))) for label in labels)
    for label, kind in zip(labels, types, strict=True):
        name = rename.get(label, label)
        role = None if label in drop else _role(name, "eeg" if label in rename else kind, by_connector)
        if role is None:
            # The file itself says of such a channel that it is no EEG, for example by its unit.
            (doubtful if label not in drop and _place(name) else gone).append(label)
        elif role == "unknown":
            unknown.append(label)
        elif role == "scalp":
            place = str(_place(name))
            if place in scalp:
                raise RecordingError(
                    f"{where} has two channels for {place}, '{scalp[place]}' and '{label}': leave one out with the "
                    "dataset's option 'drop', or give it its own name with 'rename'."
                )
            scalp[place] = label
        else:
            auxiliary[_plain(name)] = (role, label)
    if unknown:
        raise _no_place(unknown, where)
    if not scalp:
        raise RecordingError(
            f"{where} has no EEG channel with a 10-10 name among {_listed(labels)}: name them with the dataset's "
            "option 'rename'."
        )
    return Roles(scalp, auxiliary, tuple(_log(scalp, auxiliary, gone, doubtful, [*rename, *drop], labels)))


def _role(name: str, kind: str, by_connector: bool) -> AuxiliaryKind | Literal["scalp", "unknown"] | None:
    """Return ``scalp``, ``unknown``, an auxiliary kind, or None for what goes."""
    plain = _plain(name)
    if kind == "eog" or _EYES.fullmatch(plain):
        return "eog"
    if kind == "ecg" or _HEART.fullmatch(plain):
        return "ecg"
    if _EARS.fullmatch(plain) and not (by_connector and plain.upper().startswith("A")):
        return "mastoid"
    if kind != "eeg" or _NO_BRAIN.fullmatch(plain):
        return None
    return "scalp" if _place(name) else "unknown"


def _plain(label: str) -> str:
    return _SUFFIX.sub("", _PREFIX.sub("", label.strip()))


def _place(label: str) -> str | None:
    """Return a label's 10-10 name, or its 10-05 one; None where it has neither."""
    plain = _plain(label)
    name = canonical_name(plain)
    return name if name in _places().values() else _places().get(plain.upper())


@lru_cache(maxsize=1)
def _places() -> Mapping[str, str]:
    """Return the names of the template's scalp positions by their capitals, and Neuroscan's cerebellar ones."""
    import mne

    # MNE 1.13 renamed the montage (same positions) and warns about the old name.
    known = mne.channels.get_builtin_montages()
    montage = mne.channels.make_standard_montage("colin27_1005" if "colin27_1005" in known else "standard_1005")
    return {name.upper(): name for name in (*montage.ch_names, "CB1", "CB2") if not _EARS.fullmatch(name)}


def _no_place(unknown: list[str], where: str) -> RecordingError:
    hint = ""
    stems = [re.sub(r"-\d+$", "", label) for label in unknown]
    if len(set(stems)) < len(stems):
        hint = " (a label that the file holds twice is numbered here: -0, -1)"
    elif all(_CONNECTOR.fullmatch(_plain(label)) for label in unknown):
        hint = " (they look like BioSemi's connectors: the cap's layout says where each sits)"
    return RecordingError(
        f"{where} has EEG channels without a 10-10 name, {_listed(unknown)}{hint}: give them one with the dataset's "
        "option 'rename', or leave them out with 'drop'."
    )


def _log(
    scalp: Mapping[str, str],
    auxiliary: Mapping[str, tuple[AuxiliaryKind, str]],
    gone: list[str],
    doubtful: list[str],
    asked_for: list[str],
    labels: Sequence[str],
) -> list[str]:
    log = []
    renamed = {name: label for name, label in scalp.items() if name != label}
    renamed |= {name: label for name, (_, label) in auxiliary.items() if name != label}
    if renamed:
        log.append("channels renamed: " + ", ".join(f"{label} to {name}" for name, label in renamed.items()))
    if auxiliary:
        kept = ", ".join(f"{name} ({kind})" for name, (kind, _) in auxiliary.items())
        log.append(f"channels kept beside the scalp EEG, for the steps that need them: {kept}")
    if gone:
        log.append(f"channels dropped, not scalp EEG or not wanted: {', '.join(gone)}")
    if doubtful:
        log.append(
            f"channels dropped although they have 10-10 names, since the file does not give them as EEG: "
            f"{', '.join(doubtful)} (name them in the dataset's option 'rename' if they are)"
        )
    absent = [label for label in asked_for if label not in labels]
    if absent:
        log.append(f"channels to rename or drop that this file does not have: {', '.join(absent)}")
    return log


def _listed(labels: Sequence[str]) -> str:
    return first_of([f"'{label}'" for label in labels], _MOST_NAMED)
