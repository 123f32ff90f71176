"""Damage to a file, drawn from a seeded generator: equal seeds damage equally.

Flips in samples make other valid samples, so most of the damage falls on the first kilobyte, where formats keep their
headers. A text is damaged as one: its numbers, its lines, its names of files.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

HEAD_BYTES = 1024
INTEGERS = (0, 1, -1, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63))
FLOATS = (0.0, -0.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 1e-30, 1e30)
# What stands in a text where a number or a name belongs. The paths lead out of the folder, the last one to no end.
WORDS = (
    "", "0", "-1", "1", "1e308", "-1e308", "1e999", "nan", "inf", "-inf", "1e-320", "2147483648", "-2147483649",
    "9223372036854775808", "9" * 400, "9" * 5000, "0x10", "1_000", "٣", "½", "1,5", "1.2.3", "n/a", "null", "true",
    "[]", "{}", "\x00", "\x1b[31m", "\u2028", "Ω≈ç", "\ufeff", "'", '"', "\t", ";", ",", "=", "..", ".", "/", "~", "*",
    "$b", "%s",
    "../outside/secret.edf", "..\\outside\\secret.edf", "../../outside/secret.edf", "../../../outside/secret.edf",
    "/etc/passwd", "/etc", "/proc/self/environ", "/dev/zero", "C:\\secret.edf", "file:///etc/passwd", "a\x00b",
    "http://127.0.0.1:9/x", "x" * 5000,
)  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[^\s,;=\t<>\"':]+")


def mutated(rng: Random, content: bytes, other: bytes, *, text: bool) -> bytes:
    """Return a damaged copy; ``other`` is a second valid file, parts of which are spliced in."""
    if rng.random() < 0.01:
        return rng.choice([b"", content[:1], content * 2, bytes(len(content)), other])
    operations = _TEXT_OPERATIONS if text and rng.random() < 0.85 else _BYTE_OPERATIONS
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        content = rng.choice(operations)(rng, content, other)
    return content


def _place(rng: Random, content: bytes) -> int:
    """Draw a byte's place: mostly in the head, sometimes near the end, where tables and indices lie."""
    if not content:
        return 0
    draw = rng.random()
    if draw < 0.7:
        return rng.randrange(min(len(content), HEAD_BYTES))
    if draw < 0.85:
        return rng.randrange(min(len(content), 16 * HEAD_BYTES))
    if draw < 0.93:
        return max(0, len(content) - 1 - rng.randrange(min(len(content), HEAD_BYTES)))
    return rng.randrange(len(content))


def _length(rng: Random) -> int:
    return rng.choice((1, 2, 4, 8, 16, 75, 80, 128, 256, 1000, 65536))


def _overwritten(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def _flip_bits(rng: Random, content: bytes, other: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        if changed:
            changed[_place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _set_byte(rng: Random, content: bytes, other: bytes) -> bytes:
    return _overwritten(content, _place(rng, content), bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))]))


def _set_integer(rng: Random, content: bytes, other: bytes) -> bytes:
    width = rng.choice((1, 2, 4, 4, 8))
    value = rng.choice(INTEGERS) % (1 << (8 * width))
    at = _place(rng, content) // width * width
    return _overwritten(content, at, value.to_bytes(width, rng.choice(("little", "big"))))


def _set_float(rng: Random, content: bytes, other: bytes) -> bytes:
    value = rng.choice(FLOATS)
    code = "d" if abs(value) > 3e38 and value == value and abs(value) != float("inf") else rng.choice("fd")
    at = _place(rng, content)
    return _overwritten(content, at - at % rng.choice((1, 4)), struct.pack(rng.choice("<>") + code, value))


def _set_printed_number(rng: Random, content: bytes, other: bytes) -> bytes:
    """Replace a field of eight printed characters, of which the headers of EDF and BDF consist."""
    at = _place(rng, content) // 4 * 4
    width = rng.choice((4, 8, 8, 16))
    return _overwritten(content, at, rng.choice(WORDS).encode("utf-8")[:width].ljust(width))


def _truncate(rng: Random, content: bytes, other: bytes) -> bytes:
    return content[: _place(rng, content)] if rng.random() < 0.5 else content[: len(content) - _length(rng)]


def _extend(rng: Random, content: bytes, other: bytes) -> bytes:
    return content + rng.choice((bytes(_length(rng)), rng.randbytes(_length(rng)), other[:4096], content[:4096]))


def _delete(rng: Random, content: bytes, other: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at + _length(rng) :]


