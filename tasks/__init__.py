"""Tasks: each joins one computation of ``escgan`` to the artifact store and to Prefect.

What a run left is opened with :func:`open_run`, which starts no server and needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.opened_run import open_run

__all__ = ["open_run"]


def __getattr__(name: str) -> Any:
    # Imported when it is first asked for: a stage that needs no more than itself loads no more.
    if name == "open_run":
        from tasks.opened_run import open_run

        return open_run
    raise AttributeError(f"module 'tasks' has no attribute '{name}'")
