"""Any BIDS-EEG tree: runs through mne-bids, trials from events, or one trial a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from escgan.datasets.bids_runs import PARTICIPANTS, Run, mirrored, open_run, runs_among, runs_in
from escgan.datasets.bids_sidecars import stated_filters, stated_reference
from escgan.datasets.bids_trials import (
    WantedEvents,
    event_spans,
    group_of,
    refuse_partly_missing_events,
    said_in,
    task_of,
)
from escgan.datasets.corpus import existing_folder, nothing_found
from escgan.datasets.mne_reading import RecordedFile
from escgan.datasets.own_recordings import UNKNOWN_REFERENCE, OwnRecordings, Part, natural_key
from escgan.errors import RecordingError
from escgan.recording import RawRecording, RecordingSource, TrialSpan, recording_name


class BidsConfig(OwnRecordings):
    """Recordings in a BIDS tree, labelled by their events, by their participants or by their tasks."""

    title: ClassVar[str] = "Your own recordings, or a public data set, in a BIDS-EEG tree"
    in_text: ClassVar[str] = "a BIDS data set"
    licence: ClassVar[str] = "as stated in the tree's dataset_description.json"
    citation: ClassVar[str] = (
        "As asked for in the tree's dataset_description.json; the format: Pernet CR, Appelhoff S, Gorgolewski KJ, et "
        "al. EEG-BIDS, an extension to the brain imaging data structure for electroencephalography. Scientific Data "
        "2019;6:103."
    )
    note: ClassVar[str] = (
        "The classes are what the tree's authors wrote into events.tsv or participants.tsv. Where the class is a "
        "property of the participant (a group), every subject has one class only, and a classifier can succeed by "
        "telling laboratories or caps apart."
    )
    access: ClassVar[str] = "your own, or for example https://openneuro.org"
    expects: ClassVar[str] = "sub-*/[ses-*/]eeg/*_eeg.edf, .bdf, .vhdr, .set or .fif with the sidecars of BIDS"

    beside: ClassVar[tuple[str, ...]] = (
        "README*", "CHANGES*", "LICENSE*", "dataset_description.json", "participants.*", "*_sessions.*", "*_scans.*",
        "*_events.json", "*_electrodes.json", "*_channels.json", "*_photo.*", "derivatives/*", "sourcedata/*",
        "code/*", "stimuli/*",
    )  # fmt: skip

    kind: Literal["bids"] = "bids"
    task: str | tuple[str, ...] | None = None
    """The task, or tasks, whose runs are read; all when not given."""
    labels_from: Literal["events", "participants", "task"] = "events"
    """Where conditions stand: in rows of ``events.tsv``, each a trial; in ``participants.tsv``, or in the name of
    the task, each run then being one trial."""
    column: str | None = None
    """The column that names the condition; ``trial_type`` for events when not given."""
    trial_s: Annotated[float, Field(gt=0)] | None = None
    """Length of every trial in seconds from its event's onset, instead of the column ``duration``."""
    baseline_s: Annotated[float, Field(ge=0)] = 0.0
    """Length in seconds of the baseline that ends at an event's onset."""
    ratings: tuple[str, ...] = ()
    """Columns of ``events.tsv`` with the subject's numbers of a trial."""
    channel_names: Literal["match", "by_order"] = "match"
    """Whether ``channels.tsv`` must name the file's channels, in any order, or renames them by its order."""

    @model_validator(mode="after")
    def _options_agree(self) -> BidsConfig:
        if self.labels_from != "events" and (self.trial_s is not None or self.baseline_s or self.ratings):
            raise ValueError(
                "trial_s, baseline_s and ratings describe events, but labels_from makes each run one trial: set "
                "labels_from to 'events' or remove them."
            )
        if self.labels_from == "participants" and self.column is None:
            raise ValueError("labels_from 'participants' needs the column that names the condition: set 'column'.")
        if self.labels_from == "task" and self.column is not None:
            raise ValueError("labels_from 'task' reads no table: remove 'column'.")
        if self.labels_from == "task" and self.task is not None:
            raise ValueError("with labels_from 'task' the tasks are the conditions: name them in 'conditions' only.")
        return self

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List a recording for every subject and session, its runs in numerical order."""
        root = existing_folder(data, type(self))
        runs = list(runs_in(root))
        found: dict[tuple[str, str], list[Run]] = {}
        for run in runs:
            if self._is_wanted(run):
                found.setdefault((run.entities["sub"], run.entities.get("ses", "1")), []).append(run)
        if not found:
            tasks = sorted({run.entities.get("task", "") for run in runs} - {""})
            if tasks:
                raise RecordingError(
                    f"'{root}' holds no run of the wanted task: choose among {', '.join(tasks)} with the dataset's "
                    f"option '{'conditions' if self.labels_from == 'task' else 'task'}'."
                )
            raise nothing_found(root, type(self))
        return tuple(
            RecordingSource(subject, session, self._files(root, found[subject, session]))
            for subject, session in sorted(found, key=lambda key: (natural_key(key[0]), natural_key(key[1])))
        )

    def read(self, source: RecordingSource) -> RawRecording:
        """Read the runs of a subject and session, each a segment.

        Returns
        -------
        raw
            The EEG channels by ``channels.tsv``; reference and pass-band as the sidecars and files state them.
        """
        runs = tuple(runs_among(source.files))
        if self.labels_from == "events":
            refuse_partly_missing_events(runs, source.subject)
        parts: list[Part] = []
        with mirrored(source.files, runs[0].root) as mirror:
            for run in runs:
                parts.append(self._part(run, runs, mirror, 1 + sum(len(part.spans) for part in parts)))
            if any(part.spans for part in parts):
                return self._joined(source, parts)
        name = recording_name(source.subject, source.session)
        if self.labels_from == "events" and all(run.table("events.tsv") is None for run in runs):
            expected = runs[0].path.name.rpartition("_")[0] + "_events.tsv"
            raise RecordingError(
                f"{name} has no events.tsv, whose rows are the trials: put {expected} beside {runs[0].path.name}, or "
                "take conditions from elsewhere with the dataset's option 'labels_from'."
            )
        raise RecordingError(
            f"{name} holds no trial among the rows of its events.tsv "
            f"({said_in(runs, self._column)}): check the dataset's options 'column' and 'conditions'."
        )

    @property
    def _column(self) -> str:
        return self.column or "trial_type"

    def _is_wanted(self, run: Run) -> bool:
        task = run.entities.get("task")
        if self.labels_from == "task":
            return self._wanted(task)
        tasks = (self.task,) if isinstance(self.task, str) else self.task
        return tasks is None or task in tasks

    def _files(self, root: Path, runs: list[Run]) -> tuple[Path, ...]:
        files = [path for run in runs for path in run.files]
        # Only here, since a line that is added to the table for somebody else recomputes everybody.
        if self.labels_from == "participants":
            files.append(root / PARTICIPANTS)
        return tuple(dict.fromkeys(files))

    def _part(self, run: Run, runs: Sequence[Run], mirror: Path, first_trial: int) -> Part:
        subject = run.entities["sub"]
        same = [other.path.name for other in runs if other.path.stem == run.path.stem]
        if len(same) > 1:
            raise RecordingError(
                f"Subject {subject} has one run in two formats ({', '.join(same)}): keep one of them in the tree."
            )
        facts, channels = run.facts(), run.table("channels.tsv")
        file = open_run(run, mirror, subject, self.channel_names)
        spans, log = self._spans(run, file, first_trial)
        eeg = frozenset(label for label, kind in zip(file.labels, file.types, strict=True) if kind == "eeg")
        filters = stated_filters(facts, channels, eeg)
        low, high = file.passband_hz
        low, high = max(low, filters.low_hz or low), min(high, filters.high_hz or high)
        if filters.not_understood:
            log.append(f"filters of unclear effect in eeg.json: {', '.join(filters.not_understood)}")
        if isinstance(facts.get("PowerLineFrequency"), int | float):
            log.append(f"mains frequency, by eeg.json: {facts['PowerLineFrequency']:g} Hz")
        return Part(
            file=file,
            spans=tuple(spans),
            passband_hz=(low, high) if low < high else file.passband_hz,
            reference=stated_reference(facts) or UNKNOWN_REFERENCE,
            cleaned=filters.cleaned,
            log=tuple(log),
        )

    def _spans(self, run: Run, file: RecordedFile, first_trial: int) -> tuple[list[TrialSpan], list[str]]:
        if self.labels_from == "events":
            wanted = WantedEvents(self._column, self.conditions, self.trial_s, self.baseline_s, self.ratings)
            return event_spans(run, file, wanted, first_trial)
        condition = task_of(run) if self.labels_from == "task" else group_of(run, str(self.column))
        if not self._wanted(condition):
            raise RecordingError(
                f"Subject {file.subject} belongs to '{condition}', which is not among the conditions "
                f"{', '.join(self.conditions)}: add it or leave the subject out."
            )
        return [TrialSpan(0, first_trial, condition, 0.0, file.duration_s, condition=condition)], []
