"""What a worker does with its messages, asked in the test's own process: no second process, no lasting trace."""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import operator
import os
import pickle
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sonoteca.workers import posix, worker
from sonoteca.workers.channel import Channel
from sonoteca.workers.worker import DONE, RAISED, READY, THREAD_LIMITS, Preparation, Raised, WorkerSettings


class Unsendable(Exception):
    """It holds what no pickle can hold."""

    def __init__(self) -> None:
        super().__init__("it stays here")
        self.kept = threading.Lock()


class TooLarge:
    """A result for which there is no memory when it is to be sent."""

    def __reduce__(self) -> str:
        raise MemoryError("no room for the bytes")


def double(number: int) -> int:
    return 2 * number


def shout(text: str) -> str:
    os.write(1, text.encode())
    return text


def refuse(text: str) -> None:
    raise ValueError(text)


def refuse_unsendably(_: object) -> None:
    raise Unsendable


def run_out_of_memory(_: object) -> None:
    raise MemoryError


def make_lock(_: object) -> object:
    return threading.Lock()


def make_too_large(_: object) -> TooLarge:
    return TooLarge()


def leave(code: int) -> None:
    sys.exit(code)


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Give descriptors 0, 1 and 2 back as they were."""
    kept = [os.dup(descriptor) for descriptor in range(3)]
    try:
        yield
    finally:
        for descriptor, copy in enumerate(kept):
            os.dup2(copy, descriptor)
            os.close(copy)


@pytest.fixture
def done_to_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What a worker would have done to its process for good, in order; none of it happens."""
    done: list[object] = []

    def exit_now(code: int) -> None:
        done.append(("exit", code))

    def enable(file: int, all_threads: bool = True) -> None:
        done.append(("faulthandler", all_threads))
        os.close(file)

    def set_signal(number: int, handler: object) -> None:
        done.append(("signal", number, handler))

    monkeypatch.setattr(os, "_exit", exit_now)
    monkeypatch.setattr(faulthandler, "enable", enable)
    monkeypatch.setattr(signal, "signal", set_signal)
    monkeypatch.setattr(posix, "die_with_parent", lambda: done.append("die with parent"))
    monkeypatch.setattr(posix, "forbid_core_dumps", lambda: done.append("no core dumps"))
    monkeypatch.setattr(posix, "lower_priority", lambda: done.append("lower priority"))
    monkeypatch.setattr(posix, "limit_address_space", lambda more_mb: done.append(("address space", more_mb)))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in THREAD_LIMITS:
        monkeypatch.setenv(name, "7")
    yield done
    wait_for_lifelines()


def wait_for_lifelines() -> None:
    for thread in threading.enumerate():
        if thread.name == "lifeline":
            thread.join(10)
            assert not thread.is_alive()


def answers_of(
    settings: WorkerSettings, tasks: list[tuple[Callable[[Any], Any], object]]
) -> list[tuple[str, float, Any]]:
    """All that a worker says to ``tasks``: ``(mark, elapsed_s, body)``, the body read."""
    reader, writer = os.pipe()
    answered, answers = os.pipe()
    sender = Channel(reader, writer)
    for task in tasks:
        sender.send(pickle.dumps(task))
    os.close(writer)
    with standard_streams():
        worker.work(Channel(reader, answers), settings)
    wait_for_lifelines()
    os.close(reader)
    os.close(answers)
    receiver = Channel(answered, answered)
    said: list[tuple[str, float, Any]] = []
    with contextlib.suppress(EOFError):
        while True:
            mark, elapsed_s, body = pickle.loads(receiver.receive())
            said.append((mark, elapsed_s, pickle.loads(body) if body else None))
    receiver.close()
    return said


def raised_by(function: Callable[[Any], Any], payload: object) -> Raised:
    mark, elapsed_s, body = pickle.loads(worker._answer(pickle.dumps((function, payload))))
    assert mark == RAISED
    assert elapsed_s >= 0
    told = pickle.loads(body)
    assert isinstance(told, Raised)
    return told


def test_a_worker_says_that_it_is_ready_and_answers_tasks_in_order_until_the_end_of_its_input(
    tmp_path: Path, done_to_process: list[object]
) -> None:
    said = answers_of(WorkerSettings(str(tmp_path), None, False), [(double, 21), (refuse, "no"), (double, 4)])

    assert [mark for mark, _, _ in said] == [READY, DONE, RAISED, DONE]
    assert [body for mark, _, body in said if mark == DONE] == [42, 8]
    assert said[2][2].type_name == "ValueError"
    assert all(elapsed_s >= 0 for _, elapsed_s, _ in said)


def test_a_worker_stops_when_nobody_reads_its_answers(tmp_path: Path, done_to_process: list[object]) -> None:
    class Deaf(Channel):
        sent = 0

        def send(self, message: bytes) -> None:
            self.sent += 1
            if self.sent > 1:
                raise BrokenPipeError

    reader, writer = os.pipe()
    channel = Deaf(reader, writer)
    for number in range(3):
        Channel.send(channel, pickle.dumps((double, number)))
    with standard_streams():
        worker.work(channel, WorkerSettings(str(tmp_path), None, False))
    os.close(writer)
    wait_for_lifelines()
    os.close(reader)

    assert channel.sent == 2  # that it is ready, and the first answer; the other tasks are left alone


