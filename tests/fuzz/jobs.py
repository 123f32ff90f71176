"""What is done with one mutated input: which bytes it has, and how it is judged."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pydantic import TypeAdapter

from escgan.datasets import Corpus, DatasetConfig
from tests.fuzz.containers import mutated_archive, mutated_matlab
from tests.fuzz.corpora import SEEDS, TEXTS, seeds_with
from tests.fuzz.hostile import HOSTILE
from tests.fuzz.mutations import mutated
from tests.fuzz.verdicts import read_all

_MUTATORS: dict[str, Callable[[Random, bytes, bytes], bytes]] = {"npz": mutated_archive, "mat": mutated_matlab}


@dataclass(frozen=True)
class Attempt:
    """One file of a data folder, and the content that replaces it."""

    data: Path
    path: Path
    content: bytes
    judge: Callable[[Path], str]


class Readers:
    """The readers of one format: its files in all seeds that have any, one after the other."""

    def __init__(self, file_format: str, folder: Path) -> None:
        self._format = file_format
        self._folders: dict[str, Path] = {}
        self._files: list[tuple[str, Path]] = []
        self.originals: dict[Path, bytes] = {}
        for name in seeds_with(file_format):
            data = self._folders[name] = folder / name.replace(" ", "_") / "data"
            if not data.is_dir():
                data.mkdir(parents=True)
                SEEDS[name].write(data)
            files = sorted({path for pattern in SEEDS[name].files[file_format] for path in data.glob(pattern)})
            assert files, f"{name} has no file of format {file_format}"
            self._files += [(name, path) for path in files]
            self.originals |= {path: path.read_bytes() for path in files}
        self._hostile: list[bytes] = []
        self._turns = [
            [file for file in self._files if file[0] == name]
            for name in self._folders
            for _ in range(SEEDS[name].share)
        ]

    def prepare(self, start: int) -> None:
        """Make the hostile files where inputs from ``start`` on are among them: not under a child's limits."""
        if start < len(HOSTILE.get(self._format, ())) * len(self._folders) and not self._hostile:
            self._hostile = [make() for make in HOSTILE[self._format]]

    def sound(self) -> Iterator[Attempt]:
        """Yield every file undamaged: the judge must find it valid."""
        for name, path in self._files:
            yield self._attempt(name, path, self.originals[path])

    def attempt(self, index: int) -> Attempt:
        """Return the mutated input of a number; equal numbers give equal bytes."""
        name, path, content = self._damaged(index)
        return self._attempt(name, path, content)

    def _damaged(self, index: int) -> tuple[str, Path, bytes]:
        number, seed = divmod(index, len(self._folders))
        if number < len(HOSTILE.get(self._format, ())):
            name = list(self._folders)[seed]
            return *next(file for file in self._files if file[0] == name), self._hostile[number]
        rng = Random(f"{self._format} {index}")
        name, path = rng.choice(self._turns[index % len(self._turns)])
        content, other = self.originals[path], self.originals[rng.choice(self._files)[1]]
        mutator = _MUTATORS.get(self._format)
        damaged = mutator(rng, content, other) if mutator else mutated(rng, content, other, text=self._format in TEXTS)
        return name, path, damaged

    def _attempt(self, name: str, path: Path, content: bytes) -> Attempt:
        seed = SEEDS[name]
        corpus: Corpus = TypeAdapter(DatasetConfig).validate_python({"kind": seed.kind, **seed.options})
        return Attempt(self._folders[name], path, content, lambda data: read_all(corpus, data))


def place(attempt: Attempt, number: int) -> None:
    """Write an attempt's file, with a time of its own: one reader tells files apart by that."""
    attempt.path.write_bytes(attempt.content)
    os.utime(attempt.path, ns=(10**18 + number, 10**18 + number))
