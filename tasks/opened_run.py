"""A run of the store, opened for reading: its recordings, features, edits, scores and predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.exchange.feature_windows import FeatureWindows
from escgan.labels.base import RatingLabels
from escgan.normalization import is_transductive
from escgan.recording import Recording
from escgan.windows import concatenate
from storage.hdf5 import read_attributes
from storage.manifest import ArtifactRef
from storage.opening import open_store, store_exists, why_no_store
from storage.store import Store
from storage.tables import read_table
from tasks.cards import DATA_CARD, MODEL_CARD
from tasks.cases import Case, split
from tasks.editing import read_edited
from tasks.entries import AugmenterEntry, RecordingEntry
from tasks.ledger import RunRecord, find_run
from tasks.recordings import read_recording
from tasks.reporting import Results, read_results
from tasks.reproduction import EarlierRun, earlier_of
from tasks.run_contents import Contents, contents_of
from tasks.windows import recording_windows, side_of

if TYPE_CHECKING:
    from escgan.config import PipelineConfig

_OF_ALL = "; a border that comes from ratings of several subjects is taken of all of them, which no fold does"


def open_run(run: str, root: Path | str = "store") -> OpenedRun:
    """Open what a run left in a store.

    Parameters
    ----------
    run
        Its name, the beginning of its id, or its report's key. A name means the newest run of that name that came to
        its report, or the newest where none did.
    root
        The store: a folder, or an address such as s3://bucket/folder.

    Raises
    ------
    ConfigError
        There is no such store or run.
    """
    if not store_exists(root):
        raise ConfigError(f"{why_no_store(root)}: say where it is with root.")
    store = open_store(root)
    return OpenedRun(store, find_run(store, run, reported=True), run)


class NoSuchRecording(ConfigError, KeyError):
    """A run has no recording of a name."""

    # A KeyError would quote its message.
    __str__ = Exception.__str__


class StoredRecordings(Mapping[str, Recording]):
    """The recordings of a run by their names; each is read when it is asked for."""

    def __init__(self, store: Store, refs: Mapping[str, ArtifactRef]) -> None:
        self._store = store
        self._refs = dict(refs)

    def __getitem__(self, name: str) -> Recording:
        if name not in self._refs:
            raise NoSuchRecording(f"The run has no recording '{name}': expected one of {', '.join(self._refs)}.")
        return read_recording(self._store.open(self._refs[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)


class Cards(NamedTuple):
    """The cards of a trained augmenter, in Markdown."""

    model: str
    data: str


class OpenedRun:
    """What a run left. Files are verified when they are read, and read when they are asked for."""

    def __init__(self, store: Store, record: RunRecord, called: str | None = None) -> None:
        self.store = store
        self.record = record
        self._called = called or record.name

    def __repr__(self) -> str:
        return f"<run {self.record.name} {self.record.id[:8]}, {len(self.record.recordings)} recordings>"

    @property
    def config(self) -> PipelineConfig:
        """The experiment; raises ConfigError where the run did not come to its report."""
        return self._config

    def recordings(self) -> StoredRecordings:
        """Return the preprocessed recordings by name, such as ``sub-03``.

        Raises
        ------
        ConfigError
            The corpus is distributed as features.
        """
        refs = {entry.name: entry.recording for entry in self.record.recordings if entry.recording is not None}
        if not refs:
            raise ConfigError(f"Run '{self.record.name}' is of a corpus that is distributed as features: it has none.")
        return StoredRecordings(self.store, refs)

    def features(self, fold: str | None = None, seed: int | None = None) -> FeatureWindows:
        """Return every window's features as they were measured, not normalised, and its label.

        Parameters
        ----------
        fold
            Label the windows as this fold does, whose borders are those of its training side. When not given, a border
            that the configuration takes from ratings (a median, say) is taken from all of the run's. Where borders are
            fixed, or a subject's own and whole subjects are tested, or where classes are conditions, labels are the
            same either way.
        seed
            Of the fold; the run's first when not given.
        """
        entries = self.record.recordings
        joint = concatenate([recording_windows(self.store, entry.features)[0] for entry in entries])
        table = pd.concat([recording_windows(self.store, entry.features)[1] for entry in entries], ignore_index=True)
        facts = read_attributes(self.store.open(entries[0].features).file("features.h5"))
        labels: NDArray[np.int64] | None = None
        classes: tuple[str, ...] = ()
        labelling = ""
        if fold is not None or self.record.report is not None:
            wanted = self.config.labels
            classes, labelling = wanted.class_names, wanted.words()
            if fold is not None:
                case = self._case(fold, seed)
                labels = wanted.apply(table, self._training_table(case))
                labelling += f", as fold {case.name} labels them"
            else:
                labels = wanted.apply(table, table)
                labelling += _OF_ALL if isinstance(wanted, RatingLabels) else ""
        return FeatureWindows(
            values=joint.de,
            table=table,
            channels=joint.channels,
            bands=joint.bands,
            band_edges_hz=tuple((low, high) for low, high in facts["band_edges_hz"]),
            measure=facts["measure"],
            unit=facts["unit"],
            definition=facts["definition"],
            labels=labels,
            classes=classes,
            labelling=labelling,
        )

    def edits(self, augmenter: str, fold: str, seed: int | None = None) -> FeatureWindows:
        """Return the windows that an augmenter made and accepted for one fold, on the scale that training saw.

        Parameters
        ----------
        augmenter
            Its name in the run's tables, such as ``escgan``.
        fold
            The fold's name, such as ``sub-03``: who is tested, and had no part in these windows.
        seed
            The run's first when not given.
        """
        case = self._case(fold, seed)
        artifact = self.store.open(self._of(self._made.edits, "edits", augmenter, case))
        made = read_edited(artifact)
        facts = read_attributes(artifact.file("edited.h5"))
        measured = read_attributes(self.store.open(case.side.features[0]).file("features.h5"))
        scheme = self.config.normalization
        scale = measured["unit"] if scheme == "none" else f"z-scores ({scheme})"
        words = f"{self.config.labels.words()}; y is the class that the window was made for"
        return FeatureWindows(
            values=made.de,
            table=made.edits[made.edits["accepted"]].reset_index(drop=True),
            channels=tuple(facts["channels"]),
            bands=tuple(facts["bands"]),
            band_edges_hz=tuple((low, high) for low, high in measured["band_edges_hz"]),
            measure=measured["measure"],
            unit=scale,
            definition=measured["definition"]
            + (", normalised, transductive" if is_transductive(scheme) else "" if scheme == "none" else ", normalised"),
            labels=made.labels,
            classes=tuple(facts["classes"]),
            labelling=words,
            person="reference_subject",
        )

    def cards(self, augmenter: str, fold: str, seed: int | None = None) -> Cards:
        """Return the model card and the data card of an augmenter that was trained for one fold."""
        artifact = self.store.open(self._of(self._made.gans, "trained augmenter", augmenter, self._case(fold, seed)))
        return Cards(*(artifact.file(name).read_text(encoding="utf-8") for name in (MODEL_CARD, DATA_CARD)))

    def scores(self) -> pd.DataFrame:
        """Return one row a test subject, fold, seed, augmenter and classifier, with every metric."""
        return self._results.scores

    def comparisons(self) -> pd.DataFrame:
        """Return the paired comparisons of augmenters, as the report shows them."""
        return self._results.comparisons

    def predictions(self, classifier: str | None = None, augmenter: str | None = None) -> pd.DataFrame:
        """Return one row a tested window: what it was, what was predicted, and the probability of each class.

        Parameters
        ----------
        classifier, augmenter
            Only of these, by their names in the run's tables; all when not given.
        """
        chosen = [
            e for e in self._made.scores if classifier in (None, e.classifier) and augmenter in (None, e.augmenter)
        ]
        if not chosen:
            known = "; ".join(dict.fromkeys(f"{e.classifier} with {e.augmenter}" for e in self._made.scores))
            raise ConfigError(f"Run '{self.record.name}' has no such predictions: it has {known}.")
        parts = []
        for entry in chosen:
            table = read_table(self.store.open(entry.artifact).file("predictions.parquet"))
            for name in ("fold", "seed", "classifier", "augmenter"):
                table.insert(0, name, getattr(entry, name))
            parts.append(table)
        return pd.concat(parts, ignore_index=True)

    @property
    def folds(self) -> tuple[str, ...]:
        """Names of the folds."""
        return tuple(dict.fromkeys(case.fold.name for case in self._cases))

    @cached_property
    def _earlier(self) -> EarlierRun:
        return earlier_of(self.store, self.record, self._called)

    @cached_property
    def _config(self) -> PipelineConfig:
        return self._earlier.config

    @cached_property
    def _results(self) -> Results:
        return read_results(self.store.open(self._earlier.manifest.ref))

    @cached_property
    def _cases(self) -> list[Case]:
        return split(self.config, [RecordingEntry(*entry) for entry in self.record.recordings])

    @cached_property
    def _made(self) -> Contents:
        return contents_of(self._earlier.manifest, self.config, self._cases)

    def _of(self, entries: Sequence[AugmenterEntry], what: str, augmenter: str, case: Case) -> ArtifactRef:
        for entry in entries:
            if (entry.augmenter, entry.fold, entry.seed) == (augmenter, case.fold.name, case.seed):
                return entry.artifact
        known = ", ".join(dict.fromkeys(entry.augmenter for entry in entries)) or "none"
        raise ConfigError(f"Run '{self.record.name}' has no {what} of '{augmenter}': expected one of {known}.")

    def _case(self, fold: str, seed: int | None) -> Case:
        seed = self.config.seeds[0] if seed is None else seed
        found = next((case for case in self._cases if (case.fold.name, case.seed) == (fold, seed)), None)
        if found is None:
            seeds = ", ".join(map(str, self.config.seeds))
            raise ConfigError(
                f"Run '{self.record.name}' has no fold '{fold}' with seed {seed}: expected one of "
                f"{', '.join(self.folds)}, and seed {seeds}."
            )
        return found

    def _training_table(self, case: Case) -> pd.DataFrame:
        table = pd.concat([recording_windows(self.store, ref)[1] for ref in case.side.features], ignore_index=True)
        return table[side_of(table, case.side.part, tested=False)]
