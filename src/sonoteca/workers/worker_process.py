"""One worker process as its parent sees it: start, send, receive, kill, and why it died."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, Literal, Protocol

import psutil

from sonoteca.workers.channel import Channel
from sonoteca.workers.executor import FailureKind
from sonoteca.workers.fork_server import START_TIMEOUT_S, Forked, ForkServer, can_fork, read_status
from sonoteca.workers.python_process import start_python
from sonoteca.workers.worker import DONE, STDERR_FILE, Raised, WorkerSettings

# A result larger than this is not read: it would grow the parent, which no watchdog guards.
MAX_RESULT_BYTES = 256 * 2**20
_LAST_WORDS = 600

StartMethod = Literal["forkserver", "spawn"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the parent killed a worker."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one task: exactly one of ``body`` (pickled result) and ``raised``."""

    elapsed_s: float
    body: bytes | None
    raised: Raised | None


class WorkerLost(Exception):
    """The process is gone, or cannot be talked to; ``message`` says how it ended."""

    def __init__(self, message: str, verdict: Verdict | None) -> None:
        super().__init__(message)
        self.message = message
        self.verdict = verdict


def best_start_method() -> StartMethod:
    """forkserver where it exists: workers start in milliseconds and share what they imported. Never fork from here."""
    return "forkserver" if can_fork() else "spawn"


class _Process(Protocol):
    """A process of ours, however it was started."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...

    def exit_code(self, timeout_s: float) -> int | None:
        """How it ended, minus the signal that ended it; None if it has not after ``timeout_s``, or nobody knows."""
        ...

    def ends_within(self, timeout_s: float) -> bool: ...

    def close(self) -> None: ...


class _Spawned:
    """A Python of its own."""

    def __init__(self, settings: WorkerSettings) -> None:
        with open(os.path.join(settings.scratch, STDERR_FILE), "ab") as log:
            self._process = start_python(
                "sonoteca.workers.worker", "main", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self.pid = self._process.pid
        self.channel = Channel(_detached(self._process.stdout), _detached(self._process.stdin))
        with contextlib.suppress(OSError):  # who is gone already is found out by the wait for its first word
            self.channel.send(pickle.dumps(settings))

    def kill(self) -> None:
        self._process.kill()

    def exit_code(self, timeout_s: float) -> int | None:
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def ends_within(self, timeout_s: float) -> bool:
        return self.exit_code(timeout_s) is not None if timeout_s > 0 else self._process.poll() is not None

    def close(self) -> None:
        self.channel.close()


class _Forked:
    """A fork of a server's."""

    def __init__(self, forked: Forked) -> None:
        self.pid = forked.pid
        self.channel = forked.channel
        self._status = forked.status
        self._code: int | None = None
        self._has_ended = False
        self._lock = threading.Lock()

    def kill(self) -> None:
        # Once its end was told, the number may be another process's.
        with self._lock:
            if not self._has_ended and not self._look(0):
                os.kill(self.pid, signal.SIGKILL)

    def exit_code(self, timeout_s: float) -> int | None:
        return self._code if self.ends_within(timeout_s) else None

    def ends_within(self, timeout_s: float) -> bool:
        with self._lock:
            return self._has_ended or self._look(timeout_s)

    def _look(self, timeout_s: float) -> bool:
        # poll, not select: a long-lived program may have more than 1,024 files open.
        waiting = select.poll()
        waiting.register(self._status, select.POLLIN)
        if waiting.poll(1000.0 * timeout_s):
            self._has_ended = True
            self._code = read_status(self._status)
        return self._has_ended

    def close(self) -> None:
        self.channel.close()
        with self._lock:
            if self._status >= 0:
                os.close(self._status)
                self._status, self._has_ended = -1, True


