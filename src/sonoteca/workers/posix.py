"""What only POSIX systems can do to a worker process; elsewhere every function does nothing.

The one module that imports ``resource``. The watchdog in the parent is the first fence
and works everywhere; these are the second.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1


def forbid_core_dumps() -> None:
    """A crash leaves no core file: hostile files would fill the disk with them."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def limit_address_space(more_mb: int) -> None:
    """Let this process map at most ``more_mb`` megabytes more than it has mapped now.

    One absurd request then is a ``MemoryError`` at once, before the watchdog could look. It
    counts mappings (threads' stacks, files), so it has to be several times the resident
    limit. macOS does not enforce it, Windows has none.
    """
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = mapped + more_mb * 2**20
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def die_with_parent() -> None:
    """Be killed when the process that forked this one ends (Linux); others notice by the closed pipe."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def lower_priority() -> None:
    """Leave the processor to what a person is doing meanwhile."""
    if sys.platform != "win32":
        os.nice(5)
