"""Units of a stage written down, for a run elsewhere that shares the store and nothing else.

An order holds the units' science arguments in full, so that whoever takes it needs neither the recordings nor the
configuration they came from. It names the key of each unit as well: another version of escgan, which would compute
something else under another key, refuses it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from escgan.errors import ConfigError
from storage.digest import digest_json
from storage.store import Store
from tasks.stage import Science, Stage


def write_order(stage: Stage, store: Store, units: Mapping[str, Science], mode: str) -> str:
    """Write an order of units by name and return its digest, by which it is read."""
    written = {
        "stage": stage.name,
        "version": stage.version,
        "mode": mode,
        "units": [
            {"unit": name, "key": stage.key(*science), "science": _adapter(stage).dump_python(science, mode="json")}
            for name, science in units.items()
        ],
    }
    digest = digest_json(written)
    store.orders.write(digest, json.dumps(written))
    return digest


def read_order(stage: Stage, store: Store, digest: str) -> tuple[dict[str, Science], str]:
    """Return an order's units by name, and the mode in which they are computed.

    Raises
    ------
    ConfigError
        There is no such order, or it was written by another version.
    """
    text = store.orders.read(digest)
    if text is None:
        raise ConfigError(
            f"There is no order {digest[:12]} in the store {store.address}: does this worker reach the store of the "
            "run that wrote it?"
        )
    try:
        written = json.loads(text)
    except ValueError:
        written = None
    if written is None or digest_json(written) != digest or written["stage"] != stage.name:
        raise ConfigError(f"Order {digest[:12]} in the store {store.address} is damaged: run the pipeline again.")
    units: dict[str, Science] = {}
    for row in written["units"]:
        try:
            science = _adapter(stage).validate_python(row["science"])
            same = stage.key(*science) == row["key"]
        except ValidationError:
            same = False
        if not same:
            raise ConfigError(
                f"This worker's escgan would compute '{stage.name}' of {row['unit']} otherwise than the run that asks "
                "for it: install one version on both."
            )
        units[row["unit"]] = science
    return units, str(written["mode"])


@cache
def _adapter(stage: Stage) -> TypeAdapter[Science]:
    """Return what reads and writes the science of a stage, by its body's own annotations."""
    parameters = inspect.signature(stage.body, eval_str=True).parameters.values()
    kinds: Any = tuple[tuple(p.annotation for p in parameters if p.kind is not p.KEYWORD_ONLY)]  # type: ignore[misc]
    return TypeAdapter(kinds)
