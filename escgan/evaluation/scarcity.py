"""Making a class scarce on the training side: how a method does where few examples of an emotion are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from escgan.errors import ConfigError
from escgan.seeds import generator
from escgan.settings import Settings


class Scarcity(Settings):
    """Keep a share of one class' training windows; the others are gone before anything is computed from them.

    The ESC-GAN paper's hard case keeps 10 to 50 % of a quadrant. Test windows are never taken away.
    """

    label: str
    """The class that is made scarce."""
    keep: float = Field(gt=0, le=1)
    """Share of its windows that each recording keeps, at least one."""
    seed: int = 0
    """Seed of the draw; the seed of the run is added."""

    def kept(self, table: pd.DataFrame, labels: NDArray[np.int64], classes: Sequence[str]) -> NDArray[np.bool_]:
        """Return which training windows are kept, ``(n_windows,)``.

        Each recording's draw depends on nothing but its own windows, so that a subject loses the same ones in every
        fold.

        Parameters
        ----------
        table
            The windows' subject and session.
        labels
            ``(n_windows,)`` in ``range(len(classes))``.

        Raises
        ------
        ConfigError
            There is no such class.
        """
        if self.label not in classes:
            raise ConfigError(f"scarcity.label is '{self.label}', expected one of: {', '.join(classes)}.")
        label = list(classes).index(self.label)
        kept = np.ones(len(table), bool)
        rows = table.reset_index(drop=True)
        for (subject, session), own in rows.groupby(["subject", "session"], sort=False):
            places = own.index.to_numpy()[labels[own.index.to_numpy()] == label]
            # Half a window more is rounded up, whatever Python's rounding to even does.
            n = max(1, int(np.floor(self.keep * len(places) + 0.5)))
            order = generator(self.seed, "scarcity", str(subject), str(session)).permutation(len(places))
            kept[places[order[n:]]] = False
        return kept
