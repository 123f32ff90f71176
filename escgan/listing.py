"""Lists in sentences that stay short however much there is to name."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(words: Sequence[str], most: int) -> str:
    """Join the first words by commas, and count the others.

    >>> first_of(["Fz", "Cz", "Pz"], 2), first_of(["Fz", "Cz"], 2)
    ('Fz, Cz and 1 more', 'Fz, Cz')
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
