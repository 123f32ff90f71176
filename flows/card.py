"""One program on a card at a time, whichever worker or run it belongs to."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from escgan.device import choose_device

CARD = "ESCGAN_CARD"
"""Environment variable that names a worker's card; by default its host and CUDA's number of it."""

# A slot of a run that was killed is free after this.
_LEASE_S = 60.0


@contextmanager
def own_card(device: str) -> Iterator[str | None]:
    """Hold a slot of the card's concurrency limit while the block lasts; gives the limit's name.

    Without a card, or without a server, there is nothing to hold. A limit that does not exist yet is made, with one
    slot; give a card more with ``prefect gcl update NAME --limit 2``.
    """
    name = card_name(device)
    if name is None or PREFECT_API_URL.value() is None:
        yield None
        return
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(name, occupy=1, lease_duration=_LEASE_S, strict=True):
        yield name


def card_name(device: str) -> str | None:
    """Return the name of the card that a device is, as the environment gives it; None on a CPU without such a name."""
    given = os.environ.get(CARD)
    if given:
        return given
    chosen = choose_device(device)
    if chosen == "cpu":
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0") or "0"
    return f"card-{socket.gethostname()}-{visible}"
