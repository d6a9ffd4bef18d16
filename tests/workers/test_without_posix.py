"""Where a system neither forks, nor polls, nor limits resources, workers are spawned and do their tasks.

It is simulated: ``sitecustomize`` takes from a Python what Windows lacks before anything of ours is
imported, and workers inherit it. The standard library stays what it is, so it is loaded first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ingest_tasks

_TAKEN_AWAY = """
import concurrent.futures, ctypes, faulthandler, os, pickle, select, shutil, signal, socket
import subprocess, sys, tempfile, threading, traceback
import psutil

# As on Windows, where nothing is softer than the end of a process.
subprocess.Popen.kill = subprocess.Popen.terminate
for module in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[module] = None
for owner, names in (
    (os, "fork nice sysconf set_blocking getuid killpg sched_getaffinity"),
    (select, "poll epoll"),
    (socket, "send_fds recv_fds AF_UNIX"),
    (signal, "SIGKILL SIGCHLD SIGSTOP SIGHUP set_wakeup_fd"),
):
    for name in names.split():
        if hasattr(owner, name):
            delattr(owner, name)
sys.platform = "win32"
"""

_PROGRAM = """
import ingest_tasks as tasks
from sonoteca.workers.executor import Task
from sonoteca.workers.fork_server import can_fork
from sonoteca.workers.limits import WorkerLimits
from sonoteca.workers.local_executor import LocalExecutor

assert not can_fork()
with LocalExecutor(2, limits=WorkerLimits(memory_mb=500)) as executor:
    executor.start()
    doubled = list(executor.run(tasks.double, [Task(str(n), n, 60.0) for n in range(5)]))
    print(sorted(done.result for done in doubled))
    print(executor.submit(tasks.behave, Task("crash", "exit", 60.0)).result().kind)
    print(executor.submit(tasks.process_id_later, Task("hang", 60.0, 0.5)).result().kind)
"""


def test_workers_are_spawned_and_watched_where_nothing_of_posix_is(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_TAKEN_AWAY)
    tasks = Path(ingest_tasks.__file__).parent
    path = os.pathsep.join([str(tmp_path), str(tasks), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["[0, 2, 4, 6, 8]", "crash", "timeout"]