def _duplicate(rng: Random, content: bytes, other: bytes) -> bytes:
    at, length = _place(rng, content), _length(rng)
    return content[: at + length] + content[at : at + length] + content[at + length :]


def _swap(rng: Random, content: bytes, other: bytes) -> bytes:
    length = _length(rng)
    first, second = sorted((_place(rng, content), _place(rng, content)))
    if first + length > second:
        return content
    between = content[first + length : second]
    swapped = content[second : second + length] + between + content[first : first + length]
    return content[:first] + swapped + content[second + length :]


def _insert(rng: Random, content: bytes, other: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.randbytes(_length(rng) % 1001) + content[at:]


def _blank(rng: Random, content: bytes, other: bytes) -> bytes:
    return _overwritten(content, _place(rng, content), rng.choice((b"\0", b"\xff", b" ")) * _length(rng))[
        : len(content)
    ]


def _splice(rng: Random, content: bytes, other: bytes) -> bytes:
    if rng.random() < 0.5:
        at = _place(rng, content)
        return content[:at] + other[at:]
    start = _place(rng, other)
    return _overwritten(content, _place(rng, content), other[start : start + _length(rng)])


_Operation = Callable[[Random, bytes, bytes], bytes]
_BYTE_OPERATIONS: tuple[_Operation, ...] = (
    _flip_bits, _flip_bits, _set_byte, _set_integer, _set_integer, _set_float, _set_printed_number,
    _set_printed_number, _truncate, _extend, _delete, _duplicate, _swap, _insert, _blank, _splice,
)  # fmt: skip


def _in_words(change: Callable[[Random, str], str]) -> _Operation:
    def operation(rng: Random, content: bytes, other: bytes) -> bytes:
        # Every byte has a Latin-1 character, and what is put in is UTF-8: nothing else of the text is changed.
        return change(rng, content.decode("latin1")).encode("latin1")

    return operation


def _word(rng: Random) -> str:
    return rng.choice(WORDS).encode("utf-8").decode("latin1")


def _replaced(rng: Random, text: str, pattern: re.Pattern[str]) -> str:
    matches = list(pattern.finditer(text))
    if not matches:
        return text + _word(rng)
    match = rng.choice(matches)
    return text[: match.start()] + _word(rng) + text[match.end() :]


def _replace_number(rng: Random, text: str) -> str:
    return _replaced(rng, text, _NUMBER)


def _replace_word(rng: Random, text: str) -> str:
    return _replaced(rng, text, _WORD)


def _change_lines(rng: Random, text: str) -> str:
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    action = rng.choice(("drop", "double", "swap", "cut", "join", "indent"))
    if action == "drop":
        del lines[i]
    elif action == "double":
        lines.insert(j, lines[i])
    elif action == "swap":
        lines[i], lines[j] = lines[j], lines[i]
    elif action == "cut":
        lines[i] = lines[i][: rng.randrange(len(lines[i]) + 1)]
    elif action == "join":
        lines[i : i + 2] = ["".join(lines[i : i + 2])]
    else:
        lines[i] = rng.choice((" ", "\t", "  ")) + lines[i]
    return "\n".join(lines)


def _change_separators(rng: Random, text: str) -> str:
    old, new = rng.choice("\t;,=:[]{}<>\"'\n"), rng.choice(("\t", ";", ",", "=", "", "\r", "\r\n", "\x00", '"', " "))
    if rng.random() < 0.5:
        return text.replace(old, new)
    at = text.find(old, rng.randrange(len(text) + 1))
    return text if at < 0 else text[:at] + new + text[at + 1 :]


def _insert_word(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + _word(rng) + text[at:]


def _change_encoding(rng: Random, text: str) -> str:
    raw = text.encode("latin1")
    encoded = rng.choice(
        (b"\xef\xbb\xbf" + raw, b"\xff\xfe" + raw, text.encode("utf-16"), raw + b"\xff\x00\xfe", raw[1:])
    )
    return encoded.decode("latin1")


def _nest(rng: Random, text: str) -> str:
    depth, bracket = rng.choice((5, 500, 100_000)), rng.choice(("[", "{", '{"a":', "<a>", "(", '"', "- "))
    at = rng.choice((0, rng.randrange(len(text) + 1)))
    return text[:at] + bracket * depth + text[at:]


_TEXT_OPERATIONS = tuple(
    _in_words(change)
    for change in (
        _replace_number, _replace_number, _replace_number, _replace_word, _replace_word, _replace_word, _change_lines,
        _change_lines, _change_separators, _insert_word, _change_encoding, _nest,
    )
)  # fmt: skip
