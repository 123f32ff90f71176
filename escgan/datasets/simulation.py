"""The physics of the simulated corpus: dipoles in a spherical head, whose rhythms depend on the class.

Each source emits band-limited rhythms with random phases over 1/f background activity. MNE's spherical
head model carries them to DEAP's 32 electrodes; sensor noise is added; then follows what DEAP's own preprocessing
does: average reference and a 4-45 Hz band-pass. What the class changes is known exactly, so that a pipeline
can be asked to find it, and, with no effect, to find nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.deap import BASELINE_S, N_TIMES, PASSBAND_HZ, PERIPHERALS, SFREQ_HZ
from escgan.datasets.simulated_head import SITES, lead_field, source_positions
from escgan.seeds import generator

# Edges in Hz and the usual strength of each rhythm, in units of the 1/f background's total.
BANDS_HZ = {"theta": (4.0, 7.5), "alpha": (8.5, 12.5), "beta": (14.0, 29.0), "gamma": (31.0, 44.0)}
_STRENGTH = {"theta": 0.7, "alpha": 0.8, "beta": 0.5, "gamma": 0.25}
_ALPHA_AT_THE_BACK = 2.0
# What high valence does to a rhythm's log-amplitude, relative to low valence, for an effect of 1: frontal
# alpha asymmetry (less alpha on the active left side) and stronger temporal beta and gamma.
CLASS_EFFECTS = {
    ("F3", "alpha"): -0.4,
    ("F4", "alpha"): 0.4,
    ("T7", "beta"): 0.35,
    ("T8", "beta"): 0.35,
    ("T7", "gamma"): 0.4,
    ("T8", "gamma"): 0.4,
}
# Spread of natural logarithms of amplitudes between subjects and between a subject's trials.
_SUBJECT_SPREAD, _TRIAL_SPREAD, _EFFECT_SPREAD = 0.35, 0.2, 0.3
# Slow waxing and waning of each rhythm: its spread, and its fastest component in Hz.
_WANING, _WANING_HZ = 0.2, 0.3
_SOURCE_UV = 12.0
# The class comes in over half a second from the start of the video, so the baseline knows nothing of it.
_ONSET_S = 0.5


@dataclass(frozen=True)
class SimulatedSubject:
    """What is drawn once for a subject.

    ``gains`` is ``(n_sources, n_bands)``: log-amplitude of each rhythm; ``effect`` is this subject's own
    effect size; ``high`` is ``(n_trials,)`` bool, True for high valence.
    """

    gains: NDArray[np.float64]
    effect: float
    high: NDArray[np.bool_]


def draw_subject(seed: int, subject: int, n_trials: int, minority_share: float, effect: float) -> SimulatedSubject:
    """Draw a subject; the draw depends on no other subject."""
    rng = generator(seed, "simulated", "subject", subject)
    gains = rng.normal(0.0, _SUBJECT_SPREAD, (len(SITES), len(BANDS_HZ)))
    own_effect = effect * float(np.exp(rng.normal(0.0, _EFFECT_SPREAD)))
    # Both classes occur in every subject, however small the share.
    n_low = min(max(round(minority_share * n_trials), 1), n_trials - 1)
    high = rng.permutation(np.arange(n_trials) >= n_low)
    return SimulatedSubject(gains, own_effect, high)


def simulate_ratings(seed: int, subject: int, high: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw ratings ``(n_trials, 4)`` on 1 to 9: valence follows the class, the others follow nothing."""
    rng = generator(seed, "simulated", "ratings", subject)
    ratings = rng.uniform(1.0, 9.0, (len(high), 4))
    # Clear of the threshold of 5 on both sides, so that >= 5, > 5 and > 4.5 give the same classes.
    ratings[:, 0] = np.where(high, rng.uniform(5.2, 9.0, len(high)), rng.uniform(1.0, 4.4, len(high)))
    return ratings.round(2)


