"""A fresh Python that runs one function of ours, finds the modules that this one finds, and nothing of its main module."""

from __future__ import annotations

import os
import subprocess
import sys
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
    return subprocess.Popen(
        [sys.executable, *flags, "-c", code], stdin=stdin, stdout=stdout, stderr=stderr, bufsize=0, env=environment
    )
