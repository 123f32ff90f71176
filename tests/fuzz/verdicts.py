"""What counts as right: valid data, or a refusal in one sentence. All else is a finding."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from escgan.datasets import Corpus, FeatureCorpus, SignalCorpus
from escgan.errors import RecordingError
from escgan.features.measured import Features
from escgan.preprocessing.checks import check_recording, trial_samples
from escgan.recording import RawRecording, RecordingSource

_LONGEST = 1200


def read_all(corpus: Corpus, data: Path) -> str:
    """Discover and read everything in a folder; returns ``valid`` or ``refused``.

    A refusal must be a sentence, a recording what the next stage takes it for; what the next stage refuses is refused.
    Raises AssertionError, or whatever a reader lets through, where something is neither.
    """
    try:
        sources = corpus.discover(data)
    except RecordingError as error:
        check_refusal(error, data)
        return "refused"
    check_sources(sources, data)
    verdict = "valid"
    for source in sources:
        try:
            if isinstance(corpus, SignalCorpus):
                raw = corpus.read(source)
                # What the stage "ingest" does first; a constant channel is for a step to repair.
                check_recording(raw, flat_allowed=True)
                check_signals(raw, source)
            elif isinstance(corpus, FeatureCorpus):
                check_features(corpus.read_features(source), source)
        except RecordingError as error:
            check_refusal(error, data)
            verdict = "refused"
    return verdict


def check_refusal(error: Exception, data: Path) -> None:
    """Assert that a message is one printable sentence that names its place, and no hidden want of memory."""
    message = str(error)
    assert len(message.splitlines()) == 1 and message.isprintable(), f"no printable line: {message!r:.300}"
    assert message.endswith("."), f"no sentence: {message!r:.300}"
    assert len(message) <= _LONGEST, f"{len(message)} characters: {message!r:.300}"
    places = ["subject", "sub-", str(data), *(path.name for path in data.rglob("*"))]
    assert any(place.lower() in message.lower() for place in places), f"names no place: {message!r:.300}"
    cause: BaseException | None = error
    while cause is not None:
        assert not isinstance(cause, MemoryError), f"wants more memory than a file of this size may: {message!r:.300}"
        cause = cause.__cause__ or cause.__context__


def check_sources(sources: Iterable[RecordingSource], data: Path) -> None:
    """Assert that recordings are told apart and consist of the folder's own files."""
    sources = tuple(sources)
    assert sources
    keys = [(source.subject, source.session) for source in sources]
    assert len(set(keys)) == len(keys), f"recordings listed twice: {keys}"
    for source in sources:
        for word in (source.subject, source.session):
            assert word and "/" not in word and word.isprintable() and word not in (".", ".."), f"a name: {word!r}"
        for path in source.files:
            inside = os.path.normpath(path).startswith(f"{os.path.normpath(data)}/")
            assert inside, f"leaves the data folder: {path}"


def check_signals(raw: RawRecording, source: RecordingSource) -> None:
    """Assert all that a raw recording promises."""
    assert (raw.subject, raw.session) == (source.subject, source.session)
    assert raw.channels and len(set(raw.channels)) == len(raw.channels), f"channels {raw.channels}"
    assert all(name and name.isprintable() for name in raw.channels), f"channels {raw.channels}"
    assert not set(raw.channels) & set(raw.auxiliary)
    for segment in raw.segments:
        assert np.isfinite(segment.sfreq) and 1 <= segment.sfreq <= 1e6, f"{segment.sfreq} Hz"
        assert segment.eeg.dtype in (np.float32, np.float64) and segment.eeg.shape[0] == len(raw.channels)
        assert np.isfinite(segment.eeg).all()
        if raw.auxiliary:
            assert segment.auxiliary is not None
            assert segment.auxiliary.shape == (len(raw.auxiliary), segment.eeg.shape[1])
    numbers = [span.trial for span in raw.spans]
    assert numbers and len(set(numbers)) == len(numbers), f"trials {numbers}"
    assert all(type(number) is int and 0 <= number < 2**31 for number in numbers), f"trials {numbers!r:.200}"
    for span in raw.spans:
        assert isinstance(span.stimulus, str)
        segment = raw.segments[span.segment]
        n_times, slack_s = segment.eeg.shape[1], 0.5 / segment.sfreq
        assert all(np.isfinite(time) for time in (span.start_s, span.duration_s, span.baseline_s)), f"{span}"
        assert span.baseline_s >= 0 and span.start_s - span.baseline_s >= -slack_s, f"{span}"
        assert span.start_s + span.duration_s <= n_times / segment.sfreq + slack_s, f"{span}"
        assert trial_samples(segment.eeg, segment.sfreq, span).shape[1] >= 1, f"{span}"
        assert all(isinstance(rating, float) and not np.isinf(rating) for rating in span.ratings.values()), f"{span}"
    low, high = raw.passband_hz
    assert np.isfinite(low) and np.isfinite(high), f"pass-band {low} to {high} Hz"
    assert 0 <= low < high <= raw.segments[0].sfreq / 2 * (1 + 1e-9) or high > low >= 0, f"pass-band {low} to {high} Hz"
    assert raw.reference and all(isinstance(line, str) for line in raw.log)


def check_features(features: Features, source: RecordingSource) -> None:
    """Assert all that distributed features promise."""
    values, table = features.values, features.table
    assert values.dtype == np.float32 and values.ndim == 3 and len(values) > 0
    assert values.shape == (len(table), len(features.channels), len(features.bands))
    assert np.isfinite(values).all()
    assert len(set(features.channels)) == len(features.channels) and len(set(features.bands)) == len(features.bands)
    assert (table["subject"] == source.subject).all() and (table["session"] == source.session).all()
    assert not table.duplicated(["trial", "window"]).any()
    assert np.isfinite(table["start_s"]).all() and features.sfreq > 0


def told(error: BaseException) -> str:
    """Say what a finding is: the exception, and the project's lines that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in frames
        if "/escgan/" in frame.filename or "/storage/" in frame.filename
    ]
    last = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:400]} (through {' > '.join(ours)}{last})"
