"""Files that somebody made to do harm, by format: they run something, want all memory, or lead out of the folder."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from tests.fuzz.own_files import eeglab_naming, fif_naming

_HUGE = 10 * 2**30
_COMMAND = "echo escaped > escaped"


class _Reduced:
    """Pickles as a call of a function by name."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def _named(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def _called(module: str, name: str, argument: str) -> bytes:
    return b"\x80\x02" + _named(module, name) + b"(V" + argument.encode() + b"\ntR."


_DTYPE = _named("numpy", "dtype") + b"(V%s\nK\x00K\x01tR(K\x03V<\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def _array(shape: bytes, code: bytes = b"f8", data: bytes = b"C\x08abcdefgh") -> bytes:
    """Spell out an array's pickle: an empty one, then its state of version, shape, type, order and bytes."""
    empty = _named("numpy.core.multiarray", "_reconstruct") + _named("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
    return b"\x80\x03" + empty + b"(K\x01" + shape + _DTYPE % code + b"\x89" + data + b"tb."


PICKLES: Sequence[Callable[[], bytes]] = (
    lambda: pickle.dumps(_Reduced(os.system, _COMMAND), 2),
    lambda: pickle.dumps({"data": _Reduced(os.system, _COMMAND)}, 4),
    lambda: pickle.dumps([_Reduced(eval, "__import__('os').system('true')")], 0),
    lambda: pickle.dumps(_Reduced(exec, "import os"), 5),
    lambda: _called("builtins", "getattr", "system"),
    lambda: _called("posix", "system", _COMMAND),
    lambda: _called("subprocess", "check_output", _COMMAND),
    lambda: _called("builtins", "open", "/etc/passwd"),
    lambda: _called("__builtin__", "eval", "1"),
    lambda: _called("numpy", "load", "/etc/passwd"),
    lambda: _called("numpy.testing", "runstring", _COMMAND),
    lambda: _called("numpy.core.multiarray", "fromfile", "/etc/passwd"),
    lambda: _called("importlib", "import_module", "antigravity"),
    # Protocol 4 reaches attributes by dots: from an admitted name to its globals.
    lambda: b"\x80\x04\x8c\x05numpy\x8c\x18dtype.__init__.__globals__\x93.",
    lambda: b"\x80\x04\x8c\x1bnumpy.core.multiarray\x8c\x0c_reconstruct\x93.",
    # Admitted names, called or changed as an array does not need it.
    lambda: b"\x80\x02" + _named("numpy.core.multiarray", "_reconstruct") + b")R.",
    lambda: b"\x80\x02" + _named("numpy.core.multiarray", "_reconstruct") + b"}V__call__\nK\x01sb.",
    lambda: b"\x80\x02" + _named("numpy", "dtype") + b"(VO\nK\x00K\x01tR.",
    lambda: b"\x80\x02" + _named("numpy", "ndarray") + b"(K\x01tR.",
    lambda: b"\x80\x02" + _named("_codecs", "encode") + b"(Vx\nVrot13\ntR.",
    lambda: b"\x80\x02" + _named("_codecs", "encode") + b"(" + b"Vx\n" * 9 + b"tR.",
    lambda: b"\x80\x02" + _named("__builtin__", "bytes") + b"(J\xff\xff\xff\x7ftR.",
    # Shapes and types.
    lambda: _array(b"(M\xff\xffM\xff\xffM\xff\xfft"),
    lambda: _array(b"(\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00t"),
    lambda: _array(b"(J\xff\xff\xff\xfft"),
    lambda: _array(b"(" + b"K\x00" * 70 + b"t", data=b"C\x00"),
    lambda: _array(b"(K\x00\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00t", data=b"C\x00"),
    lambda: _array(b"(K\x01t", code=b"O8"),
    lambda: _array(b"(K\x01t", code=b"V8"),
    lambda: _array(b"(\x88t"),
    lambda: _array(b"(G\x3f\xf0\x00\x00\x00\x00\x00\x00t"),
    # Lengths that the file does not have.
    lambda: b"\x80\x04\x8e" + struct.pack("<Q", _HUGE) + b"abc.",
    lambda: b"\x80\x05\x96" + struct.pack("<Q", _HUGE) + b"abc.",
    lambda: b"\x80\x04\x8d" + struct.pack("<Q", 2**63 - 1) + b"abc.",
    lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"N.",
    lambda: b"\x80\x02T" + struct.pack("<i", 2**31 - 1) + b"abc.",
    lambda: b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"abc.",
    lambda: b"\x80\x02\x8b" + struct.pack("<i", -1) + b"abc.",
    # A memo of billions, towers, and what grows by itself.
    lambda: b"\x80\x02Nr" + struct.pack("<I", 2**32 - 1) + b".",
    lambda: b"Np4294967295\n.",
    lambda: b"Np-1\n.",
    lambda: b"\x80\x04" + b"\x94N" * 9000 + b".",
    lambda: b"\x80\x02" + b"]" * 9990 + b"a" * 9 + b".",
    lambda: b"\x80\x02" + b"(" * 9990 + b".",
    lambda: b"\x80\x02N" + b"\x85" * 9000 + b".",
    lambda: b"\x80\x02}" + b"N" + b"\x85" * 9000 + b"Ns.",
    lambda: b"\x80\x02" + b"]" + b"".join(b"q%c(h%ch%ch%ct" % (i, i, i, i) for i in range(200)) + b".",
    lambda: b"\x80\x02}q\x00h\x00h\x00s.",
    lambda: b"\x80\x02]q\x00h\x00a.",
    lambda: b"\x80\x02Pid\n.",
    lambda: b"\x80\x02K\x01Q.",
    lambda: b"\x80\x05\x97.",
    lambda: b"\x80\x02\x82\x01.",
    lambda: b"\x80\xff.",
    lambda: b"I" + b"9" * 100_000 + b"\n.",
    lambda: b"L" + b"9" * 5_000 + b"L\n.",
    lambda: b"F" + b"9" * 100_000 + b"\n.",
    lambda: b".",
)


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method, compresslevel=1) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _npy(described: str, data: bytes = b"") -> bytes:
    header = described.encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + data


