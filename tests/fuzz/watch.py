"""What a reader may do while it reads, kept by Python's audit hook and by the kernel's limits.

It may read the data folder and Python's own installation and write below its temporary folder. It may start nothing,
load no pickle, run no text as code and reach no network. A breach is noted and forbidden, by an exception that no
``except Exception`` swallows.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

MEMORY_BYTES = 1 << 30
"""What a reader of a file of some megabytes may take beyond what was taken before it."""
CPU_S = 10.0
"""How long one input may keep the processor."""
WRITTEN_BYTES = 1 << 28

_STARTS = (
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn",
    "subprocess.Popen", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request",
    "webbrowser.open", "pickle.find_class", "marshal.loads", "code.__new__", "ctypes.dlopen", "ctypes.call_function",
)  # fmt: skip
_IMPORTING = ("marshal.loads", "code.__new__", "ctypes.dlopen")
_CHANGES = {
    "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.rename": (0, 1), "os.link": (0, 1), "os.symlink": (1,),
    "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,), "os.mkfifo": (0,), "os.setxattr": (0,),
    "shutil.rmtree": (0,), "shutil.move": (0, 1), "shutil.copyfile": (1,),
}  # fmt: skip
_LISTS = ("os.listdir", "os.scandir", "os.walk")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Python's files, those of its packages and the system's that those read: time zones, processors, memory.
_INSTALLED = (
    sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), str(Path(__file__).parents[2]), "/usr/lib", "/lib",
    "/usr/share/zoneinfo", "/etc/localtime", "/etc/mime.types", "/proc/cpuinfo", "/proc/meminfo", "/proc/self",
    "/proc/stat", "/sys", "/dev/null", "/dev/urandom",
)  # fmt: skip


class Forbidden(BaseException):
    """A reader did what it must not."""


class Watch:
    """The hook of one process, which cannot be taken off again, only pointed at another data folder."""

    def __init__(self, temporary: Path) -> None:
        self.breaches: list[str] = []
        self._writable = os.path.realpath(temporary)
        self._readable: tuple[str, ...] = ()
        self._armed = False
        sys.addaudithook(self._hook)

    def arm(self, data: Path) -> None:
        """Watch what is done with a data folder from now on."""
        self.breaches.clear()
        self._readable = (os.path.realpath(data), self._writable, f"/proc/{os.getpid()}", *_INSTALLED)
        self._armed = True

    def disarm(self) -> None:
        """Let the judge do what it likes."""
        self._armed = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._armed:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in _CHANGES:
            for index in _CHANGES[event]:
                self._within(event, arguments[index], arguments[-1], (self._writable,))
        elif event in _LISTS:
            self._within(event, arguments[0], -1, self._readable)
        elif event == "exec":
            name = str(getattr(arguments[0], "co_filename", arguments[0]))
            if not name.startswith(("<frozen", *_INSTALLED)) and not _importing():
                self._breach(f"exec of {name}")
        elif event in _STARTS and arguments != (None,) and not (event in _IMPORTING and _importing()):
            self._breach(f"{event} {arguments!r:.200}")

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        writes = bool(isinstance(flags, int) and flags & _WRITING) or (
            isinstance(mode, str) and set(mode) & set("wax+")
        )
        self._within(
            "open for writing" if writes else "open", path, -1, (self._writable,) if writes else self._readable
        )

    def _within(self, event: str, path: Any, folder: Any, allowed: tuple[str, ...]) -> None:
        if isinstance(path, int) or path is None:
            return  # an open file, whose opening was seen
        name = os.fsdecode(path)
        if isinstance(folder, int) and not isinstance(folder, bool) and folder >= 3 and not name.startswith("/"):
            name = os.path.join(f"/proc/self/fd/{folder}", name)
        real = os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))
        # A link in the data folder may lead anywhere: its owner put it there. A link in the temporary folder, too.
        if not any(real == place or real.startswith(place + "/") for place in allowed) and name != "/dev/null":
            self._breach(f"{event} {name}")

    def _breach(self, words: str) -> NoReturn:
        self.breaches.append(words)
        raise Forbidden(words)


def _importing() -> bool:
    """Whether an import does it: modules are unmarshalled and run, and some build functions from text."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def limit_process() -> None:
    """Bound the memory, the size of files and the core dumps of this process from now on."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_BYTES, WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """Let the kernel end the process after so much of the processor's time; 0 for never."""
    # By default the signal kills: a loop in compiled code would not let Python handle it.
    signal.setitimer(signal.ITIMER_PROF, seconds)
