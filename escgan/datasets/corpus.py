"""What a corpus is to the pipeline: facts about it, where its recordings lie, and how one is read.

Most corpora hold signals (:class:`SignalCorpus`); some are distributed as features (:class:`FeatureCorpus`).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal

from escgan.errors import RecordingError
from escgan.features.measured import Features
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource
from escgan.settings import Settings


class Corpus(Settings, ABC):
    """A corpus: its configuration, and how its recordings are found.

    The class-level facts are shown wherever results are: a verdict on data whose licence, source or meaning
    of the classes is not stated cannot be judged.
    """

    title: ClassVar[str]
    """Full name."""
    in_text: ClassVar[str] = ""
    """What sentences call it, where the full name does not fit into one."""
    licence: ClassVar[str]
    """Terms under which the data may be used."""
    citation: ClassVar[str]
    """Publication to cite."""
    note: ClassVar[str]
    """What the classes mean, and what a result on them can and cannot show."""
    access: ClassVar[str]
    """Where to get the data."""
    expects: ClassVar[str]
    """The files that must be in the folder, in one line."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Patterns of files that belong to the corpus, but to none of its recordings."""
    published_subjects: ClassVar[tuple[str, ...]] = ()
    """Subjects of the complete corpus, as :meth:`discover` names them; empty where that is not fixed."""
    published_sessions: ClassVar[tuple[str, ...]] = ("1",)
    """Sessions of every subject in the complete corpus."""

    kind: str

    @classmethod
    def named(cls) -> str:
        """Return what sentences call the corpus."""
        return cls.in_text or cls.title

    @abstractmethod
    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in a folder by their file names alone, subjects in numerical order.

        A recording that lacks one of its files is listed with it: the file is named when it is read, so that
        it costs its own subject only.

        Raises
        ------
        RecordingError
            The folder is absent or holds no recording.
        """

    @abstractmethod
    def default_labels(self) -> dict[str, Any]:
        """Return the usual label definition, as a plain mapping."""


class SignalCorpus(Corpus):
    """A corpus of EEG signals."""

    default_bands: ClassVar[str]
    """Name of a band set that fits the distributed pass-band."""
    default_window_s: ClassVar[float]
    """Window length in seconds that is usual for the corpus."""
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"
    """Whether the pre-trial baseline is usually subtracted from the features."""

    @abstractmethod
    def read(self, source: RecordingSource) -> RawRecording:
        """Read one recording; raises RecordingError where its files cannot be what they should be."""

    @abstractmethod
    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return the steps that the distributed files still need."""


class FeatureCorpus(Corpus):
    """A corpus distributed as features: there is no signal to preprocess or to measure."""

    @abstractmethod
    def read_features(self, source: RecordingSource) -> Features:
        """Read one recording's features; raises RecordingError where its files cannot be what they should be."""


def why_no_folder(path: Path) -> str:
    """Say of a path that is no folder whether it is a file or not there, to be followed by the remedy."""
    return f"'{path}' is a file" if os.path.exists(path) else f"The data folder '{path}' does not exist"


def existing_folder(data: Path, corpus: type[Corpus]) -> Path:
    """Return the folder as a path, or say that it is a file or not there, and what it should hold."""
    folder = Path(data)
    # A path may be longer than any folder's name, which Path.is_dir answers by an error.
    if not os.path.isdir(folder):
        raise RecordingError(f"{why_no_folder(folder)}: give the folder with {corpus.expects} ({corpus.access}).")
    return folder


def nothing_found(folder: Path, corpus: type[Corpus]) -> RecordingError:
    """Return the error for a folder that holds no recording of the corpus."""
    # By the kind: not every title can stand in a sentence.
    kind = corpus.model_fields["kind"].default
    return RecordingError(
        f"No recording of corpus '{kind}' in '{folder}': give the folder with {corpus.expects} ({corpus.access})."
    )
