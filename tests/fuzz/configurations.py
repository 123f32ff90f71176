"""Damaged configurations, in a job of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import yaml

from escgan.config import load_experiment, parse_config
from escgan.errors import ConfigError
from tests.fuzz.jobs import Attempt
from tests.fuzz.mutations import WORDS, mutated

_SHIPPED = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))
_LAUGHS = b"a0: &a0 [l, l, l, l, l, l, l, l, l]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 10)
)
_START = b"dataset: simulated\naugmenters: [none]\nclassifiers: [logistic]\n"
HOSTILE = (
    _LAUGHS,
    _LAUGHS + _START,
    _LAUGHS + b"dataset: *a9\naugmenters: *a9\nclassifiers: *a9\n",
    _LAUGHS + b"dataset: simulated\naugmenters: [none]\nclassifiers: [logistic]\nseeds: *a9\n",
    _LAUGHS + b"dataset: {kind: folder, rename: *a9}\naugmenters: [none]\nclassifiers: [logistic]\n",
    _LAUGHS + b"dataset: {kind: *a9}\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"a0: &a0 {k: 1}\n"
    + b"".join(b"a%d: &a%d {<<: [%s]}\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 10)),
    b"&a {<<: *a}\n",
    _START + b"studies: &s {compare: *s}\n",
    _START + b"features: &f {bands: *f}\n",
    b"&a [*a]\n",
    b"&a {dataset: *a, augmenters: [*a], classifiers: *a}\n",
    b"dataset: !!python/object/apply:os.system ['true']\n",
    b"!!python/object/new:os.system ['true']\n",
    b"!!python/name:os.system\n",
    b"dataset: !!binary |\n  gICA\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"dataset: simulated\nseeds: !!set {1, 2}\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"dataset: simulated\nname: 2001-01-01\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"dataset: simulated\n1: 2\n? [a, b]\n: 3\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"? {a: b}\n: c\n",
    b"<<: 3\n",
    b"<<: [{dataset: simulated}, 3]\n",
    b"dataset: simulated\ndataset: deap\naugmenters: [none]\nclassifiers: [logistic]\n",
    b"[" * 100_000,
    b"{a: " * 100_000,
    b"- " * 50_000,
    _START + b"seeds: [" + b"9" * 10_000 + b"]\n",
    _START + b"seeds: [0x" + b"f" * 10_000 + b"]\n",
    _START + b"seeds: [1e400, .nan, .inf]\n",
    _START + b"seeds: [190:20:30:" + b"59:" * 3000 + b"59]\n",
    _START + b"name: 1:2:3\ntraining_subjects: 99999999999999999999999999\n",
    _START + b"name: \"\\ud800\"\n",
    _START + b"\"a\\nb\\e[31m\": 1\n",
    _START + b"features: {window_s: 1e308, bands: [{name: a, low_hz: 1e-320, high_hz: 1e308}]}\n",
    _START + b"subjects: [\"../../outside\"]\n",
    b"\xff\xfe" + _START.decode().encode("utf-16-le"),
    b"%YAML 9.9\n---\n" + _START,
    _START + b"---\n" + _START,
    b"\x00", b"\x80", b"---", b"...", b"- ", b"? ", b": ", b"!", b"&", b"*", b"|", b">", b"%", b"@", b"`", b"~", b"<<",
)  # fmt: skip


class Configurations:
    """The shipped configurations, their texts or their values damaged."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "yaml" / "data"
        self._data.mkdir(parents=True, exist_ok=True)
        self._path = self._data / "a.yaml"
        self._texts = [path.read_bytes() for path in _SHIPPED]
        self.originals = {self._path: self._texts[0]}

    def prepare(self, start: int) -> None:
        """Do nothing: every input is made when it is asked for."""

    def sound(self) -> Iterator[Attempt]:
        """Yield the shipped configurations."""
        for text in self._texts:
            yield Attempt(self._data, self._path, text, _judge)

    def attempt(self, index: int) -> Attempt:
        """Return the input of a number; the hostile ones come first."""
        rng = Random(f"yaml {index}")
        if index < len(HOSTILE):
            content = HOSTILE[index]
        elif rng.random() < 0.5:
            content = mutated(rng, rng.choice(self._texts), rng.choice(self._texts), text=True)
        else:
            values = yaml.safe_load(rng.choice(self._texts))
            for _ in range(rng.choice((1, 1, 2, 4))):
                _damage(rng, values)
            content = yaml.safe_dump(values, allow_unicode=True, sort_keys=False).encode()
        return Attempt(self._data, self._path, content, _judge)


def _judge(data: Path) -> str:
    path = data / "a.yaml"
    try:
        config, _ = load_experiment(path)
    except ConfigError as error:
        message = str(error)
        assert len(message.splitlines()) == 1 and message.isprintable(), f"no printable line: {message!r:.300}"
        assert message.endswith(".") or message.endswith("?"), f"no sentence: {message!r:.300}"
        assert len(message) <= 1200, f"{len(message)} characters: {message!r:.300}"
        assert not isinstance(error.__cause__, MemoryError)
        return "refused"
    text = config.to_yaml()
    again = parse_config(yaml.safe_load(text))
    assert again == config and again.to_yaml() == text, "does not survive the round trip"
    assert again.model_dump_json() == config.model_dump_json()
    return "valid"


def _damage(rng: Random, values: object) -> None:
    """Replace, remove, rename or repeat one thing somewhere in nested values."""
    places: list[tuple[object, object]] = []
    _walk(values, places, 0)
    if not places:
        return
    container, key = rng.choice(places)
    action = rng.choice(("junk", "junk", "junk", "remove", "rename", "copy"))
    if action == "junk":
        container[key] = junk(rng, 3)  # type: ignore[index]
    elif action == "remove":
        del container[key]  # type: ignore[attr-defined]
    elif isinstance(container, list):
        container.append(container[key] if action == "copy" else junk(rng, 2))  # type: ignore[call-overload]
    elif isinstance(container, dict):
        other, source = rng.choice(places)
        name = rng.choice((*WORDS, *(k for _, k in places), 1, None, True, 2.5))
        container[name] = container.pop(key) if action == "rename" else other[source]  # type: ignore[index]


def _walk(values: object, places: list[tuple[object, object]], depth: int) -> None:
    if depth > 20:
        return
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inside:
        places.append((values, key))
        _walk(value, places, depth + 1)


def junk(rng: Random, depth: int) -> object:
    """Draw anything that YAML can hold."""
    plain = (
        *WORDS, None, True, False, 0, -1, 1, 0.5, 2, 10**30, -(2**63), 1e308, float("nan"), float("inf"), 1e-320,
        "none", "deap", "escgan", "leave_one_subject_out", b"\x80\xff",
    )  # fmt: skip
    draw = rng.random()
    if depth == 0 or draw < 0.6:
        return rng.choice(plain)
    if draw < 0.8:
        return [junk(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 5)))]
    keys = ("kind", "name", "bands", "classes", "threshold", "rating", "low_hz", *WORDS[:6])
    return {rng.choice(keys): junk(rng, depth - 1) for _ in range(rng.choice((0, 1, 3)))}
