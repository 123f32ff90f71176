"""An earlier run, computed again in a store of its own and compared result by result."""

from __future__ import annotations

from contextlib import nullcontext
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from escgan.errors import ConfigError
from escgan.report.wording import plural
from flows.answering import print_document
from flows.artifact_commands import existing_store
from flows.console import headed
from flows.execution import ExecutionConfig
from flows.foreground import foreground
from flows.interrupt import AGAIN, KEPT
from flows.preconditions import refuse_absent, refuse_hopeless
from storage.opening import open_store
from storage.store import Store
from tasks.ledger import find_run
from tasks.reproduction import (
    Comparison,
    EarlierRun,
    changed_versions,
    compare,
    find_earlier,
    held_by,
    manifest_at,
    take_features,
)

_MOST_NAMED = 5


def reproduced(
    run: str, root: str, data: Path | None, keep: Path | None, execution: ExecutionConfig, as_json: bool = False
) -> bool:
    """Compute a run again and print how its results compare; tell whether it was reproduced.

    Parameters
    ----------
    run
        What names the run in the store at ``root``, or the path of its report's manifest.
    root
        The store that remembers the run; not looked at where a manifest is given.
    data
        Folder with the corpus' files; None where features that the store holds are to be used.
    keep
        Folder of the store to compute in, which may hold what a reproduction that was stopped had finished; None for
        one that is removed at the end.
    execution
        Device and fan-out.
    as_json
        Print one document for a script instead.
    """
    source = None if manifest_at(run) else existing_store(root)
    earlier = find_earlier(source, run)
    refuse_without_inputs(earlier, data)
    if keep is not None:
        refuse_own_store(run, source, keep)
    with nullcontext(keep) if keep else TemporaryDirectory(prefix="escgan-") as folder:
        into = Path(folder)

        def check(store: Store) -> None:
            if data is None and not _is_simulated(earlier):
                refuse_absent(execution)
            else:
                refuse_hopeless(earlier.config, data, store, execution)

        with foreground(into, f"{earlier.manifest.unit} again", check, KEPT if keep else AGAIN) as console:
            versions = changed_versions(earlier.manifest)
            if not as_json:
                print_versions(console, earlier, versions)
            comparison = _compute_again(earlier, source, data, into, execution)
            if not as_json:
                print_comparison(console, comparison)
    if as_json:
        print_document(comparison_document(earlier, versions, comparison))
    return comparison.reproduced


def refuse_without_inputs(earlier: EarlierRun, data: Path | None) -> None:
    """Refuse what cannot be computed again: neither files, nor features of a store, nor a simulated cohort.

    Raises
    ------
    ConfigError
        There is nothing to begin with.
    """
    if data is None and earlier.record is None and not _is_simulated(earlier):
        raise ConfigError(
            f"A manifest alone holds no recording of '{earlier.manifest.unit}': give the corpus' files with --data DIR."
        )


def refuse_own_store(run: str, source: Store | None, keep: Path) -> None:
    """Refuse to compute in the store that holds the run: everything would be found there, and nothing computed.

    Raises
    ------
    ConfigError
        The folder is that store.
    """
    folder, manifest = keep.expanduser().resolve(), manifest_at(run)
    own = None if source is None else source.root.resolve()
    # A report lies in its store at artifacts/report/KEY.
    if own == folder or (manifest is not None and manifest.resolve().parent.parent == folder / "artifacts" / "report"):
        raise ConfigError(
            f"--keep '{keep}' is the store that holds '{run}', where nothing would be computed anew: give another "
            "folder."
        )


def _compute_again(
    earlier: EarlierRun, source: Store | None, data: Path | None, into: Path, execution: ExecutionConfig
) -> Comparison:
    # Prefect may be imported only after the foreground has settled where it keeps its own files.
    from flows.pipeline import pipeline

    using = None
    if data is None and not _is_simulated(earlier) and source is not None and earlier.record is not None:
        take_features(source, open_store(into), earlier.record)
        using = earlier.record.id
    store = open_store(into)
    before = held_by(store)
    outcome = pipeline(earlier.config, data, into, execution, using=using)
    report = find_run(store, outcome.run).report
    if report is None:
        raise ConfigError(f"'{earlier.manifest.unit}' came to no report, so there is nothing to compare: run it again.")
    return compare(earlier, store, report, before)


def _is_simulated(earlier: EarlierRun) -> bool:
    return hasattr(earlier.config.dataset, "materialize")


def print_versions(console: Console, earlier: EarlierRun, differing: dict[str, tuple[str, str]]) -> None:
    """Say when and with what a run was made, and what is installed otherwise now."""
    manifest = earlier.manifest
    console.print(f"{manifest.unit} was made on {manifest.created[:10]}.")
    if not differing:
        console.print("The packages that results depend on have the same versions here.")
        return
    told = ", ".join(f"{name} {then} (here {now})" for name, (then, now) in differing.items())
    console.print(
        headed(
            "Other versions:",
            f" it was made with {told}. For the same bytes, install that version's requirements.lock.",
        ),
        soft_wrap=True,
    )


def comparison_document(
    earlier: EarlierRun, versions: dict[str, tuple[str, str]], comparison: Comparison
) -> dict[str, Any]:
    """Return for a script how a run's results compare."""
    return {
        "name": earlier.manifest.unit,
        "made": earlier.manifest.created,
        "reproduced": comparison.reproduced,
        "reused": comparison.reused,
        "versions": [{"package": name, "then": then, "here": here} for name, (then, here) in versions.items()],
        "stages": comparison.stages,
        "largest_difference": comparison.largest_difference,
    }


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print one row a stage, and whether the result was reproduced."""
    table = Table(box=box.SIMPLE)
    for heading in ("stage", "results", "same bytes", "other bytes", "reused"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "stage" else "right")
    for stage in comparison.stages:
        others, stood = str(len(stage.different) or ""), str(stage.reused or "")
        table.add_row(stage.stage, str(stage.results), str(stage.equal), others, stood)
    console.print(table)
    if any(stage.different for stage in comparison.stages):
        _print_difference(console, comparison)
    elif not comparison.computed:
        console.print(
            headed(
                "Nothing was computed:",
                f" the store held all {plural(comparison.results, 'result')} before; "
                "give --keep an empty folder, or leave it out.",
            ),
            soft_wrap=True,
        )
        return
    elif comparison.reused:
        were = "result that was" if comparison.computed == 1 else f"{comparison.computed} results that were"
        have = "has" if comparison.computed == 1 else "have"
        console.print(headed("Reproduced:", f" the {were} computed anew {have} the same bytes."))
    else:
        console.print(headed("Reproduced:", f" all {plural(comparison.results, 'result')} have the same bytes."))
    if comparison.reused:
        told = ", ".join(f"{stage.stage} {stage.reused}" for stage in comparison.stages if stage.reused)
        console.print(
            f"{plural(comparison.reused, 'result')} of {comparison.results} stood in the store before and "
            f"{'was' if comparison.reused == 1 else 'were'} reused, not computed: {told}.",
            soft_wrap=True,
        )


def _print_difference(console: Console, comparison: Comparison) -> None:
    first = next(stage for stage in comparison.stages if stage.different)
    named = ", ".join(first.different[:_MOST_NAMED]) + (" ..." if len(first.different) > _MOST_NAMED else "")
    largest = comparison.largest_difference
    scores = "the scores cannot be compared" if isnan(largest) else f"scores differ by at most {largest:.2g}"
    console.print(
        headed("Not the same bytes:", f" they differ from stage '{first.stage}' on ({named}); {scores}."),
        soft_wrap=True,
    )
