"""One worker process as its parent sees it: start, send, receive, kill, and why it died."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import shutil
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Literal

import psutil

from sonoteca.workers.executor import FailureKind
from sonoteca.workers.worker import DONE, STDERR_FILE, Raised, WorkerSettings, thread_limits, work

# A result larger than this is not read: it would grow the parent, which no watchdog guards.
MAX_RESULT_BYTES = 256 * 2**20
START_TIMEOUT_S = 120.0
_LAST_WORDS = 600

StartMethod = Literal["forkserver", "spawn"]

# Starting and reaping from several threads at once confuses multiprocessing's bookkeeping.
_process_lock = threading.Lock()


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
    """forkserver where it exists: workers start in milliseconds and inherit no thread. Never fork."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class WorkerProcess:
    """A started worker; ``begin`` and ``finish`` bracket one task, ``look`` is called by the watchdog.

    Raises
    ------
    WorkerLost
        If the process ends or stays silent before it is ready.
    """

    def __init__(self, settings: WorkerSettings, start_method: StartMethod) -> None:
        os.makedirs(settings.scratch, mode=0o700)
        self._scratch = settings.scratch
        context = multiprocessing.get_context(start_method)
        if start_method == "forkserver":
            context.set_forkserver_preload(list(settings.preload))
        self._channel, theirs = context.Pipe()
        self._verdict: Verdict | None = None
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self.tasks_done = 0
        try:
            with _process_lock, thread_limits():
                self._process: BaseProcess = context.Process(  # type: ignore[attr-defined]
                    target=work, args=(theirs, settings), name="sonoteca-worker", daemon=True
                )
                self._process.start()
        except (OSError, EOFError) as error:
            self._channel.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise WorkerLost(f"no worker process can be started: {error}", None) from error
        finally:
            theirs.close()
        self._resident = _Resident(self._process.pid or 0)
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def is_alive(self) -> bool:
        return not self._ends_within(0)

    def _wait_until_ready(self) -> None:
        why = f"it was not ready after {START_TIMEOUT_S:.0f} s"
        try:
            if self._channel.poll(START_TIMEOUT_S):
                self._channel.recv_bytes()
                return
        except (EOFError, OSError):
            why = self._epitaph()
        self._signal_kill()
        self.stop()
        raise WorkerLost(f"a worker process cannot be started: {why}", None)

    def begin(self, message: bytes, timeout_s: float) -> None:
        """Send a task; WorkerLost if nobody is there to take it."""
        with self._lock:
            self._deadline = time.monotonic() + timeout_s
        try:
            self._channel.send_bytes(message)
        except OSError as error:
            raise self._lost() from error

    def finish(self) -> Answer:
        """Wait for the answer, however long it takes: the watchdog ends the wait by killing the process."""
        try:
            mark, elapsed_s, body = pickle.loads(self._channel.recv_bytes(MAX_RESULT_BYTES))
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
        if self._verdict is not None or not self._ends_within(0.5):
            self._signal_kill()
        self._reap()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _ends_within(self, timeout_s: float) -> bool:
        # Unlike join this reads nothing, so it may run beside another thread's bookkeeping.
        return bool(connection.wait([self._process.sentinel], timeout_s))

    def _reap(self) -> int | None:
        """Exit code, once the system has it: a dying process closes its pipes a little earlier."""
        deadline = time.monotonic() + 5
        self._ends_within(5)
        while True:
            with _process_lock:
                code = self._process.exitcode
            if code is not None or time.monotonic() > deadline:
                return code
            time.sleep(0.005)

    def _condemn(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._signal_kill()

    def _signal_kill(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._process.kill()

    def _lost(self) -> WorkerLost:
        if self._verdict is not None:
            return WorkerLost(self._verdict.message, self._verdict)
        return WorkerLost(self._epitaph(), None)

    def _epitaph(self) -> str:
        """How the process ended: a signal's name or an exit status, and the last it wrote."""
        code = self._reap()
        if code is None:
            how = "it closed its connection but goes on running"
        elif code < 0:
            how = f"it was ended by {_signal_name(-code)}"
        else:
            how = f"it exited with status {code}"
        words = self._last_words()
        return f"{how} ({words})" if words else how

    def _last_words(self) -> str:
        try:
            with open(os.path.join(self._scratch, STDERR_FILE), "rb") as file:
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
