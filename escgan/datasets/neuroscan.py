"""Reading a Neuroscan ``.cnt`` recording in microvolts, as many of its samples at a time as are wanted.

The header does not say whether samples have 16 or 32 bits, and its number of samples, from which that would
follow, is wrong in real files: negative in one of SEED-V's. So the width is decided by what the samples
then look like, and the header's numbers are compared with the result. The file is mapped, not loaded: an hour
of 66 channels at 1000 Hz is 1 GB.

Layout: Paul Bourke, "EEG file formats: NeuroScan CNT" (paulbourke.net/dataformats/eeg), as MNE reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.amplitude import HIGHEST_UV, LOWEST_UV, typical_deviation
from escgan.errors import RecordingError

_HEADER_BYTES = 900
_ELECTRODE_BYTES = 75
_NAME_BYTES = 10
# An amplifier of 12 bits over +-5 V: the scale is microvolts a bit at sensitivity and calibration 1.
_BITS_A_UNIT = 204.8
_EXCERPTS, _EXCERPT_S = 5, 2.0
# The header's duration is a single-precision number that recorders round to a second.
_DURATION_SLACK_S = 1.0
_BLOCK_S = 10.0


class _Header(NamedTuple):
    names: tuple[str, ...]
    gains: NDArray[np.float64]
    baselines: NDArray[np.float64]
    sfreq: float
    data_start: int
    data_bytes: int
    announced_samples: int
    announced_s: float
    interleaving: int


@dataclass(frozen=True)
class CntFile:
    """An open recording: ``n_times`` samples of ``bits`` bits for each channel.

    ``log`` says in words what in the header was not believed.
    """

    path: Path
    where: str
    header: _Header
    n_times: int
    bits: int
    log: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, as the header writes them."""
        return self.header.names

    @property
    def sfreq(self) -> float:
        """Sampling rate in Hz."""
        return self.header.sfreq

    def read(self, picks: Sequence[int], start: int, stop: int) -> NDArray[np.float32]:
        """Read samples ``start`` to ``stop`` of the channels at ``picks``.

        Returns
        -------
        eeg
            ``(len(picks), stop - start)`` in microvolts: (raw - baseline) * calibration * sensitivity / 204.8.

        Raises
        ------
        RecordingError
            The header gives one of the channels no scale.
        """
        for row in picks:
            if self.header.gains[row] == 0:
                raise RecordingError(
                    f"{self.where} gives channel '{self.names[row]}' the scale 0, from which no microvolts follow: "
                    "get the file again from the corpus."
                )
        return self._microvolts(picks, start, stop)

    def excerpts(self) -> list[NDArray[np.float32]]:
        """Read two seconds of all channels here and there, not at the ends: those may be without a cap."""
        length = min(round(_EXCERPT_S * self.sfreq), self.n_times)
        starts = np.linspace(0, self.n_times - length, _EXCERPTS + 2)[1:-1].astype(int)
        return [self._microvolts(range(len(self.names)), int(start), int(start) + length) for start in starts]

    def _microvolts(self, picks: Sequence[int], start: int, stop: int) -> NDArray[np.float32]:
        if not 0 <= start <= stop <= self.n_times:
            raise ValueError(f"Samples {start} to {stop} lie outside a recording of {self.n_times}.")
        rows = np.asarray(picks, dtype=np.intp)
        shape = (self.n_times, len(self.names))
        mapped = np.memmap(self.path, f"<i{self.bits // 8}", "r", self.header.data_start, shape)
        baselines, gains = self.header.baselines[rows], self.header.gains[rows]
        eeg = np.empty((len(rows), stop - start), np.float32)
        step = round(_BLOCK_S * self.sfreq)
        for first in range(start, stop, step):
            last = min(first + step, stop)
            # Infinite where a scale is absurd, which is noticed by whoever looks at the samples.
            with np.errstate(over="ignore"):
                eeg[:, first - start : last - start] = ((mapped[first:last, rows] - baselines) * gains).T
        return eeg


def open_cnt(path: Path, subject: str) -> CntFile:
    """Open a recording and decide how wide its samples are.

    Raises
    ------
    RecordingError
        The file is missing, truncated or contradicts itself, or no width makes its samples EEG in microvolts;
        the message names file and subject.
    """
    where = f"The file {path.name} of subject {subject}"
    try:
        header = _read_header(path)
    except FileNotFoundError:
        raise RecordingError(f"{where} is missing: get it from the corpus.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RecordingError(
            f"{where} is damaged, truncated or no Neuroscan recording ({reason}): get it again from the corpus."
        ) from error
    try:
        return _checked(_believable(path, where, header), header)
    except ValueError as error:
        raise RecordingError(f"{where} cannot be right ({error}): get it again from the corpus.") from error


