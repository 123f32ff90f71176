"""Artifact subspace reconstruction: what is far larger than the clean signal is rebuilt from the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.errors import RecordingError
from escgan.extras import need_package
from escgan.preprocessing.joined import joined
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step
from escgan.recording import Cleaned

_VOLT_IN_UV = 1e6
# The shaping filter is given points at 0, 2, 3, 13, 16 and 40 Hz and one below Nyquist, in rising order.
_LEAST_SFREQ_HZ = 83.0
# The lower end of the transition of EEGLAB's own high-pass before ASR.
_LEAST_HIGH_PASS_HZ = 0.25
_LEAST_CHANNELS = 4
# asrpy asks for calibration data of "not much less than 30 seconds".
_LEAST_SIGNAL_S, _LEAST_CLEAN_S = 30.0, 15.0
# asrpy keeps seven arrays of n_channels^2 a sample: long segments are treated in parts of about this many bytes.
_PART_BYTES = 256e6
# By then the shaping filter's impulse response has fallen to a millionth.
_FILTER_DECAY_S = 1.0
# Power below this share of the largest is rounding: of a common reference, or of interpolated channels.
_RANK_TOLERANCE = 1e-10
# What is changed by less than this share of the signal's deviation is rounding as well.
_UNCHANGED = 1e-6
# Stretches that are nearer to each other are told as one.
_JOIN_S = 0.5


class Asr(Step):
    """Rebuild short bursts of large amplitude, with asrpy.

    The method is that of Kothe and Jung (US patent application 14/895,440, 2016): a sliding window's principal
    components that exceed the clean signal's deviation ``cutoff`` times are replaced by what the recording's own
    clean stretches, which asrpy finds, predict from the other components. Everything else keeps its samples
    exactly.

    asrpy's functions are handed microvolts, for which their tolerances are made (in volts the robust covariance
    stops at its first iteration), in the subspace that the channels span (a common reference or an interpolation
    leaves fewer dimensions than channels), and segments continued by their mirror image, so that they are judged
    and treated to their very ends.
    """

    cleans: ClassVar[Cleaned | None] = "segments"

    kind: Literal["asr"] = "asr"
    cutoff: float = Field(default=20.0, ge=2.5)
    """Standard deviations of the clean signal from which on a component is rebuilt; 20 to 30 is usual."""

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a signal with drifts, too low a sampling rate or too few channels."""
        need_package("Step 'asr'", "asrpy")
        if facts.passband_hz[0] < _LEAST_HIGH_PASS_HZ:
            raise RecordingError(
                f"Step 'asr' takes slow drifts for artefacts, but the signal of {facts.name} reaches down to "
                f"{facts.passband_hz[0]:g} Hz: put a band-pass from 0.5 or 1 Hz before it."
            )
        if facts.sfreq < _LEAST_SFREQ_HZ:
            raise RecordingError(
                f"Step 'asr' needs a sampling rate of at least {_LEAST_SFREQ_HZ:g} Hz, but {facts.name} has "
                f"{facts.sfreq:g} Hz: put it before the resampling or leave it out."
            )
        if len(facts.channels) < _LEAST_CHANNELS:
            raise RecordingError(
                f"Step 'asr' rebuilds a channel from the others and needs {_LEAST_CHANNELS}, but {facts.name} has "
                f"{len(facts.channels)}: leave the step out."
            )
        return Plan(facts, f"components beyond {self.cutoff:g} deviations of the clean signal are rebuilt")

    def treat(self, signal: Signal) -> Findings:
        """Calibrate on all segments together and treat each; channels marked as bad are left as they are."""
        import mne

        facts = signal.facts
        picks = mne.pick_types(signal.segments[0].info, eeg=True, exclude="bads")
        calibration = self._calibrate(joined(signal).get_data(picks=picks) * _VOLT_IN_UV, signal, picks)
        stretches: list[list[float]] = []
        n_changed = n_times = 0
        for index, segment in enumerate(signal.segments):
            volts = segment.get_data(picks=picks)
            change = calibration.change(volts * _VOLT_IN_UV)
            segment[picks] = volts + change / _VOLT_IN_UV
            changed = np.flatnonzero(np.abs(change).max(axis=0))
            n_changed, n_times = n_changed + len(changed), n_times + segment.n_times
            stretches += [[index, start, stop] for start, stop in _stretches(changed, facts.sfreq)]
        share = float(n_changed / n_times)
        words = (
            f"calibrated on {calibration.clean_s:.1f} of {calibration.usable_s:.1f} s, rebuilt "
            f"{n_changed / facts.sfreq:.1f} s ({100 * share:.1f} %) in {len(stretches)} stretches"
        )
        details = {
            "repaired": stretches,
            "repaired_share": round(share, 6),
            "calibration_s": round(calibration.clean_s, 3),
            "dimensions": calibration.basis.shape[1],
        }
        return Findings(words, details)

    def _calibrate(self, eeg: NDArray[np.float64], signal: Signal, picks: Sequence[int]) -> _Calibration:
        """Let asrpy find the clean stretches of ``(n_channels, n_times)`` in microvolts and measure them."""
        facts = signal.facts
        _check_signal(eeg, [signal.segments[0].ch_names[pick] for pick in picks], facts)
        window_s = max(0.5, 1.5 * len(eeg) / facts.sfreq)
        # A distribution without spread divides by zero inside asrpy; the thresholds are checked below.
        with np.errstate(divide="ignore", invalid="ignore"):
            clean, _ = _asrpy("clean_windows")(eeg, facts.sfreq, max_bad_chans=0.1, win_len=window_s)
            clean_s = clean.shape[1] / facts.sfreq
            if clean_s < _LEAST_CLEAN_S:
                raise RecordingError(
                    f"Step 'asr' found {clean_s:.1f} clean of {eeg.shape[1] / facts.sfreq:.1f} s in {facts.name}, too "
                    f"little to calibrate on ({_LEAST_CLEAN_S:g} s): find bad channels before it or leave the "
                    "recording out."
                )
            basis = _basis(clean)
            try:
                mixing, thresholds = _asrpy("asr_calibrate")(
                    basis.T @ clean, facts.sfreq, cutoff=self.cutoff, win_len=window_s
                )
            except np.linalg.LinAlgError as error:
                raise _no_calibration(facts) from error
        if np.iscomplexobj(mixing) or not (np.isfinite(mixing).all() and np.isfinite(thresholds).all()):
            raise _no_calibration(facts)
        return _Calibration(basis, mixing, thresholds, facts.sfreq, window_s, clean_s, eeg.shape[1] / facts.sfreq)


