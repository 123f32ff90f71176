"""A BIDS-derivatives dataset of a run: what stands at its root, and how its recordings are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from escgan import __version__
from escgan.datasets import Corpus
from escgan.errors import ConfigError
from escgan.exchange.bids_recording import TRIAL, Names, write_json, write_table
from escgan.recording import Recording, recording_name, subject_and_session

BIDS_VERSION = "1.9.0"

_URL = re.compile(r"https?://[^\s,;)]+")


def bids_names(recordings: Sequence[str], kind: str) -> dict[str, Names]:
    """Say what each recording is called in BIDS, whose labels are letters and digits.

    Parameters
    ----------
    recordings
        Their own names, such as ``sub-03_ses-2``.
    kind
        The corpus, which stands for the task.

    Raises
    ------
    ConfigError
        Two would have one name.

    Examples
    --------
    >>> bids_names(["sub-a_1"], "seed_iv")["sub-a_1"].stem
    'sub-a1_task-seediv'
    """
    whose = {name: subject_and_session(name) for name in recordings}
    with_sessions = any(session != "1" for _, session in whose.values())
    found: dict[str, Names] = {}
    taken: dict[Names, str] = {}
    for name, (subject, session) in whose.items():
        own = Names(_label(subject), _label(session) if with_sessions else None, _label(kind))
        if own in taken or not own.subject:
            raise ConfigError(
                f"BIDS allows letters and digits only, by which {recording_name(subject, session)} cannot be told from "
                f"{taken.get(own, 'others')}: rename the subject in the corpus."
            )
        taken[own] = name
        found[name] = own
    return found


def write_root(
    root: Path, run: str, corpus: Corpus, names: Mapping[str, Names], reading: Mapping[str, Any], measure: str
) -> None:
    """Write what describes the dataset as a whole.

    Parameters
    ----------
    root
        Its folder.
    run
        What the run is called.
    corpus
        What it is made from.
    names
        What each recording is called.
    reading
        As :func:`reading_options` gives them.
    measure
        What was measured of the windows, such as ``de``.
    """
    description = {
        "Name": f"{corpus.title}: preprocessed EEG and features of the run '{run}'",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "License": corpus.licence,
        "HowToAcknowledge": corpus.citation,
        "GeneratedBy": [{"Name": "escgan", "Version": __version__, "Description": f"escgan export bids {run}"}],
    }
    sources = [{"URL": url.rstrip(".")} for url in dict.fromkeys(_URL.findall(corpus.access))]
    if sources:
        description["SourceDatasets"] = sources
    write_json(root / "dataset_description.json", description)
    people = {names[name].subject: subject_and_session(name)[0] for name in names}
    rows = [{"participant_id": f"sub-{own}", "corpus_id": given} for own, given in sorted(people.items())]
    write_table(root / "participants.tsv", pd.DataFrame(rows))
    write_json(
        root / "participants.json",
        {
            "participant_id": {"Description": "The person, as in the names of folders."},
            "corpus_id": {"Description": "The person, as the corpus itself says."},
        },
    )
    texts = {
        "README": _readme(run, corpus, reading, measure),
        "LICENSE": f"{corpus.licence}\n\nThese are the terms of the corpus: {corpus.title}\n",
        # The specification has no name for features of windows.
        ".bidsignore": "*_features.tsv\n*_features.json\n",
    }
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


def reading_options(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return the options by which the corpus ``bids`` reads these recordings' trials again."""
    conditions: set[str] = set()
    ratings: dict[str, None] = {}
    baselines_s: set[float] = set()
    for recording in recordings:
        for trial in recording.trials:
            conditions.add(trial.condition or TRIAL)
            ratings |= dict.fromkeys(trial.ratings)
            baselines_s.add(0.0 if trial.baseline is None else trial.baseline.shape[1] / recording.sfreq)
    options: dict[str, Any] = {"kind": "bids", "conditions": sorted(conditions)}
    if ratings:
        options["ratings"] = list(ratings)
    if len(baselines_s) == 1 and baselines_s != {0.0}:
        options["baseline_s"] = baselines_s.pop()
    return options


def _label(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)


def _readme(run: str, corpus: Corpus, reading: Mapping[str, Any], measure: str) -> str:
    return "\n".join(
        [
            f"{corpus.title}: preprocessed EEG and features of the run '{run}', written by escgan {__version__}.",
            "",
            f"Licence of the corpus: {corpus.licence}",
            f"To cite: {corpus.citation or 'no citation is known'}",
            f"To know: {corpus.note}",
            "",
            "*_desc-preproc_eeg.vhdr: preprocessed trials, one after the other, float32 in microvolts. Joints stand in",
            "events.tsv as 'BAD boundary', so that MNE cuts no epoch across them.",
            f"*_desc-{measure}_features.tsv: one row a window, not normalised; the JSON file beside it describes each",
            "column. Labels are those of the run's configuration, with borders of all of its people.",
            "",
            "escgan reads it again with",
            "",
            yaml.safe_dump({"dataset": dict(reading)}, sort_keys=False, allow_unicode=True),
        ]
    )
