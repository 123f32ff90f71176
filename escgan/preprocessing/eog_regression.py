"""EOG regression: subtract from each channel what it shares with the electrodes at the eyes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.errors import RecordingError
from escgan.preprocessing.joined import high_pass_edge, joined
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step
from escgan.recording import Cleaned

# A correlation matrix of EOG channels with a larger condition number cannot be inverted to any useful digit.
_WORST_CONDITION = 1e8


class EogRegression(Step):
    """Regress the EOG channels out of the scalp channels.

    One set of coefficients serves the recording: it is fitted on all segments together, high-passed because
    slow drifts correlate by chance, and applied to the signal itself. Re-reference before this step and not
    after it: the coefficients hold for one reference.

    References
    ----------
    Gratton G, Coles MGH, Donchin E. A new method for off-line removal of ocular artifact. Electroencephalogr
    Clin Neurophysiol 1983;55(4):468-484. doi:10.1016/0013-4694(83)90135-9, without its separate treatment of
    blinks, as MNE computes it.
    """

    cleans: ClassVar[Cleaned | None] = "ocular"

    kind: Literal["eog_regression"] = "eog_regression"
    fit_low_hz: Annotated[float, Field(gt=0)] = 1.0
    """Lower edge in Hz of the copy that the coefficients are fitted on."""

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a recording without EOG, and segments shorter than the fit's high-pass."""
        eog = _eog(facts)
        if not eog:
            raise RecordingError(
                f"{facts.name} has no EOG channel to regress on: remove the step 'eog_regression' or use 'ica' with "
                "labels 'iclabel', which needs none."
            )
        high_pass_edge(facts, self.fit_low_hz, self.kind)
        low = max(self.fit_low_hz, facts.passband_hz[0])
        return Plan(facts, f"{', '.join(eog)} regressed out of every channel, fitted above {low:g} Hz")

    def treat(self, signal: Signal) -> Findings:
        """Fit the coefficients on all segments together and clean each with them."""
        from mne.preprocessing import EOGRegression

        facts = signal.facts
        eog = _eog(facts)
        raw = joined(signal, low_hz=high_pass_edge(facts, self.fit_low_hz, self.kind))
        _check_predictors(raw.get_data(picks=list(eog)), eog, facts)
        for one in (raw, *signal.segments):
            # MNE wants to be told that the reference is what it shall be; this changes no sample.
            one.set_eeg_reference([], ch_type="eeg", verbose="error")
        model = EOGRegression(picks="eeg", picks_artifact=list(eog), proj=False).fit(raw)
        for segment in signal.segments:
            model.apply(segment, copy=False)
        kept = [channel for channel in facts.channels if channel not in raw.info["bads"]]
        coefficients = {
            name: {channel: round(float(value), 4) for channel, value in zip(kept, column, strict=True)}
            for name, column in zip(eog, model.coef_.T, strict=True)
        }
        words = []
        for name, values in coefficients.items():
            strongest = max(values, key=lambda channel: abs(values[channel]))
            words.append(f"{name} enters most at {strongest} ({values[strongest]:.2f})")
        return Findings("; ".join(words), {"coefficients": coefficients})


def _eog(facts: SignalFacts) -> tuple[str, ...]:
    return tuple(channel for channel, kind in facts.auxiliary.items() if kind == "eog")


def _check_predictors(volts: NDArray[np.float64], eog: tuple[str, ...], facts: SignalFacts) -> None:
    """Refuse EOG channels that are flat, or of which one follows from the others."""
    flat = [name for name, row in zip(eog, volts, strict=True) if row.std() < 1e-15]
    if flat:
        raise RecordingError(
            f"The EOG channel {', '.join(map(repr, flat))} of {facts.name} is flat and tells nothing of the eyes: "
            "leave the recording out or use 'ica' instead."
        )
    if np.linalg.cond(np.atleast_2d(np.corrcoef(volts))) > _WORST_CONDITION:
        raise RecordingError(
            f"The EOG channels {', '.join(eog)} of {facts.name} depend on each other, so their coefficients are "
            "arbitrary: check the file or use 'ica' instead."
        )