@dataclass(frozen=True)
class _Calibration:
    """The clean signal's mixing ``M`` and thresholds ``T``, in the subspace of ``basis`` (n_channels, n_dimensions)."""

    basis: NDArray[np.float64]
    mixing: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    sfreq: float
    window_s: float
    clean_s: float
    usable_s: float

    def change(self, eeg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what has to be added to a segment ``(n_channels, n_times)`` in microvolts; exact zeros elsewhere."""
        signal = self.basis.T @ eeg
        difference = self._process(signal) - signal
        difference[:, np.abs(difference).max(axis=0) <= _UNCHANGED * signal.std()] = 0.0
        return self.basis @ difference

    def _process(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Treat a segment part by part.

        Each part begins early enough for filter and covariance to have settled, and on the same grid of updates,
        so that the parts give what the whole would; and it ends late enough for asrpy, which leaves up to two
        updates at the end of what it is given untreated.
        """
        from asrpy import asr_process

        step = max(1, int(self.sfreq * self.window_s / 2))
        ahead = round(self.window_s / 2 * self.sfreq)
        lead = math.ceil((self.window_s + _FILTER_DECAY_S) * self.sfreq / step) * step
        tail = ahead + 2 * step
        padded = np.pad(signal, ((0, 0), (lead, tail)), mode="reflect")
        budget = int(_PART_BYTES / (7 * 8 * len(signal) ** 2)) - lead - tail
        length = max(budget // step, 4) * step
        parts = []
        for begin in range(0, signal.shape[1], length):
            kept = min(length, signal.shape[1] - begin)
            part = padded[:, begin : begin + lead + kept + tail]
            treated = asr_process(
                part, self.sfreq, self.mixing, self.thresholds, windowlen=self.window_s,
                lookahead=self.window_s / 2, stepsize=step, mem_splits=1,
            )  # fmt: skip
            # The result is late by the time that asrpy looks ahead.
            parts.append(treated[:, ahead + lead : ahead + lead + kept])
        return np.concatenate(parts, axis=1)


def _check_signal(eeg: NDArray[np.float64], names: Sequence[str], facts: SignalFacts) -> None:
    usable_s = eeg.shape[1] / facts.sfreq
    if usable_s < _LEAST_SIGNAL_S:
        raise RecordingError(
            f"Step 'asr' needs {_LEAST_SIGNAL_S:g} s of signal to learn what is clean, but {facts.name} has "
            f"{usable_s:.1f} s: leave the step or the recording out."
        )
    if len(eeg) < _LEAST_CHANNELS:
        raise RecordingError(
            f"Step 'asr' needs {_LEAST_CHANNELS} good channels, but {facts.name} has {len(eeg)}: leave the recording "
            "out."
        )
    flat = [name for name, values in zip(names, eeg, strict=True) if np.ptp(values) == 0]
    if flat:
        raise RecordingError(
            f"Channel {', '.join(map(repr, flat))} of {facts.name} is constant, which step 'asr' cannot take: put "
            "'bad_channels' before it."
        )


def _no_calibration(facts: SignalFacts) -> RecordingError:
    return RecordingError(
        f"Step 'asr' cannot describe the clean signal of {facts.name}: look at its channels or leave the recording out."
    )


def _basis(clean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an orthonormal basis of what the channels span: the channels themselves where nothing is missing."""
    power, directions = np.linalg.eigh(clean @ clean.T)
    spanned = power > _RANK_TOLERANCE * power[-1]
    return np.eye(len(clean)) if spanned.all() else directions[:, spanned]


def _stretches(changed: NDArray[np.intp], sfreq: float) -> list[tuple[float, float]]:
    """List runs of changed samples as (start, stop) in seconds, near ones joined."""
    if not len(changed):
        return []
    breaks = np.flatnonzero(np.diff(changed) > _JOIN_S * sfreq)
    starts, stops = changed[np.r_[0, breaks + 1]], changed[np.r_[breaks, len(changed) - 1]] + 1
    return [(round(float(a / sfreq), 3), round(float(b / sfreq), 3)) for a, b in zip(starts, stops, strict=True)]


def _asrpy(name: str) -> Callable[..., Any]:
    """Return asrpy's own function of that name, made to run under today's NumPy and without printing.

    asrpy 0.0.8 uses the array of one element that ``numpy.diff`` gives for two numbers as a scalar, which NumPy
    refuses from 2.4 on. The function's code is run with a ``numpy.diff`` that returns a scalar there: the same
    arithmetic, bit for bit, as under older releases. The package itself is left untouched.
    """
    from importlib.metadata import version

    from asrpy import asr, asr_utils

    fit = asr_utils.fit_eeg_distribution
    if version("asrpy") == "0.0.8":
        fit = _with_names(fit, np=_ScalarDiff())
    return _with_names(getattr(asr, name), fit_eeg_distribution=fit, print=lambda *_: None)


def _with_names(function: FunctionType, **names: Any) -> FunctionType:
    known = function.__globals__ | names
    return FunctionType(function.__code__, known, function.__name__, function.__defaults__, function.__closure__)


class _ScalarDiff:
    """NumPy, with a ``diff`` of two numbers that is a number."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def diff(values: NDArray[np.floating]) -> Any:
        found = np.diff(values)
        return found[0] if found.shape == (1,) else found
