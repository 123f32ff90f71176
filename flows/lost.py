"""Runs that are lost with their worker, found and run again."""

from __future__ import annotations

from escgan.errors import EscganError

# With the first one. A run that ends its process each time, out of memory say, is not tried for ever.
MOST_RUNS = 5


def refuse_endless_runs(run_count: int | None) -> None:
    """End a run that was lost too often; automations would run it again without end.

    Raises
    ------
    EscganError
        It is run more than ``MOST_RUNS`` times.
    """
    if run_count is not None and run_count > MOST_RUNS:
        raise EscganError(
            f"This run was lost {MOST_RUNS} times and is not tried again: look at its worker's log for what ends it "
            "(often memory), and start it anew."
        )
