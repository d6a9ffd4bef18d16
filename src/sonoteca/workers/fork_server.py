"""A process that has everything imported, and becomes a worker by forking, in milliseconds (POSIX only).

Its one thread waits for two things: requests on its control socket, which carry the worker's ends
of a channel and of a status pipe as file descriptors, and ends of workers, whose exit status it
writes to their status pipes. It ends when its program closes the control socket or dies; on Linux
its workers end with it, elsewhere they notice that their channels are closed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import threading
import traceback
from dataclasses import dataclass

from sonoteca.workers.channel import Channel
from sonoteca.workers.python_process import start_python
from sonoteca.workers.worker import STDERR_FILE, Preparation, WorkerSettings, work

_STATUS = struct.Struct("!q")
_PID = struct.Struct("!q")
START_TIMEOUT_S = 120.0


def can_fork() -> bool:
    """Whether this system forks, and passes file descriptors between processes."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


@dataclass(frozen=True, slots=True)
class Forked:
    """A worker as its program holds it; ``status`` becomes readable when it has ended (see ``read_status``)."""

    pid: int
    channel: Channel
    status: int


def read_status(status: int) -> int | None:
    """The exit code of a worker that has ended, minus the signal that ended it; None if nobody knows it."""
    written = os.read(status, _STATUS.size)
    return int(_STATUS.unpack(written)[0]) if len(written) == _STATUS.size else None


class ForkServer:
    """The program's side of a fork server; it forks once ``wait`` has returned.

    Raises
    ------
    OSError
        The server cannot be started.
    """

    def __init__(self, preparation: Preparation, folder: str) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        self._preparation = preparation
        self._control = ours
        self._channel = Channel(ours.fileno(), ours.fileno())
        with theirs, open(os.path.join(folder, STDERR_FILE), "ab") as log:
            self._process = start_python(
                "sonoteca.workers.fork_server", "serve", stdin=theirs.fileno(), stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Return when everything is loaded.

        Raises
        ------
        OSError, EOFError
            The server ended before it was ready, or was abandoned; ``folder`` holds what it said.
        """
        # Ends the wait below: who is killed closes the socket.
        late = threading.Timer(START_TIMEOUT_S, self._process.kill)
        late.daemon = True
        late.start()
        try:
            self._channel.send(pickle.dumps(self._preparation))
            self._channel.receive()
        except (EOFError, OSError):
            self.close()
            raise
        finally:
            late.cancel()

    def fork(self, settings: WorkerSettings) -> Forked:
        """A new worker; OSError or EOFError if the server is gone."""
        ours, theirs = socket.socketpair()
        status, told = os.pipe()
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"f"], [theirs.fileno(), told])
                self._channel.send(pickle.dumps(settings))
                (pid,) = _PID.unpack(self._channel.receive())
        except (EOFError, OSError):
            ours.close()
            os.close(status)
            raise
        finally:
            os.close(told)
        descriptor = ours.detach()
        return Forked(pid, Channel(descriptor, descriptor), status)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def abandon(self) -> None:
        """End the server, ready or not; whoever waits for it is told. It has still to be closed."""
        self._process.kill()

    def close(self) -> None:
        """End the server; on Linux its workers end with it."""
        self._control.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve() -> None:
    """Be a fork server; the control socket is standard input."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(control.fileno(), control.fileno())
    preparation: Preparation = pickle.loads(channel.receive())
    preparation.do()
    # What is loaded by now stays: looking for garbage in it would copy its pages into every worker.
    gc.collect()
    gc.freeze()
    channel.send(b"ready")
    _Server(control, channel).serve()


class _Server:
    def __init__(self, control: socket.socket, channel: Channel) -> None:
        self._control = control
        self._channel = channel
        # Where to write how a worker ended, by its process id.
        self._told: dict[int, int] = {}
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wakes, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

    def serve(self) -> None:
        control = self._control.fileno()
        while True:
            readable, _, _ = select.select([control, self._woken], [], [])
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._tell_of_ended()
            if control in readable and not self._answer():
                return

    def _tell_of_ended(self) -> None:
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            told = self._told.pop(pid)
            with contextlib.suppress(OSError):
                os.write(told, _STATUS.pack(os.waitstatus_to_exitcode(status)))
            os.close(told)

    def _answer(self) -> bool:
        """Fork one worker; False when the program has closed its end."""
        request, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not request:
            return False
        theirs, told = descriptors
        settings: WorkerSettings = pickle.loads(self._channel.receive())
        pid = os.fork()
        if pid == 0:
            self._become_worker(theirs, told, settings)
        os.close(theirs)
        self._told[pid] = told
        self._channel.send(_PID.pack(pid))
        return True

    def _become_worker(self, descriptor: int, told: int, settings: WorkerSettings) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            for each in (told, self._woken, self._wakes, *self._told.values()):
                os.close(each)
            work(Channel(descriptor, descriptor), settings)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