class WorkerProcess:
    """A started worker; ``begin`` and ``finish`` bracket one task, ``look`` is called by the watchdog.

    Parameters
    ----------
    settings : WorkerSettings
    server : ForkServer, optional
        Who forks it; without one a Python of its own is started.

    Raises
    ------
    WorkerLost
        If the process ends or stays silent before it is ready.
    """

    def __init__(self, settings: WorkerSettings, server: ForkServer | None = None) -> None:
        os.makedirs(settings.scratch, mode=0o700)
        self._scratch = settings.scratch
        self._verdict: Verdict | None = None
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self.tasks_done = 0
        try:
            process = _Spawned(settings) if server is None else _Forked(server.fork(settings))
        except (OSError, EOFError) as error:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise WorkerLost(f"no worker process can be started: {error}", None) from error
        self._process: _Process = process
        self._channel = process.channel
        self._resident = _Resident(process.pid)
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return not self._process.ends_within(0)

    def _wait_until_ready(self) -> None:
        late = threading.Timer(
            START_TIMEOUT_S, self.kill, [Verdict("lost", f"it was not ready after {START_TIMEOUT_S:.0f} s")]
        )
        late.daemon = True
        late.start()
        try:
            self._channel.receive()
        except (EOFError, OSError):
            why = self._lost().message
        else:
            return
        finally:
            late.cancel()
        self._signal_kill()
        self.stop()
        raise WorkerLost(f"a worker process cannot be started: {why}", None)

    def begin(self, message: bytes, timeout_s: float) -> None:
        """Send a task; WorkerLost if nobody is there to take it."""
        with self._lock:
            self._deadline = time.monotonic() + timeout_s
        try:
            self._channel.send(message)
        except OSError as error:
            raise self._lost() from error

    def finish(self) -> Answer:
        """Wait for the answer, however long it takes: the watchdog ends the wait by killing the process."""
        try:
            mark, elapsed_s, body = pickle.loads(self._channel.receive(MAX_RESULT_BYTES))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._lost() from error
        with self._lock:
            self._deadline = None
            # A verdict that fell while the answer was on its way: the process is gone for the next task.
            if self._verdict is not None:
                raise self._lost()
        self.tasks_done += 1
        if mark == DONE:
            return Answer(elapsed_s, body, None)
        return Answer(elapsed_s, None, pickle.loads(body))

    def look(self, memory_bytes: int | None) -> None:
        """Kill the process if its task is late or its resident size is above the limit."""
        with self._lock:
            if self._deadline is None or self._verdict is not None:
                return
            if time.monotonic() > self._deadline:
                self._condemn(Verdict("timeout", "it took longer than its deadline"))
            elif memory_bytes is not None and (resident := self._resident.now()) > memory_bytes:
                self._condemn(
                    Verdict(
                        "memory", f"it used {resident // 2**20} MB of memory, {memory_bytes // 2**20} MB is the limit"
                    )
                )

    def kill(self, verdict: Verdict) -> None:
        """End the running task at once; ``finish`` then raises with ``verdict``."""
        with self._lock:
            if self._verdict is None:
                self._condemn(verdict)

    def stop(self) -> None:
        """Ask the process to leave, insist after half a second, and remove its temporary files."""
        self._channel.close()
        if self._verdict is not None or not self._process.ends_within(0.5):
            self._signal_kill()
        self._process.exit_code(5)
        self._process.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _condemn(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._signal_kill()

    def _signal_kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()

    def _lost(self) -> WorkerLost:
        if self._verdict is not None:
            return WorkerLost(self._verdict.message, self._verdict)
        return WorkerLost(self._epitaph(), None)

    def _epitaph(self) -> str:
        """How the process ended: a signal's name or an exit status, and the last it wrote."""
        # A dying process closes its pipes a little before the system has its exit code.
        code = self._process.exit_code(5)
        if code is None:
            how = "it closed its connection but goes on running"
        elif code < 0:
            how = f"it was ended by {_signal_name(-code)}"
        else:
            how = f"it exited with status {code}"
        words = last_words(self._scratch)
        return f"{how} ({words})" if words else how


def last_words(folder: str) -> str:
    """The last lines that a process wrote into its scratch folder; of a fatal error what and where."""
    try:
        with open(os.path.join(folder, STDERR_FILE), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [at for at, line in enumerate(lines) if line.startswith("Fatal Python error")]
    if fatal:
        # faulthandler's dump: what happened, then the innermost call.
        calls = [line for line in lines[fatal[-1] :] if line.startswith("File ")]
        lines = [lines[fatal[-1]], *calls[:1]]
    return " | ".join(lines[-3:])[-_LAST_WORDS:]


def _detached(pipe: IO[bytes] | None) -> int:
    """A pipe's descriptor, which is then ours to close."""
    if pipe is None:
        raise ValueError("the process has no such pipe")
    descriptor = os.dup(pipe.fileno())
    pipe.close()
    return descriptor


class _Resident:
    """Resident size of another process, in bytes; 0 once it is gone."""

    def __init__(self, pid: int) -> None:
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None

    def now(self) -> int:
        try:
            return int(self._process.memory_info().rss) if self._process is not None else 0
        except psutil.Error:
            return 0


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    # Nobody here sends SIGKILL without a verdict: on Linux it is the kernel when memory runs out.
    return f"{name} (by another program, or by the system when memory ran out)" if name == "SIGKILL" else name
