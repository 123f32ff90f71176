"""Reading one BioSemi BDF file: the EEG through MNE, the trigger codes from the file's own bytes.

A trigger channel holds 24-bit words whose low 8 bits are the code; the higher bits are the amplifier's own
state. MNE knows such a channel by the name ``Status`` only. Some corpora's files leave it unnamed, and MNE then
takes it for EEG with a calibration, so its bytes are read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.amplitude import refuse_implausible
from escgan.datasets.edf import MNE_FAILURES, Header, checked_header, damaged
from escgan.errors import RecordingError
from escgan.montage import canonical_name

_SAMPLE_BYTES = 3
_TRIGGER = "Status"
# "-0" and "-1" are what MNE makes of several channels without a name; files saved again carry that on.
_NO_NAME = ("", "-0", "-1")
_MICROVOLT = ("uV", "µV")
_VOLT_IN_UV = 1e6
# Read a minute at a time: MNE works in float64, twice the size of what is kept.
_CHUNK_S = 60.0
# The amplitudes are judged on the middle of what is read: over minutes, an amplifier without a high-pass drifts.
_JUDGED_S = 10.0


@dataclass(frozen=True)
class BdfFile:
    """A BDF file of the right size; ``sfreq`` and ``n_times`` are those of its trigger channel."""

    path: Path
    subject: str
    header: Header
    trigger: int
    """Index of the trigger channel."""

    @property
    def sfreq(self) -> float:
        """Sampling rate in Hz."""
        return self.header.record_lengths[self.trigger] / self.header.record_s

    @property
    def n_times(self) -> int:
        """Number of samples of a channel."""
        return self.header.record_lengths[self.trigger] * self.header.n_records

    @property
    def where(self) -> str:
        """The file and its subject, to begin a message with."""
        return f"The file {self.path.name} of subject {self.subject}"

    def trigger_codes(self) -> NDArray[np.uint8]:
        """Return the code at every sample, ``(n_times,)``: the low 8 bits of the trigger words."""
        header = self.header
        records = np.memmap(
            self.path, np.uint8, "r", offset=header.header_bytes, shape=(header.n_records, header.record_bytes)
        )
        start = _SAMPLE_BYTES * sum(header.record_lengths[: self.trigger])
        stop = start + _SAMPLE_BYTES * header.record_lengths[self.trigger]
        # Words are little-endian: every third byte is a low one.
        return np.array(records[:, start:stop:_SAMPLE_BYTES]).reshape(-1)

    def microvolts(self, names: Sequence[str], start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Read channels by their 10-10 or BioSemi names, in the order asked for.

        Returns
        -------
        samples
            ``(n_names, stop - start)`` microvolts; float32 rounds them by less than a step of the amplifier, 0.03 uV.

        Raises
        ------
        RecordingError
            A channel is missing, named twice, of another rate or unit, the amplitudes are not those of
            electrodes, or MNE cannot read the file.
        """
        import mne

        stop = self.n_times if stop is None else stop
        labels = [self._label(name) for name in names]
        samples = np.empty((len(labels), stop - start), np.float32)
        chunk = round(_CHUNK_S * self.sfreq)
        try:
            raw = mne.io.read_raw_bdf(self.path, preload=False, verbose="error")
            picks = [raw.ch_names.index(label) for label in labels]
            for first in range(start, stop, chunk):
                last = min(first + chunk, stop)
                volts = raw.get_data(picks, first, last, verbose="error")
                samples[:, first - start : last - start] = volts * _VOLT_IN_UV
        except MNE_FAILURES as error:
            raise damaged(self.path, self.subject, f"MNE says: {error}") from error
        middle, half = samples.shape[1] // 2, round(_JUDGED_S * self.sfreq / 2)
        refuse_implausible([samples[:, max(0, middle - half) : middle + half]], self.where)
        return samples

    def _label(self, name: str) -> str:
        """Return the label that the file gives a channel, after checking that it can be read with the others."""
        found = [i for i, label in enumerate(self.header.labels) if canonical_name(label) == canonical_name(name)]
        if len(found) != 1:
            count = "lacks" if not found else f"has {len(found)} channels named"
            raise RecordingError(f"{self.where} {count} '{name}': use the files as the corpus' owners distribute them.")
        (index,) = found
        if self.header.units[index] not in _MICROVOLT:
            raise RecordingError(
                f"{self.where} gives channel '{name}' in '{self.header.units[index]}', not in microvolts: use the "
                "files as the corpus' owners distribute them."
            )
        if self.header.record_lengths[index] != self.header.record_lengths[self.trigger]:
            raise RecordingError(
                f"{self.where} samples channel '{name}' and the triggers at different rates: use the files as the "
                "corpus' owners distribute them."
            )
        return self.header.labels[index]


def open_bdf(path: Path, subject: str, sfreq: float) -> BdfFile:
    """Check a BDF file's size against its header and find its trigger channel.

    Parameters
    ----------
    path, subject
        The file, and whose it is, for messages.
    sfreq
        The rate in Hz at which the corpus distributes its files.

    Raises
    ------
    RecordingError
        The file is missing, damaged, truncated, without triggers or of another rate.
    """
    header = checked_header(path, subject, _SAMPLE_BYTES)
    named = [i for i, label in enumerate(header.labels) if label.lower() == _TRIGGER.lower()]
    candidates = named or [i for i, label in enumerate(header.labels) if label in _NO_NAME]
    if not candidates:
        raise RecordingError(
            f"The file {path.name} of subject {subject} has no trigger channel, neither '{_TRIGGER}' nor one without "
            "a name: use the files as the corpus' owners distribute them."
        )
    # Of several channels without a name, the triggers are the last.
    file = BdfFile(path, subject, header, candidates[-1])
    if file.sfreq != sfreq:
        raise RecordingError(
            f"{file.where} has {file.sfreq:g} Hz instead of {sfreq:g} Hz: use the files as the corpus' owners "
            "distribute them."
        )
    return file


def onsets(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the samples at which a mark begins.

    >>> onsets(np.array([True, False, True, True, False, True])).tolist()
    [0, 2, 5]
    """
    return np.flatnonzero(marked & ~np.concatenate([[False], marked[:-1]]))