def test_a_task_is_given_up_when_the_parent_has_gone(done_to_process: list[object]) -> None:
    reader, writer = os.pipe()
    Channel(reader, writer).send(b"a task")
    messages = worker._Messages(Channel(reader, writer))
    assert messages.next() == b"a task"
    assert done_to_process == []

    os.close(writer)
    wait_for_lifelines()
    os.close(reader)

    assert done_to_process == [("exit", 1)]
    assert messages.next() is None


def test_main_reads_its_settings_and_keeps_prints_out_of_its_answers(
    tmp_path: Path, done_to_process: list[object]
) -> None:
    reader, writer = os.pipe()
    answered, answers = os.pipe()
    sender = Channel(reader, writer)
    sender.send(pickle.dumps(WorkerSettings(str(tmp_path), None, False)))
    sender.send(pickle.dumps((shout, "from native code")))
    os.close(writer)
    with standard_streams():
        os.dup2(reader, 0)
        os.dup2(answers, 1)
        worker.main()
        assert os.read(0, 1) == b""  # what was its input is nothing now
    wait_for_lifelines()

    receiver = Channel(answered, answers)
    assert pickle.loads(receiver.receive())[0] == READY
    mark, _, body = pickle.loads(receiver.receive())
    assert (mark, pickle.loads(body)) == (DONE, "from native code")
    assert (tmp_path / worker.STDERR_FILE).read_bytes() == b"from native code"
    receiver.close()
    os.close(reader)


def test_a_forked_background_worker_prepares_its_process_first(tmp_path: Path, done_to_process: list[object]) -> None:
    preparation = Preparation(call=functools.partial(done_to_process.append, "prepared"))
    said = answers_of(WorkerSettings(str(tmp_path), 300, True, preparation), [(os.getenv, THREAD_LIMITS[0])])

    assert said[1][2] == "1"
    assert all(os.environ[name] == "1" for name in THREAD_LIMITS)
    assert tempfile.gettempdir() == str(tmp_path)
    assert done_to_process[:8] == [
        ("signal", signal.SIGINT, signal.SIG_IGN),
        ("signal", signal.SIGTERM, signal.SIG_DFL),
        "die with parent",
        "no core dumps",
        "lower priority",
        ("faulthandler", False),
        "prepared",
        ("address space", 300),  # last: the preparation may map what it needs
    ]


def test_a_worker_in_the_foreground_keeps_its_priority(tmp_path: Path, done_to_process: list[object]) -> None:
    answers_of(WorkerSettings(str(tmp_path), None, False, is_background=False), [])

    assert "no core dumps" in done_to_process
    assert "lower priority" not in done_to_process
    assert "die with parent" not in done_to_process


def test_a_preparation_imports_its_modules_and_forgives_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with contextlib.redirect_stdout(None):
        Preparation(("this",), functools.partial(operator.truediv, 1, 0)).do()

    assert "this" in sys.modules


def test_a_preparation_without_anything_does_nothing() -> None:
    assert Preparation() == Preparation((), None)
    Preparation().do()


def test_an_exception_crosses_with_its_type_message_and_traceback() -> None:
    told = raised_by(refuse, "not that one")

    assert (told.type_name, told.message, told.is_memory) == ("ValueError", "not that one", False)
    assert "in refuse" in told.traceback
    assert told.pickled is not None
    error = pickle.loads(told.pickled)
    assert isinstance(error, ValueError)
    assert error.args == ("not that one",)


def test_an_exception_that_cannot_be_pickled_crosses_as_text() -> None:
    told = raised_by(refuse_unsendably, None)

    assert told.pickled is None
    assert (told.type_name, told.message, told.is_memory) == ("Unsendable", "it stays here", False)


def test_a_result_that_cannot_be_pickled_is_a_type_error_that_names_it() -> None:
    told = raised_by(make_lock, None)

    assert told.type_name == "TypeError"
    assert told.message.startswith("a result of type lock cannot be sent: ")


@pytest.mark.parametrize("function", [run_out_of_memory, make_too_large])
def test_want_of_memory_is_told_as_such_in_the_task_and_in_sending_its_result(function: Callable[[Any], Any]) -> None:
    told = raised_by(function, None)

    assert told.is_memory
    assert told.type_name == "MemoryError"


def test_a_task_that_leaves_the_program_is_an_answer_too() -> None:
    assert raised_by(leave, 3).type_name == "SystemExit"


def test_a_message_that_is_no_task_is_an_answer_too() -> None:
    mark, _, body = pickle.loads(worker._answer(b"no pickle"))

    assert mark == RAISED
    assert pickle.loads(body).type_name == "UnpicklingError"
