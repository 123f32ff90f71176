"""The tutorials are followed to the letter: what they show is what is run, and what they say came out comes out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, ROOT, blocks, follow, shell_lines

PAGES = sorted(path for path in (DOCS / "tutorials").glob("*.md") if path.name != "index.md")
# What a page begins with whose reader changes the code.
IN_A_CLONE = "<!-- in a clone -->"
GPU_POOL = DOCS / "tutorials" / "gpu-pool.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_can_be_followed(page, tmp_path, monkeypatch):
    folder = tmp_path / "reader"
    folder.mkdir()
    if IN_A_CLONE in page.read_text(encoding="utf-8"):
        for name in ("escgan", "storage", "tasks", "flows", "tests", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
    monkeypatch.chdir(folder)
    assert list(follow(page, folder))


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "shows"),
        ("```shell\nfalse\n```\n", "ended with 1"),
        ("```shell\nescgan run nothing.yaml\n```\n", "ended with 2"),
        ("```ruby\nputs 1\n```\n", "nobody runs"),
        ("```text\n1\n```\n", "nothing was run"),
        ('```python title="a.py"\nx = 1\n```\n\n```diff title="a.py"\n-x = 2\n+x = 3\n```\n', "does not hold once"),
    ],
)
def test_a_tutorial_that_does_not_work_is_noticed(page, fault, tmp_path):
    (tmp_path / "page.md").write_text(page)
    folder = tmp_path / "reader"
    folder.mkdir()
    with pytest.raises(AssertionError, match=fault):
        list(follow(tmp_path / "page.md", folder))


def test_every_tutorial_is_listed_and_only_that_of_the_pool_leaves_anything_to_a_server():
    listed = (DOCS / "tutorials" / "index.md").read_text(encoding="utf-8")
    assert all(f"({page.name})" in listed for page in PAGES)
    assert [page for page in PAGES if any(block.on_server for block in blocks(page))] == [GPU_POOL]


def test_the_pools_deployments_of_the_tutorial_exist():
    deployed = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    names = {f"{own['entrypoint'].partition(':')[2].replace('_', '-')}/{own['name']}" for own in deployed}
    pools = {own["work_pool"]["name"] for own in deployed}
    run, other = [], []
    for words in shell_lines(GPU_POOL):
        if words[:3] == ["prefect", "deployment", "run"]:
            run.append(words[3])
        elif "--gpu-pool" in words:
            other.append(words[words.index("--gpu-pool") + 1])
        elif words[0].endswith("workers.sh"):
            other += words[1:]
    assert run and set(run) <= names
    assert other and set(other) <= pools


def test_the_tutorials_commands_of_make_and_of_prefect_exist():
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    prefect = Path(sys.executable).parent / "prefect"
    asked = set()
    for words in shell_lines(GPU_POOL):
        if words[0] == "make":
            assert f"\n{words[1]}:" in targets
        elif words[0] == "prefect":
            asked.add(tuple(words[1:3]))
        elif words[0].startswith("deploy/"):
            assert (ROOT / words[0]).is_file()
    assert asked
    for command in sorted(asked):
        help_text = subprocess.run([prefect, *command, "--help"], capture_output=True, text=True, timeout=120)
        assert help_text.returncode == 0, help_text.stderr
