"""The process that does one task after another, and says how each ended.

It imports nothing heavy itself: the function it is told to run brings its own modules, after
the thread limits stand in the environment.

Messages are bytes: a pickled ``(mark, elapsed_s, body)``. ``body`` is pickled on its own, so
that the parent can tell a result it cannot read from a connection that broke.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from sonoteca.workers import posix

READY = "ready"
DONE = "done"
RAISED = "raised"

# One thread per library and worker: the workers are the parallelism.
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

STDERR_FILE = "stderr.txt"


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker prepares itself.

    Attributes
    ----------
    scratch : str
        The worker's own folder for temporary files; the parent removes it with the worker.
    address_space_mb : int or None [MB]
    is_forked : bool
        Started by a fork server's only thread. Linux sends the death signal when the *thread*
        that started a process ends, so it is of use only then.
    preload : tuple of str
    """

    scratch: str
    address_space_mb: int | None
    is_forked: bool
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that crossed a process border: ``pickled`` is None when it could not be pickled."""

    pickled: bytes | None
    type_name: str
    message: str
    traceback: str
    is_memory: bool


@contextlib.contextmanager
def thread_limits() -> Iterator[None]:
    """Hold the thread limits in this process's environment while a child is started from it."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def work(channel: Connection, settings: WorkerSettings) -> None:
    """Answer tasks from ``channel`` until the other end closes it."""
    _prepare(settings)
    channel.send_bytes(ForkingPickler.dumps((READY, 0.0, b"")))
    while True:
        try:
            message = channel.recv_bytes()
        except (EOFError, OSError):
            return
        answer = _answer(message)
        try:
            channel.send_bytes(answer)
        except OSError:
            return
        del message, answer


def _prepare(settings: WorkerSettings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides.
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    if settings.is_forked:
        posix.die_with_parent()
    posix.forbid_core_dumps()
    posix.lower_priority()
    threading.Thread(target=_exit_with_parent, name="lifeline", daemon=True).start()
    tempfile.tempdir = settings.scratch
    _redirect_output(settings.scratch)
    for module in settings.preload:
        importlib.import_module(module)
    if settings.address_space_mb is not None:
        posix.limit_address_space(settings.address_space_mb)


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _redirect_output(scratch: str) -> None:
    """What native code prints goes to a file; its last lines explain a crash."""
    file = os.open(os.path.join(scratch, STDERR_FILE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
    faulthandler.enable(file, all_threads=False)


def _answer(message: bytes) -> bytes:
    started = time.perf_counter()
    mark = DONE
    try:
        function, payload = pickle.loads(message)
        body = _pickled_result(function, payload)
    except BaseException as error:
        mark, body = RAISED, ForkingPickler.dumps(_describe(error)).tobytes()
    return ForkingPickler.dumps((mark, time.perf_counter() - started, body)).tobytes()


def _pickled_result(function: Callable[[Any], Any], payload: Any) -> bytes:
    result = function(payload)
    try:
        return ForkingPickler.dumps(result).tobytes()
    except MemoryError:
        raise
    except Exception as error:
        # What pickle raises depends on the object: PicklingError, TypeError, AttributeError, ...
        raise TypeError(f"a result of type {type(result).__name__} cannot be sent: {error}") from error


def _describe(error: BaseException) -> Raised:
    pickled: bytes | None
    try:
        pickled = ForkingPickler.dumps(error).tobytes()
        pickle.loads(pickled)
    except Exception:
        pickled = None
    return Raised(
        pickled,
        type(error).__name__,
        str(error),
        "".join(traceback.format_exception(error))[-8_000:],
        isinstance(error, MemoryError),
    )
