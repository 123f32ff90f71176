"""What an artifact was made from, and what that was made from."""

from __future__ import annotations

from collections.abc import Iterable

from storage.manifest import Manifest
from storage.store import Store


def lineage(store: Store, ends: Iterable[tuple[str, str]]) -> list[Manifest]:
    """Return the manifests of some artifacts and of all that they were made from, each once.

    Parameters
    ----------
    store : Store
        Where to look.
    ends : iterable of (stage, key)
        The artifacts to begin with.

    Returns
    -------
    list of Manifest
        By stage and time. Artifacts that the store no longer holds are left out.
    """
    known = {(m.stage, m.key): m for m in store.list()}
    found: dict[tuple[str, str], Manifest] = {}
    waiting = list(ends)
    while waiting:
        address = waiting.pop()
        if address in found or address not in known:
            continue
        found[address] = known[address]
        waiting += [(entry["stage"], entry["key"]) for entry in known[address].inputs if "stage" in entry]
    return sorted(found.values(), key=lambda m: (m.stage, m.created, m.unit))
