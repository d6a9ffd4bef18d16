"""Standard input and output belong to the protocol alone: nothing else of the process reads the one or writes to the other.

Only what Python itself brings is imported here, so that it can come before anything that might print.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Wire:
    """Both ends of the line to a client, as UTF-8 text."""

    incoming: TextIO
    outgoing: TextIO


def take_wire(at_end: Callable[[], None]) -> Wire:
    """Take both standard streams for the protocol.

    From then on whatever is printed, by Python or below it, goes to standard error, and whoever reads
    standard input, workers of ours among them, finds it at its end.

    Parameters
    ----------
    at_end : callable
        Called once, by the thread that reads, when the client has gone.
    """
    # Not inherited: no child holds the line open.
    incoming, outgoing = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    # What was printed before is not for the client either.
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    reader = io.BufferedReader(_Watched(incoming, at_end))
    return Wire(
        io.TextIOWrapper(reader, encoding="utf-8", errors="replace"),
        io.TextIOWrapper(io.BufferedWriter(io.FileIO(outgoing, "w")), encoding="utf-8", newline="\n"),
    )


class _Watched(io.FileIO):
    """A stream that tells of its end."""

    def __init__(self, descriptor: int, at_end: Callable[[], None]) -> None:
        super().__init__(descriptor, "r")
        self._at_end: Callable[[], None] | None = at_end

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]
        count = super().readinto(buffer)
        if count == 0 and self._at_end is not None:
            at_end, self._at_end = self._at_end, None
            at_end()
        return count
