"""The rooms' one-way doors: who may import whom, proved on the source and in a fresh interpreter."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "escgan": {"prefect", "storage", "tasks", "flows"},
    "storage": {"prefect", "escgan", "tasks", "flows"},
    "tasks": {"flows"},
}


def imports(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def loaded_after(statement):
    code = f"import sys; {statement}; print(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_module_imports_a_room_it_must_not_know(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        assert not FORBIDDEN[room] & set(imports(path.read_text())), path


def test_the_import_scan_can_fail():
    assert FORBIDDEN["escgan"] & set(imports("def f():\n    from prefect import flow\n"))


@pytest.mark.parametrize("room", ["escgan", "storage"])
def test_importing_every_module_of_a_library_room_loads_no_prefect(room):
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in sorted((ROOT / room).rglob("*.py"))]
    names = ", ".join(name.removesuffix(".__init__") for name in modules)
    assert not FORBIDDEN[room] & loaded_after(f"import {names}")


def test_the_subprocess_proof_can_fail():
    assert "prefect" in loaded_after("import tasks.caching")


def test_help_loads_nothing_heavy():
    assert not {"torch", "prefect", "mne", "pandas", "numpy", "scipy"} & loaded_after("import flows.cli")


def test_reading_a_configuration_does_not_load_torch():
    assert "torch" not in loaded_after("import escgan.config")


def test_only_the_entry_point_imports_flows():
    users = [p for room in ("escgan", "storage", "tasks") for p in (ROOT / room).rglob("*.py")]
    assert not [p for p in users if "flows" in set(imports(p.read_text()))]


def test_no_flow_hides_a_module_that_others_import_by_name():
    # Prefect puts the folder of a deployed flow first on the path: `flows/profile.py` once stood before Python's own.
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert not names & (set(sys.stdlib_module_names) | rooms)


def test_every_make_target_that_is_named_exists_once():
    named = set()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        named |= set(re.findall(r"(?:^|`|&& )make ([a-z][a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
    assert sorted(targets) == sorted(declared)
    assert {"demo", "test", "server", "test-server", "test-faults"} <= named <= set(targets)
