"""Every example of docs/interoperability.md does what it says, on a small finished run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "interoperability.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^escgan .*$", PAGE, re.MULTILINE)


@pytest.fixture
def beside_the_store(finished, tmp_path, monkeypatch):
    """The tests' run is called small, where the page's is called demo."""
    (tmp_path / "store").symlink_to(finished[0])
    monkeypatch.chdir(tmp_path)


def test_the_examples_run_one_after_the_other(beside_the_store):
    known: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example.replace('"demo"', '"small"'), "interoperability.md", "exec"), known)
    plt.close("all")
    assert len(EXAMPLES) == 8 and known["raw"].info["sfreq"] == 128 and len(known["epochs"]) == 4
    assert known["X"].shape[1] == 32 * len(known["features"].band) and len(known["scores"]) == 4
    assert len(known["X_made"]) == len(known["y_made"]) == len(known["made_of"]) == len(known["edits"].table)
    assert known["model_card"].startswith("# Model card") and known["data_card"].startswith("# Data card")


def test_the_commands_are_commands(beside_the_store, escgan):
    export, run = (shlex.split(command)[1:] for command in COMMANDS)
    code, said, _ = escgan(*(word.replace("demo", "small", 1) if word == "demo" else word for word in export))
    assert code == 0 and "4 recordings in demo-bids" in said and Path("demo-bids/README").is_file()
    # It trains for minutes: that it is understood is all that is looked at here.
    code, said, _ = escgan(run[0], "--help")
    assert code == 0 and set(re.findall(r"--\w+", " ".join(run))) <= set(re.findall(r"--\w+", said))
