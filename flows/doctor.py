"""What is installed and reachable here, and what would stop a run, each with its remedy."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal

from packaging.requirements import Requirement

from escgan.errors import EscganError
from flows.answering import print_document
from storage.errors import StorageError

State = Literal["ok", "note", "problem"]

EXTRAS = ("preprocessing", "study", "dask", "ray", "s3")
# Prefect's own database and one small cohort's results.
_LEAST_DISK_GB = 1.0
# MNE, torch and a recording of half an hour.
_LEAST_MEMORY_GB = 2.0
# A file system takes no longer name, in bytes.
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and what to do about it where something is wrong."""

    what: str
    state: State
    said: str
    remedy: str = ""


def examine(root: str) -> Iterator[Finding]:
    """Look at everything that a run needs, the store at ``root`` among it. Nothing is written."""
    yield _python()
    yield _packages()
    yield from (_extra(name) for name in EXTRAS)
    yield _device()
    yield _memory()
    yield from _store(root)
    yield _server()


def print_findings(root: str, as_json: bool) -> bool:
    """Print what was found, a line each or as JSON; tell whether nothing would stop a run."""
    findings = list(examine(root))
    sound = all(finding.state != "problem" for finding in findings)
    if as_json:
        print_document({"sound": sound, "findings": findings})
    else:
        for finding in findings:
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            print(f"{finding.state:8} {finding.what}: {finding.said}{remedy}")
    return sound


def _python() -> Finding:
    # A Python that is too old does not come as far as this.
    return Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _packages() -> Finding:
    wrong = unmet("")
    if wrong:
        return Finding(
            "packages",
            "problem",
            "; ".join(wrong),
            "pip install --requirement requirements.lock, from escgan's folder.",
        )
    return Finding("packages", "ok", f"escgan {version('escgan')}, and all that it needs")


def _extra(name: str) -> Finding:
    wrong = unmet(name)
    if wrong:
        return Finding(f"[{name}]", "note", "; ".join(wrong), f"pip install 'escgan[{name}]', if you want it.")
    return Finding(f"[{name}]", "ok", "installed")


def unmet(extra: str) -> list[str]:
    """Say which packages that escgan needs, or one of its extras, are absent or of a version that does not serve."""
    wrong = []
    for requirement in map(Requirement, requires("escgan") or ()):
        marker = requirement.marker
        if marker is not None and (not extra or not marker.evaluate({"extra": extra})):
            continue
        if extra and marker is None:
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is installed, {requirement.specifier} is needed")
    return wrong


def _device() -> Finding:
    import torch

    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        return Finding("device", "ok", ", ".join(f"{c.name}, {c.total_memory / 2**30:.0f} GiB" for c in cards))
    if torch.backends.mps.is_available():
        return Finding("device", "ok", "Apple's GPU (mps)")
    said = f"CPU, {os.cpu_count()} cores"
    if shutil.which("nvidia-smi"):
        build = "of a build for CPUs" if torch.version.cuda is None else f"built for CUDA {torch.version.cuda}"
        return Finding(
            "device",
            "problem",
            f"{said}: there is NVIDIA's driver, and torch {torch.__version__}, {build}, finds no card",
            "install a torch build for that driver's CUDA (pytorch.org), or look at `nvidia-smi`.",
        )
    return Finding("device", "note", f"{said}, no GPU", "the paper's network sizes want one; the examples do not.")


def _memory() -> Finding:
    from tasks.training_windows import free_memory

    free = free_memory() / 2**30
    if free < _LEAST_MEMORY_GB:
        return Finding("memory", "problem", f"{free:.1f} GiB free", "end other programs, or raise the job's limit.")
    return Finding("memory", "ok", f"{free:.1f} GiB free")


def _store(root: str) -> Iterator[Finding]:
    from storage.opening import is_remote, local_folder, open_store, store_exists

    if is_remote(root):
        try:
            # Opening a store makes it where there is none.
            n = len(open_store(root).addresses()) if store_exists(root) else None
        except (EscganError, StorageError) as error:
            yield Finding("store", "problem", str(error), "check the address and the credentials.")
            return
        yield Finding("store", "ok", f"{root} will be made" if n is None else f"{root}, {n} artifacts")
        return
    folder = local_folder(root).absolute()
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in folder.parts):
        yield Finding("store", "problem", f"{folder} has too long a name", "give a shorter one with --root.")
        return
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not place.is_dir():
        yield Finding("store", "problem", f"{place} is a file", "give a folder with --root.")
        return
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding("store", "problem", f"{place} may not be written to", "give another folder with --root.")
        return
    n = sum(1 for _ in (folder / "artifacts").glob("*/[0-9a-f]*"))
    yield Finding("store", "ok", f"{folder}, {n} artifacts" if folder.exists() else f"{folder} will be made")
    free = shutil.disk_usage(place).free / 1e9
    state: State = "ok" if free >= _LEAST_DISK_GB else "problem"
    remedy = "" if state == "ok" else "free some space, or give --root on another disk."
    yield Finding("disk", state, f"{free:.1f} GB free where the store lies", remedy)


def _server() -> Finding:
    from flows.server import configured_server, trouble_with

    url = configured_server()
    if url is None:
        return Finding("Prefect server", "ok", "none is configured: each command starts its own for itself")
    try:
        trouble = trouble_with(url)
    except EscganError as error:
        return Finding("Prefect server", "problem", str(error), "correct it, or unset it.")
    if trouble:
        return Finding("Prefect server", "problem", trouble.said, trouble.remedy)
    return Finding("Prefect server", "ok", f"{url} answers")
