"""What the project is built from is pinned, and nothing that it reads can run code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from escgan.datasets.unpickling import load_arrays
from escgan.errors import RecordingError

ROOT = Path(__file__).parents[1]
ROOMS = ("escgan", "storage", "tasks", "flows")
# One reads corpora that are pickles, without running any; one writes the simulated corpus in DEAP's own layout.
MAY_PICKLE = {"escgan/datasets/unpickling.py", "escgan/datasets/deap_writer.py"}
PICKLERS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUN_CODE = {"eval", "exec", "compile", "__import__"}
LOADERS = {("torch", "load"), ("torch", "save"), ("pd", "read_pickle"), ("yaml", "load"), ("yaml", "unsafe_load")}


def dangers(source):
    """What in a module's source could unpickle something or run what it reads."""
    tree = ast.parse(source)
    safe = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
            and [ast.unparse(base) for base in node.bases] == ["yaml.SafeLoader"]}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in PICKLERS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PICKLERS:
            yield node.module
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in RUN_CODE:
                yield called.id
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                safely = len(node.args) == 2 and ast.unparse(node.args[1]) in safe
                if (called.value.id, called.attr) in LOADERS and not safely:
                    yield f"{called.value.id}.{called.attr}"
                if (called.value.id, called.attr) == ("os", "system"):
                    yield "os.system"
            for keyword in node.keywords:
                constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if (keyword.arg, constant) in (("allow_pickle", True), ("shell", True)):
                    yield f"{keyword.arg}=True"


def test_nothing_is_pickled_and_nothing_that_is_read_can_run():
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    found = {str(path.relative_to(ROOT)): sorted(set(dangers(path.read_text(encoding="utf-8")))) for path in files}
    assert {name: what for name, what in found.items() if what} == {name: ["pickle"] for name in MAY_PICKLE}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from joblib import load", "torch.load(path)", "np.load(path, allow_pickle=True)",
        "eval(text)", "yaml.load(text)", "yaml.load(text, yaml.Loader)",
        "subprocess.run(text, shell=True)", "os.system(text)",
    ],
)  # fmt: skip
def test_the_scan_can_fail(line):
    assert list(dangers(line))


def test_a_pickle_that_would_run_something_is_refused_and_nothing_runs(tmp_path):
    # GLOBAL os.system, the argument, REDUCE: what every unpickler but a restricted one obeys.
    harm = tmp_path / "harm"
    path = tmp_path / "s01.dat"
    path.write_bytes(b"cos\nsystem\n(V" + f"touch {harm}".encode() + b"\ntR.")
    with pytest.raises(RecordingError):
        load_arrays(path, "01")
    assert not harm.exists()


def test_every_package_is_pinned_and_every_dependency_is_locked():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_]+", line) for line in lines)
    locked = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # Ray is left out for its size.
    wanted = [*project["dependencies"], *(d for name in ("dev", "preprocessing", "study", "dask", "s3")
                                          for d in project["optional-dependencies"][name])]  # fmt: skip
    names = {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", each)[0]).lower() for each in wanted} - {"escgan"}
    assert names <= locked
