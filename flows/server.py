"""The Prefect server that machines share, where one is configured: whether it can be used, and what to do if not."""

from __future__ import annotations

import os
from dataclasses import dataclass

from escgan.errors import ConfigError

_URL = "PREFECT_API_URL"
# To reach it. The answer itself may take longer, of a server with much to do.
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a server, and the remedy."""

    said: str
    remedy: str


def configured_server() -> str | None:
    """Return the address that the environment names; an empty one names none."""
    return os.environ.get(_URL) or None


def trouble_with(url: str) -> Trouble | None:
    """Ask a server something small; None if it answers as it should.

    Prefect's own client asks, so that passwords, keys and certificates count as they do for runs.

    Raises
    ------
    ConfigError
        Prefect refuses its settings.
    """
    import httpx

    refuse_settings_of_prefect()
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    timeout = httpx.Timeout(60.0, connect=_PATIENCE_S)
    try:
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(sync_client=True, httpx_settings={"timeout": timeout}) as client,
        ):
            client.request("POST", "/flow_runs/count", json={})
    except PrefectHTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNAUTHORIZED:
            return Trouble(f"{url} asks for a password", "source .server/env, or set PREFECT_API_AUTH_STRING.")
        return Trouble(f"{url} answers {error.response.status_code}", "check that the address ends with /api.")
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
        return Trouble(f"{url} is no address of a server", f"set {_URL} to one like http://HOST:4200/api.")
    except httpx.HTTPError as error:
        return Trouble(
            f"{url} does not answer ({type(error).__name__})",
            f"start it (`make server`), or unset {_URL} to run without.",
        )
    return None


def refuse_unusable_server() -> None:
    """Refuse a server that is configured and cannot be used.

    Raises
    ------
    ConfigError
        It does not answer, answers something else, or wants a password.
    """
    url = configured_server()
    trouble = trouble_with(url) if url else None
    if trouble:
        raise ConfigError(f"Prefect server: {trouble.said}: {trouble.remedy}")


def refuse_pool_without_server(gpu_pool: str | None) -> None:
    """Refuse a work pool where the environment names no server, before anything is computed.

    Raises
    ------
    ConfigError
        There is a pool and no server.
    """
    # A profile in the user's own PREFECT_HOME may name one: then the stage itself looks.
    if gpu_pool is not None and configured_server() is None and "PREFECT_HOME" not in os.environ:
        raise no_server_for(gpu_pool)


def no_server_for(gpu_pool: str) -> ConfigError:
    """Return what to say of a work pool without a server."""
    return ConfigError(
        f"gpu_pool '{gpu_pool}' needs a Prefect server that its workers know too: start one with `make server` and "
        f"set {_URL}."
    )


def refuse_settings_of_prefect() -> None:
    """Import Prefect, and refuse variables of the environment that it does not take.

    Raises
    ------
    ConfigError
        A variable ``PREFECT_...`` has a value that is none of its kind.
    """
    from pydantic import ValidationError

    try:
        # The import itself only complains of them.
        from prefect.settings import get_current_settings

        get_current_settings()
    except ValidationError as cause:
        first = cause.errors()[0]
        named = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"Prefect refuses its settings{f' ({named})' if named else ''}: {first['msg']}: look at the variables "
            f"{', '.join(sorted(name for name in os.environ if name.startswith('PREFECT_')))}."
        ) from cause
