"""Damage behind a checksum: the content of an archive is damaged, and the archive made anew around it."""

from __future__ import annotations

import io
import zipfile
import zlib
from random import Random

from tests.fuzz.mutations import mutated


def mutated_archive(rng: Random, content: bytes, other: bytes) -> bytes:
    """Damage an ``.npz``: in one half of all cases its bytes, in the other its entries."""
    if rng.random() < 0.35:
        return mutated(rng, content, other, text=False)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    damaged = rng.choice(list(entries))
    entries[damaged] = mutated(rng, entries[damaged], entries[rng.choice(list(entries))], text=False)
    if rng.random() < 0.1:
        entries[rng.choice(("../../outside/x.npy", "/tmp/x.npy", "data", "label.npy.npy"))] = b"x"
    if rng.random() < 0.05:
        del entries[rng.choice(list(entries))]
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)), compresslevel=1
    ) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return packed.getvalue()


def mutated_matlab(rng: Random, content: bytes, other: bytes) -> bytes:
    """Damage a MATLAB file of level 5: its bytes, or what its first compressed variables hold."""
    if int.from_bytes(content[128:132], "little") != 15 or rng.random() < 0.3:
        return mutated(rng, content, other, text=False)
    parts, at = [content[:128]], 128
    damaged = rng.randrange(3)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        element = content[at : at + 8 + length]
        if len(parts) == 1 + damaged or (at + 8 + length >= len(content) and len(parts) <= damaged):
            inside = mutated(rng, zlib.decompress(element[8:]), other, text=False)
            packed = zlib.compress(inside, 1)
            element = element[:4] + len(packed).to_bytes(4, "little") + packed
        parts.append(element)
        at += 8 + length
    return b"".join(parts)
