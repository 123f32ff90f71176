"""Where a run's time and memory went, from the manifests of all that its report was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from escgan.report.wording import plural
from flows.answering import print_document
from flows.console import answer_console
from flows.names import STAGES
from storage.errors import ArtifactCorrupt, ArtifactMissing
from storage.lineage import lineage
from storage.manifest import Manifest
from storage.store import Store


@dataclass(frozen=True)
class Line:
    """A stage, or one part of it (depth 1), over all its units.

    ``seconds`` is the sum over units, which run side by side; ``longest`` the unit that took longest.
    """

    name: str
    depth: int
    units: int
    seconds: float
    median_s: float
    longest_s: float
    longest: str
    peak_memory_mb: float


def print_profile(store: Store, name: str, as_json: bool = False) -> None:
    """Print a run's tree of stages and parts.

    Raises
    ------
    ArtifactMissing
        No run of that name left a report, and no key begins with it.
    ArtifactCorrupt
        The key's artifact has no sound manifest.
    """
    end = _end_of(store, name)
    made = lineage(store, [(end.stage, end.key)])
    lines = profile_lines(made)
    whole = sum(line.seconds for line in lines if line.depth == 0)
    if as_json:
        print_document({"unit": end.unit, "key": end.key, "artifacts": len(made), "seconds": whole, "lines": lines})
        return
    console = answer_console()
    what = f"{end.unit or end.key[:12]}: {plural(len(made), 'artifact')}, {_seconds(whole)} of work"
    table = Table(title=what, title_justify="left")
    table.add_column("Stage and part")
    for head in ("Units", "Seconds in all", "Share", "Median unit", "Longest unit"):
        table.add_column(head, justify="right")
    table.add_column("Which")
    table.add_column("Peak memory (MiB)", justify="right")
    for line in lines:
        share = f"{line.seconds / whole:.1%}" if whole else ""
        table.add_row(
            "  " * line.depth + line.name, str(line.units), f"{line.seconds:.2f}", share,
            f"{line.median_s:.2f}", f"{line.longest_s:.2f}", line.longest, f"{line.peak_memory_mb:.0f}",
            style="bold" if line.depth == 0 else "",
        )  # fmt: skip
    console.print(table)
    console.print(
        "Seconds are summed over units, which run side by side. Memory is the whole process'. "
        "Artifacts that a run reused keep the figures of when they were made.",
    )


def profile_lines(manifests: Iterable[Manifest]) -> list[Line]:
    """Sum manifests by stage and part, stages in the pipeline's order and parts in theirs."""
    stages: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        stages.setdefault(manifest.stage, []).append(manifest)
    order = [stage.value for stage in STAGES]
    lines = []
    for stage in sorted(stages, key=lambda s: order.index(s) if s in order else len(order)):
        units = stages[stage]
        lines.append(_line(stage, 0, [(m.unit, m.wall_s, m.peak_memory_mb) for m in units]))
        parts: dict[str, list[tuple[str, float, float]]] = {}
        rest: list[tuple[str, float, float]] = []
        for m in units:
            rows = m.extra.get("parts", [])
            for row in rows:
                parts.setdefault(row["part"], []).append((m.unit, row["seconds"], row["peak_memory_mb"]))
            if rows:
                rest.append((m.unit, max(0.0, m.wall_s - sum(row["seconds"] for row in rows)), m.peak_memory_mb))
        lines += [_line(part, 1, rows) for part, rows in parts.items()]
        lines += [_line("flush and seal", 1, rest)] if rest else []
    return lines


def _line(name: str, depth: int, rows: Sequence[tuple[str, float, float]]) -> Line:
    seconds = [row[1] for row in rows]
    unit, longest, _ = max(rows, key=lambda row: row[1])
    return Line(name, depth, len(rows), sum(seconds), median(seconds), longest, unit, max(row[2] for row in rows))


def _end_of(store: Store, name: str) -> Manifest:
    """Return the newest report of a run, or the artifact of a key."""
    reports = [m for m in store.list("report") if m.unit == name]
    if reports:
        return max(reports, key=lambda m: m.created)
    found = store.resolve(name)
    if len(found) == 1:
        (stage, key) = found[0]
        manifest = store.manifest(stage, key)
        if manifest is None:
            raise ArtifactCorrupt(f"The manifest of {stage}/{key} is damaged or gone: run again to recompute it.")
        return manifest
    known = sorted({m.unit for m in store.list("report")})
    if found:
        raise ArtifactMissing(f"{len(found)} artifacts in '{store.address}' begin with '{name}': give more of the key.")
    raise ArtifactMissing(
        f"No run named '{name}' left a report in '{store.address}', and no key begins so: "
        + (f"there are reports of {', '.join(known)}." if known else "finish a run first, or give an artifact's key.")
    )


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"
