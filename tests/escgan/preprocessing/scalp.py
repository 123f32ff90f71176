"""A simulated head: brain sources, eyes and heart mixed into scalp channels by known maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mne
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.step import Signal, SignalFacts
from escgan.recording import AuxiliaryKind, RawRecording, Recording, Segment, TrialSpan

CHANNELS = tuple("Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split())
# Angles from the vertex and from the nose, in degrees, as the 10-20 system defines its places.
# fmt: off
_ANGLES = {
    "Fp1": (90, -18), "Fp2": (90, 18), "F7": (90, -54), "F8": (90, 54), "T7": (90, -90), "T8": (90, 90),
    "P7": (90, -126), "P8": (90, 126), "O1": (90, -162), "O2": (90, 162), "Fz": (45, 0), "Cz": (0, 0), "Pz": (45, 180),
    "C3": (45, -90), "C4": (45, 90), "F3": (60, -39), "F4": (60, 39), "P3": (60, -141), "P4": (60, 141),
}
# fmt: on
SFREQ = 250.0


@dataclass(frozen=True)
class Scalp:
    """What was mixed, in microvolts: ``brain`` and ``blinks`` are (19, n_times) and add up to what is recorded."""

    brain: NDArray[np.float64]
    blinks: NDArray[np.float64]
    eye: NDArray[np.float64]
    heart: NDArray[np.float64]

    def recording(
        self,
        *,
        eeg: NDArray[np.float64] | None = None,
        aux: Mapping[str, tuple[AuxiliaryKind, NDArray[np.float64]]] | None = None,
        eog: bool = False,
        n_segments: int = 2,
        passband_hz: tuple[float, float] = (0.1, 125.0),
        reference: str = "average",
    ) -> RawRecording:
        """Cut the signals (brain plus blinks unless given) into equal segments of one trial each."""
        eeg = self.brain + self.blinks if eeg is None else eeg
        aux = {"VEO": ("eog", self.veo)} if eog else aux or {}
        extra = np.array([values for _, values in aux.values()]) if aux else None
        n = eeg.shape[1] // n_segments
        parts = [slice(i * n, (i + 1) * n) for i in range(n_segments)]
        return RawRecording(
            "05",
            "1",
            CHANNELS,
            tuple(Segment(eeg[:, part], SFREQ, None if extra is None else extra[:, part]) for part in parts),
            tuple(TrialSpan(i, i + 1, "film", 0.0, n / SFREQ) for i in range(n_segments)),
            passband_hz,
            reference,
            auxiliary={name: kind for name, (kind, _) in aux.items()},
        )

    @property
    def veo(self) -> NDArray[np.float64]:
        """What an electrode below the eye records: the blinks, larger, and noise of its own."""
        return 150 * self.eye + np.random.default_rng(9).normal(0, 3, self.eye.size)


def simulate(seconds: float = 60.0, seed: int = 0) -> Scalp:
    """Mix 14 brain rhythms, a blink every few seconds, a heart and a little noise, average-referenced."""
    rng = np.random.default_rng(seed)
    n = round(seconds * SFREQ)
    places = np.array([_place(*_ANGLES[channel]) for channel in CHANNELS])
    centres = [_place(rng.uniform(0, 90), rng.uniform(-180, 180)) for _ in range(14)]
    maps = np.array([_spread(places, centre, 0.9) for centre in centres]).T
    rhythms = np.array([_rhythm(rng, n, low_hz) for low_hz in rng.uniform(2, 28, 14)])
    # A few microvolts of 1/f background that is nobody's rhythm, and the amplifier's noise.
    noise = rng.normal(0, 0.7, (len(CHANNELS), n))
    heart = _pulses(rng, n, every_s=0.9, width_s=0.06)
    eye = _pulses(rng, n, every_s=3.0, width_s=0.35)
    # The eyes lie below Fp1 and Fp2; what they give falls off quickly behind the forehead.
    eye_map = _spread(places, _place(115, 0), 0.6)
    blinks = np.outer(120 * eye_map / eye_map.max(), eye)
    brain = maps @ rhythms + noise
    return Scalp(brain - brain.mean(axis=0), blinks - blinks.mean(axis=0), eye, heart)


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Correlate all samples of two signals."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def joined_trials(recording: Recording) -> NDArray[np.float64]:
    """Put the trials of a preprocessed recording one after the other."""
    return np.concatenate([trial.eeg for trial in recording.trials], axis=1).astype(np.float64)


def as_signal(raw: RawRecording, bads: tuple[str, ...] = ()) -> Signal:
    """Hand a recording to a step without the chain around it, with channels marked as bad."""
    info = recording_info(raw.channels, raw.auxiliary, raw.segments[0].sfreq, "sub-05")
    info["bads"] = list(bads)
    segments = []
    for segment in raw.segments:
        rows = segment.eeg if segment.auxiliary is None else np.concatenate([segment.eeg, segment.auxiliary])
        segments.append(mne.io.RawArray(rows * 1e-6, info.copy(), verbose="error"))
    shortest_s = min(segment.eeg.shape[1] / segment.sfreq for segment in raw.segments)
    facts = SignalFacts(
        "sub-05",
        raw.channels,
        raw.segments[0].sfreq,
        raw.passband_hz,
        raw.reference,
        shortest_s,
        raw.spans,
        raw.auxiliary,
        bads_marked=bool(bads),
    )
    return Signal(segments, facts)


def scalp_of(signal: Signal) -> NDArray[np.float64]:
    """Return the scalp channels of all segments, one after the other, in microvolts."""
    return np.concatenate([part.get_data(picks=list(signal.facts.channels)) * 1e6 for part in signal.segments], axis=1)


def _place(from_vertex_deg: float, from_nose_deg: float) -> NDArray[np.float64]:
    polar, azimuth = np.deg2rad([from_vertex_deg, from_nose_deg])
    return np.array([np.sin(polar) * np.sin(azimuth), np.sin(polar) * np.cos(azimuth), np.cos(polar)])


def _spread(places: NDArray[np.float64], centre: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    return np.exp(-((places - centre) ** 2).sum(axis=1) / (2 * width**2))


def _rhythm(rng: np.random.Generator, n: int, low_hz: float) -> NDArray[np.float64]:
    """Noise in a band of 8 Hz whose strength waxes and wanes over seconds, as rhythms do; 8 microvolts."""
    carrier = sosfiltfilt(butter(2, [low_hz, low_hz + 8], "bandpass", fs=SFREQ, output="sos"), rng.normal(size=n))
    envelope = np.exp(1.5 * sosfiltfilt(butter(2, 0.5, fs=SFREQ, output="sos"), rng.normal(size=n)) * 10)
    values = carrier * envelope
    return 8 * values / values.std()


def _pulses(rng: np.random.Generator, n: int, every_s: float, width_s: float) -> NDArray[np.float64]:
    """Hann pulses of height 1 at irregular times."""
    pulse = np.hanning(round(width_s * SFREQ))
    train = np.zeros(n)
    at = 0.5
    while (at + width_s) * SFREQ < n:
        start = round(at * SFREQ)
        train[start : start + len(pulse)] = pulse
        at += every_s * rng.uniform(0.7, 1.3)
    return train
