"""Where the code of a deployed run lies: with the escgan that its worker has installed, wherever that is."""

from __future__ import annotations

import os
from pathlib import Path


def enter() -> dict[str, str]:
    """Go to the folder that holds ``flows/``, as the first step of every deployed run.

    Each machine has its own; Prefect's step of that purpose would take the deploying machine's to all of them.
    """
    folder = Path(__file__).resolve().parents[1]
    os.chdir(folder)
    return {"directory": str(folder)}
