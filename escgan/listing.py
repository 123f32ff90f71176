"""Lists in sentences: short however much there is to name, and which of them a misspelt word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def first_of(words: Sequence[str], most: int) -> str:
    """Join the first words by commas, and count the others.

    >>> first_of(["Fz", "Cz", "Pz"], 2), first_of(["Fz", "Cz"], 2)
    ('Fz, Cz and 1 more', 'Fz, Cz')
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def near_miss(word: str, known: Iterable[str]) -> str:
    """Ask, to be put behind what was expected, for the known word that is like a misspelt one; empty if none is.

    >>> near_miss("trian", ["train", "report"]), near_miss("spam", ["train", "report"])
    (" (did you mean 'train'?)", '')
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""
