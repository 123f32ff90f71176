"""Bad channels: find electrodes without contact or full of noise, by the detectors of the PREP pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from escgan.errors import RecordingError
from escgan.extras import need_package
from escgan.preprocessing.joined import high_pass_edge, joined
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step
from escgan.recording import Cleaned

Detector = Literal["deviation", "correlation", "hf_noise", "ransac"]

# The detectors judge what lies above 1 Hz, and one of them what lies above 50 Hz.
_LOWEST_HZ = 1.0
_HF_HZ = 50.0
# Below this standard deviation in volts a channel carries no signal (PREP's 1e-9 microvolts).
_FLAT_V = 1e-15
# With fewer channels, what most of them do means nothing.
_LEAST = 4
# RANSAC predicts from a quarter of the channels and needs four for it.
_RANSAC_SHARE = 0.25
_RANSAC_LEAST = 4


class BadChannels(Step):
    """Mark the bad channels of a recording, for a later step (``interpolate``) to rebuild.

    One verdict holds for the whole recording: all segments are judged together, without the stretches that
    were found unusable. A channel that is flat in any segment is always bad. Mastoids and other auxiliary
    channels are never judged. PREP's thresholds apply: five robust standard deviations of the channels'
    amplitudes and of their noise above 50 Hz; a correlation of 0.4 with any other channel in a second.

    References
    ----------
    Bigdely-Shamlo N, Mullen T, Kothe C, Su KM, Robbins KA. The PREP pipeline: standardized preprocessing for
    large-scale EEG analysis. Front Neuroinform 2015;9:16. doi:10.3389/fninf.2015.00016, as pyprep computes it.
    """

    cleans: ClassVar[Cleaned | None] = "channels"

    kind: Literal["bad_channels"] = "bad_channels"
    detectors: tuple[Detector, ...] = ("deviation", "correlation", "hf_noise")
    """Beside the flat ones: ``deviation`` (amplitude unlike the others'), ``correlation`` (like no other channel),
    ``hf_noise`` (noise above 50 Hz), ``ransac`` (not what a random quarter of the others predicts; slow, meant
    for dense caps, and after the first two)."""
    uncorrelated_share: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of the seconds in which a channel may be like no other, or silent, before ``correlation`` marks it."""
    most: Annotated[float, Field(gt=0, le=0.5)] = 0.4
    """Share of the channels that may be bad; a recording with more is refused."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of RANSAC's random subsets."""

    @field_validator("detectors")
    @classmethod
    def _detectors_fit_together(cls, detectors: tuple[Detector, ...]) -> tuple[Detector, ...]:
        if len(set(detectors)) != len(detectors):
            raise ValueError("A detector is named twice: name each once.")
        if "ransac" in detectors and not {"deviation", "correlation"} <= set(detectors):
            raise ValueError(
                "RANSAC predicts from channels that are thought good: name 'deviation' and 'correlation' beside it."
            )
        return detectors

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse segments shorter than the detectors' high-pass, and RANSAC on few channels."""
        need_package("Step 'bad_channels'", "pyprep")
        high_pass_edge(facts, _LOWEST_HZ, "bad_channels")
        if "ransac" in self.detectors and not _enough_for_ransac(len(facts.channels), len(facts.channels)):
            raise RecordingError(
                f"RANSAC needs at least 14 channels, but {facts.name} has {len(facts.channels)}: remove 'ransac' "
                "from the detectors."
            )
        if len(facts.channels) < _LEAST:
            raise RecordingError(
                f"Bad channels are found by comparison, but {facts.name} has only {len(facts.channels)} channels: "
                "remove the step 'bad_channels'."
            )
        warnings = []
        if "hf_noise" in self.detectors and "hf_noise" not in self._used(facts):
            warnings.append(
                f"the signal ends at {facts.passband_hz[1]:g} Hz, so 'hf_noise', which looks above {_HF_HZ:g} Hz, "
                "is left out"
            )
        if facts.reference == "average":
            warnings.append(
                "the signal is average-referenced already, which spreads a bad channel over all others: find bad "
                "channels before re-referencing where the files allow it"
            )
        decision = f"channels judged together by {', '.join(('flat', *self._used(facts)))} (PREP)"
        return Plan(replace(facts, bads_marked=True), decision, "; ".join(warnings) or None)

    def treat(self, signal: Signal) -> Findings:
        """Mark the same channels in every segment; refuse the recording where they are too many."""
        channels = signal.facts.channels
        earlier = [channel for channel in channels if channel in signal.segments[0].info["bads"]]
        flat = [channel for channel in _flat(signal) if channel not in earlier]
        reasons = {channel: ["flat"] for channel in flat}
        self._refuse_too_many(reasons, earlier, signal.facts)
        found, remark = self._detected(signal, [*earlier, *flat])
        for channel in channels:
            named = [detector for detector, bads in found.items() if channel in bads]
            if named:
                reasons[channel] = named
        reasons = {channel: reasons[channel] for channel in channels if channel in reasons}
        self._refuse_too_many(reasons, earlier, signal.facts)
        for segment in signal.segments:
            segment.info["bads"] = [channel for channel in channels if channel in earlier or channel in reasons]
        words = ", ".join(f"{channel} ({', '.join(why)})" for channel, why in reasons.items()) or "none is bad"
        return Findings(words + remark, {"channels": list(reasons), "reasons": reasons})

    def _detected(self, signal: Signal, left_out: Sequence[str]) -> tuple[dict[str, Sequence[str]], str]:
        """Run the detectors; also say in words if one of them could not be run."""
        import mne
        from pyprep import NoisyChannels

        low_hz = high_pass_edge(signal.facts, _LOWEST_HZ, self.kind)
        raw = joined(signal, low_hz=low_hz, drop=[*left_out, *signal.facts.auxiliary])
        remark = ""
        # RANSAC draws a progress bar unless MNE is quiet; robust deviations divide by zero where channels are equal,
        # and the detectors take the NaN that comes of it for bad.
        with mne.use_log_level("error"), np.errstate(divide="ignore", invalid="ignore"):
            noisy = NoisyChannels(raw, do_detrend=False, random_state=self.seed)
            found: dict[str, Sequence[str]] = {"flat": noisy.bad_by_flat}
            if "deviation" in self.detectors:
                noisy.find_bad_by_deviation()
                found["deviation"] = noisy.bad_by_deviation
            if "correlation" in self.detectors:
                noisy.find_bad_by_correlation(frac_bad=self.uncorrelated_share)
                found |= {"correlation": noisy.bad_by_correlation, "dropout": noisy.bad_by_dropout}
            if "hf_noise" in self._used(signal.facts):
                noisy.find_bad_by_hfnoise()
                found["hf_noise"] = noisy.bad_by_hf_noise
            if "ransac" in self.detectors:
                bad = {*noisy.bad_by_deviation, *noisy.bad_by_correlation, *noisy.bad_by_dropout}
                if _enough_for_ransac(noisy.n_chans_new, noisy.n_chans_new - len(bad)):
                    noisy.find_bad_by_ransac()
                    found["ransac"] = noisy.bad_by_ransac
                else:
                    remark = "; RANSAC left out, because too few channels are good"
        return found, remark

    def _used(self, facts: SignalFacts) -> tuple[Detector, ...]:
        """Name the detectors that have something to look at."""
        reaches = facts.passband_hz[1] > _HF_HZ and facts.sfreq > 2 * _HF_HZ
        return tuple(detector for detector in self.detectors if detector != "hf_noise" or reaches)

    def _refuse_too_many(
        self, reasons: Mapping[str, Sequence[str]], earlier: Sequence[str], facts: SignalFacts
    ) -> None:
        n_bad = len(reasons) + len(earlier)
        if n_bad > self.most * len(facts.channels):
            words = "; ".join([*earlier, *(f"{channel}: {', '.join(why)}" for channel, why in reasons.items())])
            raise RecordingError(
                f"{n_bad} of the {len(facts.channels)} channels of {facts.name} are bad ({words}), more than the share "
                f"of {self.most:g} that may be rebuilt: leave the recording out or change the detectors."
            )


def _flat(signal: Signal) -> list[str]:
    """Name the channels that carry no signal in one segment or more."""
    channels = list(signal.facts.channels)
    flat = np.zeros(len(channels), bool)
    for segment in signal.segments:
        flat |= segment.get_data(picks=channels).std(axis=1) < _FLAT_V
    return [channel for channel, is_flat in zip(channels, flat, strict=True) if is_flat]


def _enough_for_ransac(n_channels: int, n_good: int) -> bool:
    """Say whether a quarter of the channels is enough to predict from, and one good channel more is left."""
    n_predictors = round(_RANSAC_SHARE * n_channels)
    return n_predictors >= _RANSAC_LEAST and n_good > n_predictors
