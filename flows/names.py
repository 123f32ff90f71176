"""The stages' names, in the order of the pipeline."""

from __future__ import annotations

from enum import StrEnum


class StageName(StrEnum):
    """A stage of the pipeline."""

    INGEST = "ingest"
    FEATURES = "features"
    TRAIN = "train"
    AUGMENT = "augment"
    EVALUATE = "evaluate"
    REPORT = "report"


STAGES: tuple[StageName, ...] = tuple(StageName)

STORED_STAGES = (
    "ingest", "features", "separation", "train", "augment", "evaluate", "report", "robustness", "fidelity", "study",
)  # fmt: skip
"""Every stage whose results a store keeps, those that no command names too: listing them must load nothing."""

STUDY_NAMES = ("compare", "hard-case", "robustness", "ablation", "fidelity", "learning-curve", "balance")
"""The studies, as the command line calls them: listing them must load nothing."""

CORPUS_NAMES = (
    "amigos", "bids", "deap", "deap_original", "dreamer", "eegmat", "faced", "faced_features", "folder", "mahnob_hci",
    "seed", "seed_features", "seed_iv", "seed_iv_features", "seed_raw", "seed_v", "seed_v_features", "simulated",
)  # fmt: skip
"""The kinds of corpus, which a shell completes."""
