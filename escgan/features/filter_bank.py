"""Several zero-phase filters over one signal for the price of one Fourier transform.

Running a band-pass of order n forwards and backwards costs a recursion of 4n multiplications a sample, band and
direction. Away from the end of the signal the result is a product in the frequency domain, whose transform all
bands share. At the end SciPy's ``sosfiltfilt`` goes backwards as if the forward output had stood still from the last
sample on, where in the frequency domain it rings out; the difference depends on nothing but the filter's state
there, a handful of numbers, and is added as a product of two thin matrices. So the result is SciPy's own, to rounding.
A signal shorter than its filters ring is left to SciPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Responses are followed until they have decayed to this share of their beginning.
_DECAYED = 1e-9


class FilterBank:
    """Zero-phase band-passes, given by their second-order sections.

    Equals ``scipy.signal.sosfiltfilt(sos, signal)`` for each, with its default padding: within 1e-8 of the
    signal's root mean square in double precision, and within 5e-6 of the output's in single precision.

    Parameters
    ----------
    filters
        Second-order sections of band-passes, each ``(n_sections, 6)``; as many sections in each.
    """

    def __init__(self, filters: Sequence[NDArray[np.float64]]) -> None:
        self._filters = list(filters)
        self.padding = max(_padding(sos) for sos in filters)
        self._ringing = max(_ringing(sos) for sos in filters)
        self._ends = [_End.of(sos, self._ringing) for sos in filters]
        self._gains: dict[tuple[int, type], list[NDArray[np.floating]]] = {}

    def outputs(
        self, signal: NDArray[np.floating], precision: type[np.float32 | np.float64] = np.float64
    ) -> Iterator[NDArray[np.floating]]:
        """Filter a signal with one filter after the other.

        Parameters
        ----------
        signal
            ``(n_channels, n_times)``, float32 or float64.
        precision
            Of what leaves the shared transform, which is always computed in double: a drift that drowns a band in
            single precision is no part of what the band passes on.

        Yields
        ------
        filtered
            ``(n_channels, n_times)`` for each filter.

        Raises
        ------
        ValueError
            The signal is not longer than :attr:`padding`.
        """
        from scipy import fft
        from scipy.signal import sosfiltfilt

        pad, n_times = self.padding, signal.shape[1]
        if n_times <= pad:
            raise ValueError(f"{n_times} samples are too few for a padding of {pad}")
        if n_times < self._ringing:
            yield from (sosfiltfilt(sos, signal.astype(np.float64), axis=1) for sos in self._filters)
            return
        # An odd reflection at both ends. The filters do not pass a constant, which would only cost precision.
        extended = self._extended(signal)
        n_all = n_times + 2 * pad
        last = extended[:, n_all - self._ringing : n_all]
        spectrum = fft.rfft(extended, axis=1)
        if precision == np.float32:
            spectrum = spectrum.astype(np.complex64)
        product = np.empty_like(spectrum)
        for gain, end in zip(self._gain(extended.shape[1], precision), self._ends, strict=True):
            np.multiply(spectrum, gain, out=product)
            filtered = fft.irfft(product, extended.shape[1], axis=1, overwrite_x=True)[:, pad : pad + n_times]
            # It reaches back from the end of the padding, and of quick filters no further than that.
            missed = (last @ end.state) @ end.echo[:, : max(self._ringing - pad, 0)]
            filtered[:, n_times - missed.shape[1] :] += missed
            yield filtered

    def _extended(self, signal: NDArray[np.floating]) -> NDArray[np.float64]:
        """Reflect a signal at both ends, oddly, and let silence follow in which the filters ring out."""
        from scipy import fft

        pad, n_times = self.padding, signal.shape[1]
        n_all = n_times + 2 * pad
        extended = np.zeros((len(signal), fft.next_fast_len(n_all + self._ringing, real=True)))
        extended[:, pad : pad + n_times] = signal
        first, final = extended[:, pad : pad + 1], extended[:, pad + n_times - 1 : pad + n_times]
        extended[:, :pad] = 2 * first - extended[:, 2 * pad : pad : -1]
        extended[:, pad + n_times : n_all] = 2 * final - extended[:, n_all - pad - 2 : n_times - 2 : -1]
        # The filters do not pass a constant, which would only cost precision.
        extended[:, :n_all] -= extended[:, :1].copy()
        return extended

    def _gain(self, n_fft: int, precision: type) -> list[NDArray[np.floating]]:
        """Return each filter's squared magnitude at the transform's frequencies."""
        from scipy.signal import sosfreqz

        if (n_fft, precision) not in self._gains:
            angle = np.fft.rfftfreq(n_fft) * 2 * np.pi
            # Trials of a corpus have few lengths; each is prepared once.
            self._gains[n_fft, precision] = [
                (np.abs(sosfreqz(sos, worN=angle)[1]) ** 2).astype(precision) for sos in self._filters
            ]
        return self._gains[n_fft, precision]


@dataclass(frozen=True)
class _End:
    """What the frequency domain lacks at the end of a signal.

    ``state``, ``(n, n_states + 1)``: what each of the last n samples adds to the forward filter's state at the end and,
    in the last column, to its last output. ``echo``, ``(n_states + 1, n)``: what one of each adds to the last n samples
    of the backward output.
    """

    state: NDArray[np.float64] = field(repr=False)
    echo: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, sos: NDArray[np.float64], n: int) -> _End:
        """Follow a filter's states for n samples."""
        from scipy.signal import sosfilt, sosfilt_zi

        n_sections, n_states = len(sos), 2 * len(sos)
        units = np.zeros((n_sections, n_states, 2))
        for i in range(n_states):
            units[i // 2, i, i % 2] = 1.0
        _, after = sosfilt(sos, np.zeros((n_states, 1)), zi=units)
        advance = after.transpose(1, 0, 2).reshape(n_states, n_states)
        impulse, after = sosfilt(sos, [1.0, *np.zeros(n - 1)]), sosfilt(sos, [1.0], zi=np.zeros((n_sections, 2)))[1]
        states = after.reshape(1, n_states)
        while len(states) < n:
            states = np.concatenate([states, states @ np.linalg.matrix_power(advance, len(states))])

        # What the backward filter should have met after the end, less what it met: a constant, less the ringing.
        ringing, _ = sosfilt(sos, np.zeros((n_states, n)), zi=units)
        missed = np.concatenate([-ringing, np.ones((1, n))])
        start = np.zeros((n_sections, n_states + 1, 2))
        start[:, -1] = sosfilt_zi(sos)
        _, at_end = sosfilt(sos, missed[:, ::-1], zi=start)
        echo, _ = sosfilt(sos, np.zeros((n_states + 1, n)), zi=at_end)
        state = np.concatenate([states[:n], impulse[:, None]], axis=1)
        return cls(np.ascontiguousarray(state[::-1]), np.ascontiguousarray(echo[:, ::-1]))


def _padding(sos: NDArray[np.float64]) -> int:
    """Return ``sosfiltfilt``'s default number of reflected samples: three times the taps that are not zero."""
    n_taps = 2 * len(sos) + 1 - min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum())
    return int(3 * n_taps)


def _ringing(sos: NDArray[np.float64]) -> int:
    """Return for how many samples a filter's response to a single one is above rounding."""
    # The poles of a band of a quarter of the sampling rate may lie at 0.
    slowest = max(_DECAYED, *(np.abs(np.roots(section[3:])).max(initial=0.0) for section in sos))
    return int(np.ceil(np.log(_DECAYED) / np.log(slowest)))