def simulate_trial(
    seed: int, subject: int, trial: int, drawn: SimulatedSubject, sensor_noise_uv: float
) -> NDArray[np.float64]:
    """Simulate one trial of a subject.

    Parameters
    ----------
    seed
        Seed of the cohort.
    subject, trial
        Numbers that name the random streams.
    drawn
        The subject.
    sensor_noise_uv
        Standard deviation of each electrode's own white noise, in microvolts, before the band-pass.

    Returns
    -------
    data
        ``(40, 8064)``: 32 EEG channels in microvolts and 8 peripheral ones, at 128 Hz, 3 s of baseline first.
    """
    from mne.filter import filter_data

    rng = generator(seed, "simulated", "subject", subject, "trial", trial)
    sources = _pink(rng, len(SITES))
    log_amplitudes = drawn.gains + rng.normal(0.0, _TRIAL_SPREAD, drawn.gains.shape)
    # The classes differ by the effect: each takes half of it, in opposite directions.
    changes = (0.5 if drawn.high[trial] else -0.5) * drawn.effect * _effect_matrix()
    onset = _onset()
    for j, (name, (low, high)) in enumerate(BANDS_HZ.items()):
        rhythms = _noise(rng, len(SITES), low, high)
        waning = _WANING * _noise(rng, len(SITES), 0.0, _WANING_HZ)
        change = changes[:, j, None] * onset
        strength = _strengths(name)[:, None]
        sources += strength * np.exp(log_amplitudes[:, j, None] + waning + change) * rhythms
    eeg = _SOURCE_UV * lead_field() @ sources
    eeg += sensor_noise_uv * rng.standard_normal(eeg.shape)
    eeg -= eeg.mean(axis=0)
    eeg = filter_data(eeg, SFREQ_HZ, *PASSBAND_HZ, n_jobs=1, verbose="error")
    return np.concatenate([eeg, _peripherals(rng)])


def source_table() -> list[dict[str, object]]:
    """Return where each source lies, its orientation, and what the class changes there, for the record."""
    positions, orientations = source_positions()
    return [
        {
            "site": site,
            "position_m": [round(float(x), 5) for x in positions[i]],
            "orientation": [round(float(x), 5) for x in orientations[i]],
            "log_amplitude_change": {band: size for (where, band), size in CLASS_EFFECTS.items() if where == site},
        }
        for i, site in enumerate(SITES)
    ]


def _noise(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Draw ``(n, 8064)`` Gaussian noise of unit variance between two frequencies."""
    frequencies = np.fft.rfftfreq(N_TIMES, 1 / SFREQ_HZ)
    inside = np.flatnonzero((frequencies > low_hz) & (frequencies <= high_hz))
    spectrum = np.zeros((n, len(frequencies)), np.complex128)
    spectrum[:, inside] = rng.standard_normal((n, len(inside))) + 1j * rng.standard_normal((n, len(inside)))
    # Each of the K complex terms has variance 2 and comes with its conjugate:
    # irfft then has variance 4 K / N^2.
    return np.fft.irfft(spectrum, N_TIMES) * (N_TIMES / (2 * np.sqrt(len(inside))))


def _pink(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw ``(n, 8064)`` noise of unit variance whose power falls as 1/f from 1 Hz on."""
    spectrum = np.fft.rfft(rng.standard_normal((n, N_TIMES)))
    frequencies = np.fft.rfftfreq(N_TIMES, 1 / SFREQ_HZ)
    signal = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 1.0)), N_TIMES)
    return signal / signal.std(axis=1, keepdims=True)


def _peripherals(rng: np.random.Generator) -> NDArray[np.float64]:
    """Fill the eight channels that no reader of EEG uses with signals of about the right look."""
    times = np.arange(N_TIMES) / SFREQ_HZ
    signals = 20.0 * _pink(rng, len(PERIPHERALS))
    phases = rng.uniform(0.0, 2 * np.pi, 2)
    signals[PERIPHERALS.index("Resp")] += 500.0 * np.sin(2 * np.pi * 0.25 * times + phases[0])
    signals[PERIPHERALS.index("Plet")] += 300.0 * np.sin(2 * np.pi * 1.2 * times + phases[1])
    return signals


def _onset() -> NDArray[np.float64]:
    times = np.arange(N_TIMES) / SFREQ_HZ
    return np.clip((times - BASELINE_S) / _ONSET_S, 0.0, 1.0)


def _strengths(band: str) -> NDArray[np.float64]:
    at_the_back = np.array([site[0] in "PO" for site in SITES])
    return _STRENGTH[band] * np.where(at_the_back & (band == "alpha"), _ALPHA_AT_THE_BACK, 1.0)


def _effect_matrix() -> NDArray[np.float64]:
    return np.array([[CLASS_EFFECTS.get((site, band), 0.0) for band in BANDS_HZ] for site in SITES])
