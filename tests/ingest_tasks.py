"""Tasks for worker processes: they have to be importable there. Each behaves in one way, well or badly."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import struct
import sys
import tempfile
import time
from pathlib import Path

from sonoteca.workers.channel import Channel


def double(number: int) -> int:
    return 2 * number


def process_id(_: object) -> int:
    return os.getpid()


def process_id_later(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


_prepared_with: list[int] = []


def prepare(number: int) -> None:
    _prepared_with.append(number)


def prepared(module: str) -> tuple[bool, int]:
    """Whether a module is loaded, and what ``prepare`` was first called with."""
    return module in sys.modules, _prepared_with[0]


def environment(name: str) -> str | None:
    return os.environ.get(name)


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def behave(how: str) -> str:
    """Do what ``how`` says; ``well`` is the only good end."""
    if how == "segfault":
        ctypes.string_at(0)
    elif how == "hang":
        time.sleep(1000)
    elif how == "hang hard":
        # No Python signal handler would ever run.
        while True:
            pass
    elif how == "eat":
        eaten = []
        while True:
            eaten.append(bytearray(b"x" * 2**24))
            time.sleep(0.005)
    elif how == "ask too much":
        return str(len(bytearray(2**45)))
    elif how == "exit":
        os._exit(3)
    elif how == "sys exit":
        sys.exit(4)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "abort":
        os.abort()
    elif how == "raise":
        raise ValueError("seven is not eight")
    elif how == "raise oddly":
        raise OddError("left", right="right")
    elif how == "unpicklable":
        return lambda: "nobody can send me"  # type: ignore[return-value]
    elif how == "die while sending":
        # The first ten bytes of a message of a thousand.
        for found in gc.get_objects():
            if isinstance(found, Channel):
                os.write(found.writer, struct.pack("!Q", 1000) + b"x" * 10)
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "litter":
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(b"litter")
        os._exit(1)
    return how


class OddError(Exception):
    """Pickles, and cannot be unpickled: the classic."""

    def __init__(self, left: str, *, right: str) -> None:
        super().__init__(left)
        self.right = right


def once(folder: str) -> str:
    """Dies the first time it is called for ``folder``, succeeds the second."""
    try:
        Path(folder, "tried").touch(exist_ok=False)
    except FileExistsError:
        return "second time"
    os._exit(1)


def note_span(payload: tuple[str, str, float]) -> str:
    """Write when it ran, so that a test sees what ran beside what; ``crash`` dies, every time."""
    folder, name, seconds = payload
    with open(os.path.join(folder, f"{name}-{time.monotonic():.3f}-{os.getpid()}.start"), "w"):
        pass
    time.sleep(seconds)
    with open(os.path.join(folder, f"{name}-{time.monotonic():.3f}-{os.getpid()}.end"), "w"):
        pass
    if name.startswith("crash"):
        os._exit(1)
    return name


def listen_and_tell_peak(order: object) -> float:
    """Listen, and say how large this process ever was, in MB."""
    from sonoteca.domain.file_analysis import AnalysisOrder
    from sonoteca.ingest.listen import listen

    assert isinstance(order, AnalysisOrder)
    listen(order)
    with open("/proc/self/status") as file:
        peak = next(line for line in file if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
