"""A fresh Python that runs one function of ours, finds the modules that this one finds, and nothing of its main module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from sonoteca.workers.worker import THREAD_LIMITS


def start_python(
    module: str, function: str, *, stdin: int | IO[Any], stdout: int | IO[Any], stderr: int | IO[Any]
) -> subprocess.Popen[bytes]:
    """Start ``module.function()`` in a new Python with one thread per numeric library.

    Raises
    ------
    OSError
        The system starts no process.
    """
    # The same flags (-W, -X, -O ...) as ours; multiprocessing asks the same function.
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    code = f"import sys; sys.path[:] = {sys.path!r}; from {module} import {function}; {function}()"
    environment = {**os.environ, **dict.fromkeys(THREAD_LIMITS, "1")}
    with _without_interrupts():
        return subprocess.Popen(
            [sys.executable, *flags, "-c", code], stdin=stdin, stdout=stdout, stderr=stderr, bufsize=0, env=environment
        )


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back in this thread, and for good in the processes it starts: their parent decides when they end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
