"""The loop of a fork server in the test's own process: what would fork only says that it did."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoteca.workers import fork_server
from sonoteca.workers.channel import Channel
from sonoteca.workers.worker import Preparation, WorkerSettings

pytestmark = pytest.mark.skipif(not fork_server.can_fork(), reason="this system does not fork")

SETTINGS = WorkerSettings("scratch", 300, True)
PID = 4242
EXITED_WITH_3 = 3 << 8


@pytest.fixture
def signals() -> Iterator[None]:
    """Give the handlers and the wake-up descriptor back as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)}
    descriptor = signal.set_wakeup_fd(-1)
    yield
    signal.set_wakeup_fd(descriptor)
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The program's end of the control socket, and the server's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def server_of(theirs: socket.socket) -> fork_server._Server:
    return fork_server._Server(theirs, Channel(theirs.fileno(), theirs.fileno()))


def ask_for_worker(ours: socket.socket) -> int:
    """Ask as a program does; the descriptor from which the worker's status can be read."""
    mine, workers = socket.socketpair()
    status, told = os.pipe()
    with mine, workers:
        socket.send_fds(ours, [b"f"], [workers.fileno(), told])
    os.close(told)
    Channel(ours.fileno(), ours.fileno()).send(pickle.dumps(SETTINGS))
    return status


def read_pid(ours: socket.socket) -> int:
    (pid,) = fork_server._PID.unpack(Channel(ours.fileno(), ours.fileno()).receive())
    return int(pid)


def close_pipe_of(server: fork_server._Server) -> None:
    os.close(server._woken)
    os.close(server._wakes)


@pytest.mark.usefixtures("signals")
def test_a_server_forks_tells_the_pid_and_then_how_the_worker_ended(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    server = server_of(theirs)

    def fork() -> int:
        signal.raise_signal(signal.SIGCHLD)  # the worker ends at once
        return PID

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(os, "waitpid", lambda pid, options: (PID, EXITED_WITH_3))
    status = ask_for_worker(ours)
    ours.shutdown(socket.SHUT_WR)
    server.serve()

    assert read_pid(ours) == PID
    assert fork_server.read_status(status) == 3
    assert fork_server.read_status(status) is None  # said once, and the pipe is closed
    assert server._told == {}
    os.close(status)
    close_pipe_of(server)


@pytest.mark.usefixtures("signals")
def test_workers_that_still_run_are_left_alone(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of(ends[1])
    status, told = os.pipe()
    gone, nobody_reads = os.pipe()
    os.close(gone)
    server._told = {PID: told, PID + 1: nobody_reads}
    ended = [(PID + 1, signal.SIGKILL), (0, 0)]
    monkeypatch.setattr(os, "waitpid", lambda pid, options: ended.pop(0))
    server._tell_of_ended()  # and does not mind that nobody wants to know

    assert server._told == {PID: told}
    assert ended == []
    ended[:] = [(PID, signal.SIGSEGV)]
    server._tell_of_ended()
    assert fork_server.read_status(status) == -signal.SIGSEGV
    os.close(status)
    close_pipe_of(server)


@pytest.mark.usefixtures("signals")
def test_the_forked_side_becomes_a_worker(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    server = server_of(theirs)
    became: list[WorkerSettings] = []

    def become(server: fork_server._Server, descriptor: int, told: int, settings: WorkerSettings) -> None:
        became.append(settings)
        os.close(descriptor)
        os.close(told)
        raise SystemExit(0)

    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(fork_server._Server, "_become_worker", become)
    status = ask_for_worker(ours)
    with pytest.raises(SystemExit):
        server.serve()

    assert became == [SETTINGS]
    os.close(status)
    close_pipe_of(server)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("fails", [False, True])
def test_a_new_worker_lets_go_of_all_that_is_the_servers_and_ends_with_its_work(
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: bool,
) -> None:
    _, theirs = ends
    server = server_of(theirs)
    mine, workers = socket.socketpair()
    status, told = os.pipe()
    others_status, others_told = os.pipe()
    server._told = {PID: others_told}
    codes: list[int] = []

    def work(channel: Channel, settings: WorkerSettings) -> None:
        assert settings == SETTINGS
        channel.send(b"at work")
        if fails:
            raise RuntimeError("the preparation broke")

    monkeypatch.setattr(fork_server, "work", work)
    with monkeypatch.context() as patch, workers:
        patch.setattr(os, "_exit", codes.append)
        server._become_worker(workers.fileno(), told, SETTINGS)

    assert codes == [1 if fails else 0]
    assert ("the preparation broke" in capsys.readouterr().err) == fails
    assert Channel(mine.fileno(), mine.fileno()).receive() == b"at work"
    assert theirs.fileno() == -1
    for reader in (status, others_status):
        assert os.read(reader, 1) == b""  # no writer is left
        os.close(reader)
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
    mine.close()


@pytest.mark.usefixtures("signals")
def test_serve_prepares_says_that_it_is_ready_and_ends_with_its_program(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[fork_server._Server] = []

    class Kept(fork_server._Server):
        def serve(self) -> None:
            servers.append(self)
            super().serve()

    monkeypatch.setattr(fork_server, "_Server", Kept)
    ours, theirs = ends
    channel = Channel(ours.fileno(), ours.fileno())
    channel.send(pickle.dumps(Preparation(("colorsys",))))
    ours.shutdown(socket.SHUT_WR)
    kept = os.dup(0)
    try:
        os.dup2(theirs.fileno(), 0)
        fork_server.serve()
        assert os.read(0, 1) == b""
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        os.dup2(kept, 0)
        os.close(kept)

    assert channel.receive() == b"ready"
    assert "colorsys" in sys.modules
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    (server,) = servers
    server._control.close()
    close_pipe_of(server)


def test_a_server_that_ends_before_it_is_ready_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended:
        waited: float | None = None

        def kill(self) -> None:
            raise AssertionError("it has ended by itself")

        def wait(self, timeout: float) -> int:
            self.waited = timeout
            return 1

    process = Ended()
    monkeypatch.setattr(fork_server, "start_python", lambda *args, **streams: process)
    server = fork_server.ForkServer(Preparation(), str(tmp_path))
    with pytest.raises((EOFError, OSError)):
        server.wait()
    assert process.waited == 1.0
