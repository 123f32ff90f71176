"""The command ``escgan``: its map, and how it ends.

Everything heavy is imported inside the commands, so that help and completion answer at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Annotated

import typer

from flows import answering
from flows.artifact_commands import artifacts
from flows.config_commands import config
from flows.console import print_what_cannot_be_encoded
from flows.corpus_commands import datasets, fetch, inspect
from flows.export_commands import export
from flows.interrupt import end_without_waiting, no_more_to_stop, stop_at_signals
from flows.lost_server import is_lost
from flows.machine_commands import doctor, setup_automations
from flows.result_commands import compare, profile, runs
from flows.run_commands import demo, reproduce, run, study

_RUNS = "Run experiments"
_RESULTS = "Look at results"
_DATA = "Data and configurations"
_MACHINES = "Machines"
_COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    _RUNS: (demo, run, study, reproduce),
    _RESULTS: (runs, compare, profile),
    _DATA: (datasets, inspect, fetch),
    _MACHINES: (doctor, setup_automations),
}

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="From raw EEG of many subjects to an honest verdict: do GAN-edited emotion windows help on unseen people?"
    "\n\nExamples:\n$ escgan demo\n$ escgan inspect DIR\n$ escgan run configs/eegmat.yaml --data DIR",
    epilog="Exit codes: 0 done, 1 defect, 2 usage or configuration, 3 recordings, 4 store, 5 training, "
    "6 not reproduced, 130 Ctrl-C, 143 SIGTERM.\n\n`escgan COMMAND --help` tells more of each; scripts add --json.",
)


@app.callback(invoke_without_command=True)
def escgan(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Hold options that stand before any command."""
    if version:
        from escgan import __version__

        typer.echo(f"escgan {__version__}")
        raise typer.Exit


for _panel, _commands in _COMMANDS.items():
    for _command in _commands:
        app.command(_command.__name__.replace("_", "-"), rich_help_panel=_panel)(_command)
app.add_typer(artifacts, name="artifacts", rich_help_panel=_RESULTS)
app.add_typer(export, name="export", rich_help_panel=_RESULTS)
app.add_typer(config, name="config", rich_help_panel=_DATA)


def main() -> None:
    """Run the command and end with its exit code."""
    code = 1
    print_what_cannot_be_encoded()
    try:
        code = _run_command()
    finally:
        no_more_to_stop(code)
    if is_lost():
        # Prefect would go on trying to tell the server of everything.
        end_without_waiting(code)
    sys.exit(code)


def _run_command() -> int:
    """Run the command; errors written for the user become one sentence and an exit code."""
    as_json = answering.wanted()
    try:
        # Where a script reads, wrong usage comes back as an error as well, instead of a panel.
        return app(prog_name="escgan", standalone_mode=not as_json) or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:
        from flows.exit_codes import told

        known = told(error)
        if known is None and not as_json:
            raise
        message, code = known or (f"unexpected {type(error).__name__}: {error}", 1)
        if known is None:
            traceback.print_exception(error)
    typer.echo(f"escgan: {message}", err=True)
    if as_json:
        answering.print_document(answering.error_document(message, code))
    return code


if __name__ == "__main__":
    stop_at_signals()
    main()
