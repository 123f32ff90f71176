"""The command's first moments: Ctrl-C is heeded before anything large is imported."""

from __future__ import annotations

from flows.interrupt import stop_at_signals


def main() -> None:
    """Run the command ``escgan``."""
    stop_at_signals()
    from flows.cli import main as command

    command()


if __name__ == "__main__":
    main()