def _both(entry: bytes) -> bytes:
    return _zip({"data.npy": entry, "label.npy": entry})


def _stored(content: bytes) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, content)
    return buffer.getvalue()


def _objects() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([_Reduced(os.system, _COMMAND)], dtype=object), allow_pickle=True)
    return buffer.getvalue()


ARCHIVES: Sequence[Callable[[], bytes]] = (
    lambda: _both(_npy(f"{{'descr': '|S{_HUGE}', 'fortran_order': False, 'shape': (), }}")),
    lambda: _both(_npy("{'descr': '|S1000000000', 'fortran_order': False, 'shape': (1000,), }")),
    lambda: _both(_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000,), }")),
    lambda: _both(_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }")),
    lambda: _both(_npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps(1))),
    lambda: _both(_npy("__import__('os').system('true')")),
    lambda: _both(_npy("{'descr': '|S1', 'fortran_order': False, 'shape': " + "(" * 5000)),
    lambda: _both(_npy("{'descr': " + "[('a', " * 3000)),
    lambda: _both(_npy("{'descr': '|S0', 'fortran_order': False, 'shape': (), }")),
    lambda: _both(_npy("{'descr': '|S400000000', 'fortran_order': False, 'shape': (), }", bytes(400_000_000))),
    lambda: _both(_objects()),
    *((lambda made=made: _both(_stored(made()))) for made in PICKLES[:16]),
    lambda: _zip({"data.npy": b"", "label.npy": b""}),
    lambda: _zip({}),
    lambda: _zip({"../../outside/data.npy": b"x"}),
    lambda: _zip({"data.npy": _stored(b"}."), "label.npy": _stored(b"}.")}, zipfile.ZIP_LZMA),
    lambda: _zip({"data.npy": _stored(b"}."), "label.npy": _stored(b"}.")}, zipfile.ZIP_BZIP2),
)


