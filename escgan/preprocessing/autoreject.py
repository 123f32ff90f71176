"""Autoreject: windows with artefacts are repaired or dropped, by thresholds that the recording itself decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from escgan.errors import RecordingError
from escgan.extras import need_package
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step
from escgan.preprocessing.trial_windows import TrialWindow, as_epochs, cut_windows, is_usable, merged_stretches
from escgan.preprocessing.window_judges import BLOCK, GlobalJudge, Judge, LocalJudge, faint_windows
from escgan.recording import Cleaned

if TYPE_CHECKING:
    pass

# autoreject's own least, and what a spline over the head needs.
_LEAST_CHANNELS = 4
_MARK = "BAD_autoreject"


class Autoreject(Step):
    """Judge windows of every trial and baseline with autoreject (Jas et al., NeuroImage 159:417, 2017).

    ``local`` learns a peak-to-peak threshold for each channel by cross-validation. Windows in which too many
    channels exceed theirs (``consensus``) are dropped; in the others the worst channels (``n_interpolate``) are
    interpolated, in the samples of that window only: an interpolated channel may therefore jump where its window
    begins or ends. Without evoked responses the thresholds lie low, and most windows may have a channel or two
    repaired: the log counts them. ``global`` learns one threshold for all channels, drops what exceeds it and
    repairs nothing.

    Windows never cross a trial's borders. What is left at the end of a trial is judged by the window that ends
    there. Windows in which a channel loses its signal (peak to peak below a tenth of its median) are dropped and
    not learnt from. Dropped windows are marked; their samples stay.
    """

    cleans: ClassVar[Cleaned | None] = "segments"

    kind: Literal["autoreject"] = "autoreject"
    mode: Literal["local", "global"] = "local"
    """``local``: a threshold a channel, with repair; ``global``: one threshold, windows are kept or dropped."""
    window_s: float = Field(default=1.0, gt=0)
    """Length of the windows that are judged, in seconds; the windows of the features are a good choice."""
    repair: bool = Field(default_factory=lambda given: given.get("mode") == "local")
    """Interpolate a few channels in windows that are kept (``local`` only)."""
    n_interpolate: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default_factory=lambda given: (1, 2, 4, 8) if given.get("repair") else ()
    )
    """How many channels may be interpolated in a window; cross-validation chooses. Numbers above half the
    recording's channels are not tried."""
    consensus: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default_factory=lambda given: tuple(i / 10 for i in range(1, 11)) if given.get("mode") == "local" else ()
    )
    """Share of channels above threshold from which on a window is dropped; cross-validation chooses."""
    cv: int = Field(default=10, ge=2)
    """Folds of the cross-validation."""
    fit_windows: int = Field(default=400, ge=20)
    """Learn from at most this many windows, drawn evenly from the recording; all windows are judged."""
    most: float = Field(default=0.5, gt=0, lt=1)
    """Refuse a recording of which more than this share of windows would be dropped."""
    seed: int = Field(default=0, ge=0)
    """Seed of the cross-validation's draws."""

    @model_validator(mode="after")
    def _settings_fit_the_mode(self) -> Autoreject:
        if self.mode == "global" and (self.repair or self.n_interpolate or self.consensus):
            raise ValueError("Autoreject's mode 'global' repairs nothing: remove repair, n_interpolate and consensus.")
        if self.mode == "local" and not self.consensus:
            raise ValueError("Autoreject's mode 'local' needs a consensus to try: list at least one share.")
        if self.mode == "local" and self.repair != bool(self.n_interpolate):
            raise ValueError("Autoreject repairs with n_interpolate channels: list numbers with repair, none without.")
        return self

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse too few channels, trials shorter than a window and too few windows."""
        need_package("Step 'autoreject'", "autoreject")
        for span in facts.spans:
            if round(span.duration_s * facts.sfreq) < self._n_times(facts):
                raise RecordingError(
                    f"Trial {span.trial} of {facts.name} lasts {span.duration_s:g} s, less than autoreject's window of "
                    f"{self.window_s:g} s: shorten window_s or leave the recording out."
                )
        n_windows = len(cut_windows(facts, self._n_times(facts)))
        if n_windows < self.cv:
            raise RecordingError(
                f"Autoreject needs at least {self.cv} windows, one a fold, but the trials of {facts.name} hold "
                f"{n_windows} of {self.window_s:g} s: shorten window_s or lower cv."
            )
        tried = self._to_try(len(facts.channels), facts)
        short = [span for span in facts.spans if 0 < round(span.baseline_s * facts.sfreq) < self._n_times(facts)]
        warning = f"{len(short)} baselines are shorter than a window and are not judged" if short else None
        decision = f"autoreject ({self.mode}) in windows of {self.window_s:g} s inside trials"
        if self.repair:
            decision += f", up to {max(tried)} channels of a window interpolated"
        return Plan(facts, decision, warning)

    def treat(self, signal: Signal) -> Findings:
        """Learn from all segments together, then repair and mark the windows of each."""
        lengths = [segment.n_times for segment in signal.segments]
        windows = cut_windows(signal.facts, self._n_times(signal.facts), lengths)
        windows = [window for window in windows if is_usable(window, signal)]
        if len(windows) < self.cv:
            raise RecordingError(
                f"Autoreject needs at least {self.cv} usable windows, but {signal.facts.name} has {len(windows)}: "
                "reject fewer stretches before it or leave the recording out."
            )
        # Without evoked responses a window without signal has the best score there is: one of them, learnt from,
        # would draw a channel's threshold down to itself.
        faint = faint_windows(signal, windows)
        whole = [window for window, is_faint in zip(windows, faint, strict=True) if not is_faint]
        self._refuse_too_many(int(faint.sum()), len(windows), signal.facts)
        judge = self._global(signal, whole) if self.mode == "global" else self._local(signal, whole)
        bad = {window for window, is_faint in zip(windows, faint, strict=True) if is_faint}
        repaired: list[tuple[TrialWindow, tuple[str, ...], NDArray[np.float64]]] = []
        for i in range(0, len(whole), BLOCK):
            block = whole[i : i + BLOCK]
            verdict = judge.judge(as_epochs(signal, block))
            bad |= {window for window, is_bad in zip(block, verdict.bad, strict=True) if is_bad}
            repaired += [(block[i], *verdict.repaired[i]) for i in sorted(verdict.repaired)]
        self._refuse_too_many(len(bad), len(windows), signal.facts)
        # Only now: a window at a trial's end overlaps the one before, which must be judged as it was.
        for window, channels, values in repaired:
            segment = signal.segments[window.segment]
            picks = [segment.ch_names.index(channel) for channel in channels]
            segment[picks, window.fresh : window.stop] = values[:, window.fresh - window.start :]
        dropped = [window for window in windows if window in bad]
        stretches = merged_stretches(dropped)
        for index, start, stop in stretches:
            sfreq = signal.facts.sfreq
            signal.segments[index].annotations.append(start / sfreq, (stop - start) / sfreq, _MARK)
        counts = (len(windows), len(dropped), int(faint.sum()))
        return self._findings(signal.facts, judge, counts, repaired, stretches)

    def _refuse_too_many(self, n_dropped: int, n_windows: int, facts: SignalFacts) -> None:
        share = n_dropped / n_windows
        if share > self.most or n_windows - n_dropped < self.cv:
            raise RecordingError(
                f"Autoreject would drop {100 * share:.0f} % of the {n_windows} windows of {facts.name}, more than the "
                f"{100 * self.most:.0f} % that 'most' allows or than leaves one a fold: look at its channels, raise "
                "'most' or leave it out."
            )

    def _n_times(self, facts: SignalFacts) -> int:
        return max(2, round(self.window_s * facts.sfreq))

    def _to_try(self, n_channels: int, facts: SignalFacts) -> tuple[int, ...]:
        """Return the numbers of channels to interpolate that this many good channels allow; 0 for no repair."""
        if n_channels < _LEAST_CHANNELS:
            raise RecordingError(
                f"Autoreject needs {_LEAST_CHANNELS} good channels, but {facts.name} has {n_channels}: leave the "
                "step or the recording out."
            )
        if self.mode == "global":
            return ()
        most = max(self.consensus) * n_channels
        # A window may lose fewer channels to interpolation than would have it dropped.
        allowed = tuple(n for n in self.n_interpolate or (0,) if n <= n_channels // 2 and n < most)
        if not allowed:
            raise RecordingError(
                f"Autoreject cannot interpolate {min(self.n_interpolate)} of {n_channels} channels of {facts.name}: "
                "list a smaller n_interpolate or a larger consensus."
            )
        return allowed

    def _sample(self, windows: Sequence[TrialWindow]) -> list[TrialWindow]:
        n = min(self.fit_windows, len(windows))
        return [windows[i] for i in np.linspace(0, len(windows) - 1, n).round().astype(int)]

    def _local(self, signal: Signal, windows: Sequence[TrialWindow]) -> Judge:
        # The package, not this module: imports are absolute.
        from autoreject import AutoReject

        epochs = as_epochs(signal, self._sample(windows))
        learner = AutoReject(
            n_interpolate=np.array(self._to_try(len(epochs.ch_names), signal.facts)),
            consensus=np.array(self.consensus),
            cv=self.cv,
            random_state=self.seed,
            n_jobs=1,
            verbose=False,
        )
        learner.fit(epochs)
        return LocalJudge(learner)

    def _global(self, signal: Signal, windows: Sequence[TrialWindow]) -> Judge:
        from autoreject import get_rejection_threshold

        epochs = as_epochs(signal, self._sample(windows))
        found = get_rejection_threshold(epochs, random_state=self.seed, ch_types="eeg", cv=self.cv, verbose=False)
        return GlobalJudge(float(found["eeg"]))

    def _findings(
        self,
        facts: SignalFacts,
        judge: Judge,
        counts: tuple[int, int, int],
        repaired: Sequence[tuple[TrialWindow, tuple[str, ...], NDArray[np.float64]]],
        stretches: Sequence[tuple[int, int, int]],
    ) -> Findings:
        n_windows, n_dropped, n_faint = counts
        words = f"{n_dropped} of {n_windows} windows dropped ({100 * n_dropped / n_windows:.1f} %)"
        if n_faint:
            words += f", {n_faint} of them because a channel loses its signal"
        if self.repair:
            words += f", {len(repaired)} repaired"
        thresholds = 1e6 * np.array(judge.thresholds())
        details: dict[str, Any] = {
            "segments": [_seconds(index, start, stop, facts) for index, start, stop in stretches],
            "repaired": [[*_seconds(w.segment, w.fresh, w.stop, facts), list(names)] for w, names, _ in repaired],
            "windows": n_windows,
            "windows_without_signal": n_faint,
            "thresholds_uv": {
                "lowest": round(float(thresholds.min()), 2),
                "median": round(float(np.median(thresholds)), 2),
                "highest": round(float(thresholds.max()), 2),
            },
        }
        return Findings(f"{words}; {judge.words()}", details | judge.chosen())


def _seconds(segment: int, start: int, stop: int, facts: SignalFacts) -> list[float]:
    return [segment, round(start / facts.sfreq, 3), round(stop / facts.sfreq, 3)]
