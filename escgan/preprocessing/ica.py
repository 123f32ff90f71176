"""Independent components: take out those that come from eyes, heart or muscles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from escgan.errors import RecordingError
from escgan.extras import need_package
from escgan.preprocessing.joined import high_pass_edge, joined
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step
from escgan.recording import AuxiliaryKind, Cleaned

if TYPE_CHECKING:
    import mne

Label = Literal["eye blink", "heart beat", "muscle artifact", "line noise", "channel noise"]

# The order of ICLabel's outputs.
_ICLABEL = ("brain", "muscle artifact", "eye blink", "heart beat", "line noise", "channel noise", "other")
# What ICLabel was trained on.
_ICLABEL_HZ = (1.0, 100.0)
_AUXILIARY: dict[Label, AuxiliaryKind] = {"eye blink": "eog", "heart beat": "ecg"}
_THRESHOLDS = {"iclabel": 0.8, "correlation": 0.5}
# Eigenvalues of the covariance below this share of the largest are rounding: amplifier noise lies well above.
_RANK_SHARE = 1e-12


class Ica(Step):
    """Remove independent components by what ICLabel, or their correlation with EOG and ECG, takes them for.

    One decomposition serves the recording: it is fitted on all segments together, high-passed because slow
    drifts spoil it, without the stretches that were found unusable, and the components are then removed from
    the signal itself. Marked channels take no part. Only the eyes are removed by default: their components
    are the surest. ``muscle artifact`` is worth adding where bands above 30 Hz are analysed and the signal
    still holds them.

    References
    ----------
    Pion-Tonachini L, Kreutz-Delgado K, Makeig S. ICLabel: An automated electroencephalographic independent
    component classifier, dataset, and website. NeuroImage 2019;198:181-197.
    doi:10.1016/j.neuroimage.2019.05.026. Winkler I, Debener S, Müller KR, Tangermann M. On the influence of
    high-pass filtering on ICA-based artifact reduction in EEG-ERP. EMBC 2015. doi:10.1109/EMBC.2015.7319296
    (fitting above 1 Hz).
    """

    cleans: ClassVar[Cleaned | None] = "ocular"

    kind: Literal["ica"] = "ica"
    labels: Literal["iclabel", "correlation"] = "iclabel"
    """``iclabel``, a classifier of components, or ``correlation`` with the recording's EOG and ECG channels."""
    reject: tuple[Label, ...] = Field(default=("eye blink",), min_length=1)
    """What is removed; by ``correlation`` only ``eye blink`` (needs EOG) and ``heart beat`` (needs ECG) can be."""
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Least probability, or least absolute correlation, of a component that is removed; none means 0.8 and 0.5."""
    method: Literal["infomax", "fastica"] = "infomax"
    """``infomax`` is the extended one, which ICLabel was trained on."""
    n_components: Annotated[int, Field(ge=2)] | None = None
    """How many components; none takes as many as the signal's rank, and more than those are never taken."""
    fit_low_hz: Annotated[float, Field(gt=0)] = 1.0
    """Lower edge in Hz of the copy that the decomposition is fitted on."""
    fit_every: Annotated[int, Field(ge=1)] = 1
    """Fit on every n-th sample only: faster, and as good while tens of samples a squared component are left."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the decomposition."""

    @model_validator(mode="after")
    def _labels_can_say_what_to_reject(self) -> Ica:
        if len(set(self.reject)) != len(self.reject):
            raise ValueError("A class of components is rejected twice: name each once.")
        beyond = [label for label in self.reject if label not in _AUXILIARY]
        if self.labels == "correlation" and beyond:
            raise ValueError(
                f"Correlation with EOG and ECG finds no {', '.join(beyond)}: use labels 'iclabel' or reject only "
                f"{' and '.join(_AUXILIARY)}."
            )
        return self

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse what cannot be fitted or labelled, and warn where ICLabel was trained on other signals."""
        high_pass_edge(facts, self.fit_low_hz, self.kind)
        if self.n_components is not None and self.n_components > len(facts.channels):
            raise RecordingError(
                f"{facts.name} has {len(facts.channels)} channels and cannot give {self.n_components} components: "
                "lower n_components."
            )
        warning = None
        if self.labels == "iclabel":
            need_package("Step 'ica' with ICLabel", "mne-icalabel", "mne_icalabel")
            need_package("Step 'ica' with ICLabel", "onnxruntime")
            warning = self._iclabel_warning(facts)
            words = "ICLabel takes for"
        else:
            named = {label: _of_kind(facts, _AUXILIARY[label]) for label in self.reject}
            for label, channels in named.items():
                if not channels:
                    raise RecordingError(
                        f"{facts.name} has no {_AUXILIARY[label].upper()} channel to find '{label}' by: use labels "
                        "'iclabel' or remove it from reject."
                    )
            words = f"correlate with {', '.join(channel for group in named.values() for channel in group)} as"
        after = facts
        if "heart beat" in self.reject:
            after = replace(facts, cleaned=facts.cleaned | {"cardiac"})
        method = {"infomax": "extended infomax", "fastica": "FastICA"}[self.method]
        decision = (
            f"{method} above {max(self.fit_low_hz, facts.passband_hz[0]):g} Hz, less the components that {words} "
            f"{', '.join(self.reject)} ({self._threshold():g} or more)"
        )
        return Plan(after, decision, warning)

    def treat(self, signal: Signal) -> Findings:
        """Fit, label, and remove from each segment."""
        facts = signal.facts
        high_hz = _ICLABEL_HZ[1] if self.labels == "iclabel" and facts.passband_hz[1] > _ICLABEL_HZ[1] else None
        raw = joined(signal, low_hz=high_pass_edge(facts, self.fit_low_hz, self.kind), high_hz=high_hz)
        scalp = raw.copy().pick([channel for channel in facts.channels if channel not in raw.info["bads"]])
        ica = self._fitted(scalp, facts)
        found = self._by_iclabel(scalp, ica) if self.labels == "iclabel" else self._by_correlation(raw, ica, facts)
        excluded = [component.index for component in found]
        if excluded:
            for segment in signal.segments:
                ica.apply(segment, exclude=excluded, verbose="error")
        n_fitted = int(ica.n_components_)
        words = ", ".join(f"{one.label} ({one.score:.2f})" for one in found) or "none"
        decision = f"{len(found)} of {n_fitted} components removed: {words}"
        # Infomax reports its most iterations also where it has stopped before them.
        if self.method == "fastica" and ica.n_iter_ >= ica.max_iter:
            decision += f"; the decomposition had not settled after {ica.n_iter_} iterations"
        return Findings(
            decision,
            {
                "components": [one.described(scalp, ica) for one in found],
                "n_fitted": n_fitted,
                "n_samples": -(-int(raw.n_times) // self.fit_every),
            },
        )

    def _fitted(self, scalp: mne.io.BaseRaw, facts: SignalFacts) -> mne.preprocessing.ICA:
        import warnings

        from mne.preprocessing import ICA

        n_components = _rank(scalp, facts)
        if n_components < 2:
            raise RecordingError(
                f"The channels of {facts.name} hold fewer than two independent signals, so there is nothing to "
                "decompose: check the file or remove the step 'ica'."
            )
        if self.n_components is not None:
            n_components = min(n_components, self.n_components)
        params: dict[str, Any] = {}
        if self.method == "infomax":
            # MNE goes on until the weights change by 1e-12, mostly to the last iteration; EEGLAB stops as here.
            params = {"extended": True, "w_change": 1e-6 if n_components <= 32 else 1e-7}
        ica = ICA(n_components, method=self.method, fit_params=params, random_state=self.seed, verbose="error")
        with warnings.catch_warnings():
            # FastICA warns where it did not converge; the findings say it for either method.
            warnings.filterwarnings("ignore", message="FastICA did not converge", category=UserWarning)
            try:
                return ica.fit(scalp, picks="eeg", decim=self.fit_every, verbose="error")
            except ValueError as cause:
                # Infomax gives up when even its smallest steps blow the weights up.
                if "invertible" not in str(cause):
                    raise
                raise RecordingError(
                    f"The decomposition of {facts.name} into {n_components} components does not hold still: lower "
                    "n_components or use method 'fastica'."
                ) from cause

    def _by_iclabel(self, scalp: mne.io.BaseRaw, ica: mne.preprocessing.ICA) -> list[_Component]:
        import mne
        from mne_icalabel.iclabel import iclabel_label_components

        # The network's warnings about filter, reference and method are said by the plan, from facts.
        with mne.use_log_level("error"):
            probabilities = iclabel_label_components(scalp, ica, inplace=False, backend="onnx")
        found = []
        for index, row in enumerate(probabilities):
            label = _ICLABEL[int(np.argmax(row))]
            if label in self.reject and row.max() >= self._threshold():
                found.append(_Component(index, label, float(row.max())))
        return found

    def _by_correlation(self, raw: mne.io.BaseRaw, ica: mne.preprocessing.ICA, facts: SignalFacts) -> list[_Component]:
        how: dict[str, Any] = {"threshold": self._threshold(), "measure": "correlation", "verbose": "error"}
        best: dict[int, _Component] = {}
        for label in self.reject:
            for channel in _of_kind(facts, _AUXILIARY[label]):
                if label == "eye blink":
                    indices, scores = ica.find_bads_eog(raw, ch_name=channel, **how)
                else:
                    indices, scores = ica.find_bads_ecg(raw, ch_name=channel, method="correlation", **how)
                for index in indices:
                    one = _Component(int(index), label, float(abs(scores[index])), channel)
                    if one.index not in best or one.score > best[one.index].score:
                        best[one.index] = one
        return [best[index] for index in sorted(best)]

    def _threshold(self) -> float:
        return _THRESHOLDS[self.labels] if self.threshold is None else self.threshold

    def _iclabel_warning(self, facts: SignalFacts) -> str | None:
        low, high = max(self.fit_low_hz, facts.passband_hz[0]), min(_ICLABEL_HZ[1], facts.passband_hz[1])
        parts = []
        if facts.reference != "average":
            parts.append(f"is referenced to {facts.reference} and not to the average")
        if (low, high) != _ICLABEL_HZ:
            parts.append(f"reaches from {low:g} to {high:g} Hz and not from 1 to 100 Hz")
        if self.method != "infomax":
            parts.append(f"is decomposed by {self.method} and not by extended infomax")
        if not parts:
            return None
        return f"ICLabel was trained on other signals, and is less sure here: this one {', '.join(parts)}"


@dataclass(frozen=True)
class _Component:
    """A component to remove: why, and how sure that is."""

    index: int
    label: str
    score: float
    channel: str | None = None

    def described(self, scalp: mne.io.BaseRaw, ica: mne.preprocessing.ICA) -> dict[str, Any]:
        """Return plain values for the log, with the share of the scalp's variance that the component explains."""
        share = ica.get_explained_variance_ratio(scalp, components=[self.index], ch_type="eeg")["eeg"]
        key = "probability" if self.channel is None else "correlation"
        entry = {"component": self.index, "label": self.label, key: round(self.score, 4)}
        if self.channel is not None:
            entry["channel"] = self.channel
        return {**entry, "explained_variance": round(float(share), 4)}


def _of_kind(facts: SignalFacts, kind: AuxiliaryKind) -> tuple[str, ...]:
    return tuple(channel for channel, measured in facts.auxiliary.items() if measured == kind)


def _rank(scalp: mne.io.BaseRaw, facts: SignalFacts) -> int:
    """Count the independent signals: interpolated channels and an average reference take some away."""
    volts = scalp.get_data()
    eigenvalues = np.linalg.eigvalsh(np.cov(volts))
    rank = int(np.count_nonzero(eigenvalues > _RANK_SHARE * eigenvalues.max()))
    # An average taken by the corpus' owners costs a rank that rounding hides, unless a marked channel is missing.
    return min(rank, len(facts.channels) - 1) if facts.reference == "average" else rank