def _read_header(path: Path) -> _Header:
    """Read what the header says; raises ValueError where the file cannot be what it says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        fixed = file.read(_HEADER_BYTES)
        if len(fixed) < _HEADER_BYTES:
            raise ValueError(f"it has {size} bytes, fewer than a header")
        (n_channels,) = struct.unpack_from("<H", fixed, 370)
        (sfreq,) = struct.unpack_from("<H", fixed, 376)
        (announced_samples,) = struct.unpack_from("<i", fixed, 864)
        # Unsigned, so that the offsets of recordings beyond 2 GB are right as well.
        event_table, announced_s, interleaving = struct.unpack_from("<Ifi", fixed, 886)
        electrodes = file.read(_ELECTRODE_BYTES * n_channels)
    if n_channels == 0 or sfreq == 0:
        raise ValueError(f"its header announces {n_channels} channels at {sfreq} Hz")
    data_start = _HEADER_BYTES + _ELECTRODE_BYTES * n_channels
    if len(electrodes) < _ELECTRODE_BYTES * n_channels:
        raise ValueError(f"it ends inside the header of its {n_channels} channels")
    if event_table <= data_start:
        raise ValueError(f"its event table begins at byte {event_table}, before any sample")
    if event_table > size:
        raise ValueError(f"it has {size} bytes where its event table should begin at byte {event_table}")
    fields = [electrodes[i : i + _ELECTRODE_BYTES] for i in range(0, len(electrodes), _ELECTRODE_BYTES)]
    sensitivity, calibration = (
        np.array([struct.unpack_from("<f", field, at)[0] for field in fields]) for at in (59, 71)
    )
    names = tuple(field[:_NAME_BYTES].partition(b"\0")[0].decode("latin1").strip() for field in fields)
    gains = sensitivity * calibration / _BITS_A_UNIT
    if not np.isfinite(gains).all():
        raise ValueError(f"its header gives channel '{names[int(np.argmin(np.isfinite(gains)))]}' no scale")
    return _Header(
        names=names,
        gains=gains,
        baselines=np.array([struct.unpack_from("<h", field, 47)[0] for field in fields], np.float64),
        sfreq=float(sfreq),
        data_start=data_start,
        data_bytes=event_table - data_start,
        announced_samples=announced_samples,
        announced_s=announced_s,
        interleaving=interleaving,
    )


def _believable(path: Path, where: str, header: _Header) -> CntFile:
    """Choose the width of samples; raises ValueError where none fits.

    Two 16-bit samples taken for one of 32 bits are 65536 times too large, so 32 bits that look like EEG are
    32 bits. The halves of a 32-bit sample taken for two of 16 can look like anything: 16 bits are chosen only
    where 32 do not fit, and the header does not say that they should.
    """
    deviations = {}
    for bits in (32, 16):
        n_times, rest = divmod(header.data_bytes, len(header.names) * bits // 8)
        if rest or n_times < 2:
            continue
        file = CntFile(path, where, header, n_times, bits)
        with np.errstate(invalid="ignore", over="ignore"):
            deviations[bits] = typical_deviation(file.excerpts())
        if LOWEST_UV <= deviations[bits] <= HIGHEST_UV:
            return file
        if n_times == header.announced_samples:
            break
    if not deviations:
        raise ValueError(
            f"its {header.data_bytes} bytes of data are no whole number of samples of {len(header.names)} channels "
            "at 16 or 32 bits"
        )
    listed = " and ".join(f"of {found:.3g} uV at {bits} bits" for bits, found in deviations.items())
    raise ValueError(f"its samples have a typical standard deviation {listed}, which is no EEG")


def _checked(file: CntFile, header: _Header) -> CntFile:
    """Compare the result with the numbers that the header announces; raises ValueError where they exclude it."""
    actual_s = file.n_times / file.sfreq
    announced, announced_s = header.announced_samples, header.announced_s
    fits = announced == file.n_times or abs(announced_s - actual_s) <= _DURATION_SLACK_S
    # Two numbers that confirm each other are no accident: samples are missing. One alone is often wrong.
    confirmed = min(announced, announced_s) > 0 and abs(announced_s - announced / file.sfreq) <= _DURATION_SLACK_S
    if confirmed and not fits:
        raise ValueError(
            f"its header announces {announced} samples, {announced_s:.0f} s, but its data are {file.n_times} samples "
            f"of {file.bits} bits, {actual_s:.0f} s"
        )
    in_a_row = header.interleaving // (file.bits // 8)
    if in_a_row > 1:
        raise ValueError(
            f"it stores {in_a_row} samples of a channel in a row, and only files with the samples of all channels "
            "side by side are read"
        )
    if fits:
        return file
    log = (
        f"the header's {announced} samples and {announced_s:g} s not believed: the data are {file.n_times} samples of "
        f"{file.bits} bits, {actual_s:g} s"
    )
    return replace(file, log=(log,))