def _mat(*elements: bytes) -> bytes:
    text = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8)
    return text + struct.pack("<H", 0x0100) + b"IM" + b"".join(elements)


def _element(kind: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack("<II", kind, len(data) if length is None else length) + data + bytes(-len(data) % 8)


def _matrix(shape: Sequence[int], name: bytes, inside: bytes, kind: int = 6) -> bytes:
    flags = _element(6, struct.pack("<II", kind, 0))
    dimensions = _element(5, struct.pack(f"<{len(shape)}i", *shape))
    return _element(14, flags + dimensions + _element(1, name) + inside)


def _nested_cells(depth: int, name: bytes) -> bytes:
    inside = _element(14, b"")
    for _ in range(depth):
        inside = _matrix((1, 1), b"", inside, kind=1)
    return _matrix((1, 1), name, inside, kind=1)


def _zeros(length: int, head: bytes = b"") -> bytes:
    """Compress so many zeros, a thousand times fewer bytes, without having them all at once."""
    packer, mebibyte = zlib.compressobj(1), bytes(2**20)
    parts = [packer.compress(head), *(packer.compress(mebibyte) for _ in range(length // 2**20)), packer.flush()]
    return b"".join(parts)


def _wide_head(name: bytes) -> bytes:
    """Begin a matrix of 62 rows that announces a gibibyte of zeros."""
    n_bytes = 2**30 - 1000 - 2**30 % 496
    inside = _matrix((62, n_bytes // 496), name, _element(9, b"", n_bytes))[8:]
    return struct.pack("<II", 14, len(inside) + n_bytes) + inside


_VARIABLES = (b"DREAMER", b"joined_data", b"djc_eeg1", b"cz_eeg1", b"de_LDS1", b"label")
MATRICES: Sequence[Callable[[], bytes]] = (
    lambda: _mat(*(_matrix((62, 2**31 - 1), name, _element(9, bytes(80))) for name in _VARIABLES)),
    lambda: _mat(*(_matrix((2**31 - 1, 2**31 - 1), name, b"", kind=1) for name in _VARIABLES)),
    lambda: _mat(*(_matrix((30000, 30000), name, b"", kind=1) for name in _VARIABLES)),
    lambda: _mat(
        *(
            _matrix((30000, 30000), name, _element(5, struct.pack("<i", 4)) + _element(1, b"a\0\0\0"), kind=2)
            for name in _VARIABLES
        )
    ),
    lambda: _mat(*(_matrix((-1, -1), name, _element(9, bytes(80))) for name in _VARIABLES)),
    lambda: _mat(*(_matrix((62, 100), name, _element(9, bytes(80), 2**31 - 1)) for name in _VARIABLES)),
    lambda: _mat(*(_nested_cells(400, name) for name in _VARIABLES)),
    lambda: _mat(*(_nested_cells(8000, name) for name in _VARIABLES)),
    lambda: _mat(_element(15, _zeros(2**30))),
    lambda: _mat(*(_element(15, _zeros(2**30, _wide_head(name))) for name in (b"DREAMER", b"djc_eeg1"))),
    lambda: b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(500),
    lambda: b"\x89HDF\r\n\x1a\n" + bytes(500),
    lambda: struct.pack("<5i", 0, 62, 2**31 - 1, 0, 5) + b"label" + bytes(80),
    lambda: struct.pack("<5i", 0, 2**31 - 1, 2**31 - 1, 0, 6) + b"label\0" + bytes(80),
)

_ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
XMLS: Sequence[Callable[[], bytes]] = (
    lambda: f'<!DOCTYPE s [<!ENTITY e0 "lol">{_ENTITIES}]><session mediaFile="&e11;">&e11;</session>'.encode(),
    lambda: b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><session mediaFile="a">&x;</session>',
    lambda: b'<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd"><session/>',
    lambda: b"<a>" * 200_000,
    lambda: b"<session " + b" ".join(b'a%d="1"' % i for i in range(100_000)) + b"/>",
    lambda: b'<session><subject id="\xd9\xa2"/></session>',
    lambda: '<session><subject id="²"/></session>'.encode(),
    lambda: b'<session><subject id="' + b"9" * 10_000 + b'"/></session>',
    lambda: b'<?xml version="1.0" encoding="utf-7"?><session/>',
    lambda: b'<?xml version="1.0" encoding="zlib_codec"?><session/>',
)
JSONS: Sequence[Callable[[], bytes]] = (
    lambda: b"[" * 100_000,
    lambda: b'{"a":' * 100_000,
    lambda: b"9" * 10_000,
    lambda: b'{"PowerLineFrequency": ' + b"9" * 10_000 + b"}",
    lambda: b'{"PowerLineFrequency": ' + b"9" * 4_000 + b"}",
    lambda: b'{"PowerLineFrequency": NaN, "SamplingFrequency": -Infinity, "EEGReference": {"a": []}}',
    lambda: b'{"SoftwareFilters": {"highpass": {"cutoff (Hz)": 1e400}}}',
    lambda: b'{"SoftwareFilters": {"highpass": {"cutoff (Hz)": "' + b"9" * 400 + b'"}}}',
    lambda: b'{"SoftwareFilters": {"highpass": {"cutoff (Hz)": "' + b"0" * 200_000 + b'x"}}}',
    lambda: b'{"EEGReference": "\\ud800", "TaskName": "../../outside"}',
    lambda: b'{"EEGReference": "a\\nb\\u001b[31m"}',
)
_HEADER = (
    "Brain Vision Data Exchange Header File Version 1.0\r\n[Common Infos]\r\n%s\r\nDataFormat=BINARY\r\n"
    "DataOrientation=MULTIPLEXED\r\nNumberOfChannels=1\r\nSamplingInterval=10000\r\n[Binary Infos]\r\n"
    "BinaryFormat=IEEE_FLOAT_32\r\n[Channel Infos]\r\nCh1=Cz,,1,uV\r\n"
)
_PLACES = ("../outside/secret.edf", "/etc/passwd", "/dev/zero", "..", "/", ".", "a.vhdr", "\0", "x" * 5000)
LIES: Sequence[Callable[[], bytes]] = tuple(
    lambda lines=lines: (_HEADER % "\r\n".join(lines)).encode()
    for place in _PLACES
    for lines in (
        (f"DataFile={place}", "MarkerFile=a.vmrk"),
        ("DataFile=a.eeg", f"MarkerFile={place}"),
        (f"datafile : {place}", "MARKERFILE = a.vmrk"),
        ("DataFile=", f"  {place}"),
    )
)
_OUTSIDE = ("../outside/secret", "../../outside/secret", "/etc/passwd", "/dev/zero", "..", "/")
FIFS = tuple(lambda name=name: fif_naming(name) for name in (*_OUTSIDE, "../outside/secret.fif", "a.fif", "x" * 300))
SETS = tuple(
    lambda name=name: eeglab_naming(name)
    for name in (*_OUTSIDE, "../outside/secret.fdt", "/etc/x.fdt", "a.set", "\0", "x" * 5000)
)
HOSTILE: dict[str, Sequence[Callable[[], bytes]]] = {
    "pickle": PICKLES,
    "npz": ARCHIVES,
    "mat": MATRICES,
    "xml": XMLS,
    "json": JSONS,
    "vhdr": LIES,
    "set": (*SETS, *MATRICES),
    "fif": FIFS,
}
"""Makers of hostile files by format; they come before the mutated ones."""
