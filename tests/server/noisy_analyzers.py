"""Analyzers of a plugin that prints in every way there is, and then takes its time."""

from __future__ import annotations

import ctypes
import os
import sys
import time

print("a plugin prints when it is imported")
os.write(1, b"a plugin writes below Python\n")


def analyzers() -> tuple[object, ...]:
    print("a plugin prints when it is asked")
    sys.__stdout__ and sys.__stdout__.write("a plugin keeps the first stdout\n")
    if os.name == "posix":
        libc = ctypes.CDLL(None)
        libc.puts(b"a library of a plugin prints in C")
        libc.fflush(None)
    print(f"a plugin reads {os.read(0, 100)!r}")
    time.sleep(float(os.environ.get("NOISY_SLEEP_S", "0")))
    return ()
