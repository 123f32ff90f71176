"""Every corpus' writer, by the kind that reads what it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.escgan.datasets.writers.amigos import write_amigos
from tests.escgan.datasets.writers.bids import write_bids
from tests.escgan.datasets.writers.deap_original import write_deap_original
from tests.escgan.datasets.writers.dreamer import write_dreamer
from tests.escgan.datasets.writers.faced import write_faced
from tests.escgan.datasets.writers.faced_features import write_faced_features
from tests.escgan.datasets.writers.folder import write_folder
from tests.escgan.datasets.writers.mahnob_hci import write_mahnob_hci
from tests.escgan.datasets.writers.seed import write_seed
from tests.escgan.datasets.writers.seed_features import write_seed_features
from tests.escgan.datasets.writers.seed_iv import write_seed_iv
from tests.escgan.datasets.writers.seed_iv_features import write_seed_iv_features
from tests.escgan.datasets.writers.seed_raw import write_seed_raw
from tests.escgan.datasets.writers.seed_v import write_seed_v
from tests.escgan.datasets.writers.seed_v_features import write_seed_v_features

WRITERS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "amigos": write_amigos,
    "bids": write_bids,
    "deap_original": write_deap_original,
    "dreamer": write_dreamer,
    "faced": write_faced,
    "faced_features": write_faced_features,
    "folder": write_folder,
    "mahnob_hci": write_mahnob_hci,
    "seed": write_seed,
    "seed_features": write_seed_features,
    "seed_iv": write_seed_iv,
    "seed_iv_features": write_seed_iv_features,
    "seed_raw": write_seed_raw,
    "seed_v": write_seed_v,
    "seed_v_features": write_seed_v_features,
}
"""``writer(folder, n_subjects=2, seed=0)`` writes a folder and returns the truth, a recording each."""
