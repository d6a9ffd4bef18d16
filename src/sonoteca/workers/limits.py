"""What a worker process may use, and for how many tasks: every number about it is said here."""

from __future__ import annotations

import os
from dataclasses import dataclass

DEFAULT_MEMORY_MB = 2000
# So many tasks a process does before a fresh one takes its place: a library that leaks cannot grow.
TASKS_PER_WORKER = 500
# Files and threads' stacks are mapped too, so the second fence stands far outside the first.
_MAPPED_TIMES, _MAPPED_MORE_MB = 4, 4_000


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """The fences around one worker process.

    ``memory_mb`` bounds the resident size (None: no bound); ``address_space_mb`` what may be
    mapped beyond the start (Linux only, None: no bound); ``tasks`` is how many tasks a process
    does before a fresh one takes its place.
    """

    memory_mb: int | None = DEFAULT_MEMORY_MB
    address_space_mb: int | None = _MAPPED_TIMES * DEFAULT_MEMORY_MB + _MAPPED_MORE_MB
    tasks: int = TASKS_PER_WORKER


def limits_of(memory_mb: int) -> WorkerLimits:
    """The limits that follow from the resident memory one worker may use.

    >>> limits_of(2000)
    WorkerLimits(memory_mb=2000, address_space_mb=12000, tasks=500)
    """
    return WorkerLimits(memory_mb, address_space_mb=_MAPPED_TIMES * memory_mb + _MAPPED_MORE_MB)


def processors() -> int:
    """How many processors this process may use: as many workers are enough."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
