"""The process that does one task after another, and says how each ended.

It imports nothing heavy itself: the function it is told to run brings its own modules, after
the thread limits stand in the environment. It never imports the main module of the program that
started it, so a script needs no ``if __name__ == "__main__"``.

Messages are bytes: a pickled ``(mark, elapsed_s, body)``. ``body`` is pickled on its own, so
that the parent can tell a result it cannot read from a connection that broke.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import pickle
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sonoteca.workers import posix
from sonoteca.workers.channel import Channel

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
class Preparation:
    """What stands ready in a worker before its first task.

    ``modules`` are imported; ``call``, an importable function or a ``functools.partial`` of one, is
    called. What it raises is not told here: the task that needs what is missing will say it.
    """

    modules: tuple[str, ...] = ()
    call: Callable[[], object] | None = None

    def do(self) -> None:
        for module in self.modules:
            importlib.import_module(module)
        if self.call is not None:
            with contextlib.suppress(Exception):
                self.call()


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
    preparation : Preparation
    is_background : bool
        Leave the processor to what a person does meanwhile.
    """

    scratch: str
    address_space_mb: int | None
    is_forked: bool
    preparation: Preparation = Preparation()
    is_background: bool = True


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that crossed a process border: ``pickled`` is None when it could not be pickled."""

    pickled: bytes | None
    type_name: str
    message: str
    traceback: str
    is_memory: bool


def main() -> None:
    """Be a worker: messages come on standard input and leave on what standard output was."""
    channel = Channel(os.dup(0), os.dup(1))
    _give_away_standard_streams()
    work(channel, pickle.loads(channel.receive()))


def _give_away_standard_streams() -> None:
    """Let nothing that native code prints or reads fall between the messages."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)


def work(channel: Channel, settings: WorkerSettings) -> None:
    """Answer tasks from ``channel`` until the other end closes it."""
    _prepare(settings)
    messages = _Messages(channel)
    channel.send(pickle.dumps((READY, 0.0, b"")))
    while (message := messages.next()) is not None:
        answer = _answer(message)
        try:
            channel.send(answer)
        except OSError:
            return
        del message, answer


class _Messages:
    """Tasks as they come; a thread waits for them, so that the end of the parent is noticed during a task too."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._is_idle = False
        threading.Thread(target=self._receive, name="lifeline", daemon=True).start()

    def next(self) -> bytes | None:
        """The next task; None when there will be no more."""
        self._is_idle = True
        message = self._arrived.get()
        self._is_idle = False
        return message

    def _receive(self) -> None:
        while True:
            try:
                message = self._channel.receive()
            except (EOFError, OSError):
                # Nobody waits for the result of a task that still runs; asked before the task loop is woken to end.
                if not self._is_idle:
                    os._exit(1)
                self._arrived.put(None)
                return
            self._arrived.put(message)


def _prepare(settings: WorkerSettings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides.
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    if settings.is_forked:
        posix.die_with_parent()
    posix.forbid_core_dumps()
    if settings.is_background:
        posix.lower_priority()
    tempfile.tempdir = settings.scratch
    _redirect_output(settings.scratch)
    settings.preparation.do()
    if settings.address_space_mb is not None:
        posix.limit_address_space(settings.address_space_mb)


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
        mark, body = RAISED, pickle.dumps(_describe(error))
    return pickle.dumps((mark, time.perf_counter() - started, body))


def _pickled_result(function: Callable[[Any], Any], payload: Any) -> bytes:
    result = function(payload)
    try:
        return pickle.dumps(result)
    except MemoryError:
        raise
    except Exception as error:
        # What pickle raises depends on the object: PicklingError, TypeError, AttributeError, ...
        raise TypeError(f"a result of type {type(result).__name__} cannot be sent: {error}") from error


def _describe(error: BaseException) -> Raised:
    pickled: bytes | None
    try:
        pickled = pickle.dumps(error)
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
