"""A bad task costs exactly itself; under forkserver and under spawn with the watchdog alone."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import ingest_tasks as tasks
from sonoteca.errors import WorkerError
from sonoteca.workers.executor import Done, Executor, Failed, Task, run_in_order
from sonoteca.workers.fork_server import can_fork
from sonoteca.workers.in_process import InProcessExecutor
from sonoteca.workers.limits import WorkerLimits
from sonoteca.workers.local_executor import LocalExecutor
from sonoteca.workers.worker import Preparation
from sonoteca.workers.worker_process import StartMethod, WorkerProcess

LIMITS = WorkerLimits(memory_mb=300, address_space_mb=4000)
# What a system without RLIMIT_AS has: the parent's eyes only.
WATCHDOG_ALONE = WorkerLimits(memory_mb=300, address_space_mb=None)

needs_forkserver = pytest.mark.skipif(not can_fork(), reason="no forkserver on this system")


@pytest.fixture(params=[pytest.param("forkserver", marks=needs_forkserver), "spawn"], scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    start_method: StartMethod = request.param
    limits = LIMITS if start_method == "forkserver" else WATCHDOG_ALONE
    with LocalExecutor(2, limits=limits, start_method=start_method) as executor:
        yield executor


def outcomes(executor: Executor, function, payloads, deadline_s=lambda _: 30.0):  # type: ignore[no-untyped-def]
    """Outcomes in the order of the payloads, asserting that there is exactly one each."""
    payloads = list(payloads)
    found = list(
        executor.run(function, (Task(str(n), payload, deadline_s(payload)) for n, payload in enumerate(payloads)))
    )
    assert sorted(int(outcome.key) for outcome in found) == list(range(len(payloads)))
    return sorted(found, key=lambda outcome: int(outcome.key))


@pytest.mark.parametrize("make", [InProcessExecutor, lambda: LocalExecutor(2)], ids=["in process", "local"])
def test_every_executor_answers_each_task_once_and_survives_exceptions(make) -> None:  # type: ignore[no-untyped-def]
    executor = make()
    try:
        doubled = outcomes(executor, tasks.double, range(50))
        assert [outcome.result for outcome in doubled] == [2 * n for n in range(50)]
        good, bad = outcomes(executor, tasks.behave, ["well", "raise"])
        assert isinstance(good, Done)
        assert good.result == "well"
        assert isinstance(bad, Failed)
        assert bad.kind == "error"
        assert bad.message == "seven is not eight"
        assert isinstance(bad.error, ValueError)
        assert list(executor.run(tasks.double, [])) == []
    finally:
        executor.close()


BAD = {
    "segfault": ("crash", "SIGSEGV"),
    "exit": ("crash", "status 3"),
    "kill": ("crash", "SIGKILL"),
    "abort": ("crash", "SIGABRT"),
    "die while sending": ("crash", "SIGKILL"),
    "eat": ("memory", "300 MB"),
    "hang": ("timeout", "deadline of 0.4 s"),
    "hang hard": ("timeout", "deadline of 0.4 s"),
    "sys exit": ("error", "4"),
    "raise oddly": ("error", "left"),
    "unpicklable": ("error", "cannot be sent"),
}


@pytest.mark.skipif(os.name != "posix", reason="names of signals")
def test_bad_tasks_cost_exactly_themselves(executor: LocalExecutor) -> None:
    """All at once: whatever they do to their processes, each good one beside them is done."""
    payloads = [how for bad in BAD for how in ("well", bad, "well")]
    found = outcomes(executor, tasks.behave, payloads, lambda how: 0.4 if how.startswith("hang") else 30.0)
    for how, outcome in zip(payloads, found, strict=True):
        if how == "well":
            assert isinstance(outcome, Done)
            assert outcome.result == "well"
        else:
            kind, words = BAD[how]
            assert isinstance(outcome, Failed)
            assert outcome.kind == kind, how
            assert words in outcome.message


@needs_forkserver
def test_one_absurd_request_is_refused_at_once() -> None:
    with LocalExecutor(1, limits=LIMITS) as executor:
        (failed,) = outcomes(executor, tasks.behave, ["ask too much"])
        assert failed.kind == "memory"
        assert isinstance(failed.error, MemoryError)


def test_a_task_that_dies_once_is_done_the_second_time(executor: LocalExecutor, tmp_path: Path) -> None:
    (done,) = outcomes(executor, tasks.once, [str(tmp_path)])
    assert done.result == "second time"


def test_without_retry_a_task_that_dies_has_failed(executor: LocalExecutor, tmp_path: Path) -> None:
    (failed,) = executor.run(tasks.once, [Task("x", str(tmp_path), 30.0)], retry=False)
    assert isinstance(failed, Failed)


def test_the_second_try_runs_alone(tmp_path: Path) -> None:
    payloads = [(str(tmp_path), name, 0.1) for name in ("a", "crash1", "b", "c", "crash2", "d")]
    with LocalExecutor(3) as executor:
        outcomes(executor, tasks.note_span, payloads)
    spans: dict[tuple[str, str], list[float]] = {}
    for file in tmp_path.iterdir():
        name, at, pid = file.stem.split("-")
        spans.setdefault((name, pid), []).append(float(at))
    second = [max((span, key) for key, span in spans.items() if key[0] == name) for name in ("crash1", "crash2")]
    for (start, end), key in ((sorted(span), key) for span, key in second):
        beside = [other for other, span in spans.items() if other != key and min(span) < end and max(span) > start]
        assert beside == []


def test_tasks_are_taken_no_further_than_promised(executor: LocalExecutor) -> None:
    taken = 0

    def endless() -> Iterator[Task[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield Task(str(taken), taken, 30.0)

    run: Any = executor.run(tasks.double, endless())
    for handed_out in range(1, 40):
        next(run)
        assert taken <= handed_out + 2 + 8
    run.close()
    assert outcomes(executor, tasks.double, [1])[0].result == 2


def test_in_process_there_is_no_memory_to_spare_and_cancel_waits_its_turn() -> None:
    executor = InProcessExecutor()
    assert executor.cancel("1")
    cancelled, hungry = executor.run(tasks.behave, [Task("1", "well", 1.0), Task("2", "ask too much", 1.0)])
    assert isinstance(cancelled, Failed)
    assert cancelled.kind == "lost"
    assert isinstance(hungry, Failed)
    assert hungry.kind == "memory"
    executor.close()
    with pytest.raises(ValueError, match="closed"):
        next(executor.run(tasks.double, [Task("1", 1, 1.0)]))


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        LocalExecutor(0)
    closed = LocalExecutor(1)
    closed.close()
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        next(closed.run(tasks.double, []))
    with pytest.raises(ValueError, match="closed"):
        closed.submit(tasks.double, Task("1", 1, 1.0))
    with pytest.raises(ValueError, match="closed"):
        closed.start()


def test_a_day_old_scratch_of_a_dead_run_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yesterday = time.time() - 90_000
    # Process numbers of Linux end below 2**22.
    dead_and_old, dead_and_new, alive = (
        tmp_path / f"sonoteca-work-{name}" for name in (f"{2**23}-a", f"{2**23}-b", f"{os.getpid()}-c")
    )
    for folder in (dead_and_old, dead_and_new, alive):
        (folder / "0").mkdir(parents=True)
    for folder in (dead_and_old, alive):
        os.utime(folder, (yesterday, yesterday))
    LocalExecutor(1).close()
    assert sorted(tmp_path.iterdir()) == sorted([dead_and_new, alive])


def test_cancel_ends_a_running_and_a_waiting_task(executor: LocalExecutor) -> None:
    started = time.monotonic()
    work = [
        Task("long", 100.0, 200.0),
        Task("longer", 100.0, 200.0),
        Task("waiting", 100.0, 200.0),
        Task("last", 0.0, 9.0),
    ]
    run = executor.run(tasks.nap, work)
    keys = ["long", "waiting", "longer"]
    assert not executor.cancel("long")  # nothing runs before the first outcome is asked for

    def cancel_soon() -> None:
        time.sleep(0.7)
        for key in keys:
            assert executor.cancel(key)
        assert not executor.cancel("nobody")

    canceller = threading.Thread(target=cancel_soon)
    canceller.start()
    found: dict[str, Any] = {outcome.key: outcome for outcome in run}
    canceller.join()
    assert {found[key].kind for key in keys} == {"lost"}
    assert isinstance(found["last"], Done)
    assert time.monotonic() - started < 60


def test_a_worker_is_replaced_after_its_share_of_tasks() -> None:
    with LocalExecutor(1, limits=WorkerLimits(tasks=3)) as executor:
        pids = [outcome.result for outcome in outcomes(executor, tasks.process_id, range(9))]
    assert len(set(pids)) == 3


def test_workers_have_one_thread_and_the_parent_keeps_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with LocalExecutor(1, start_method="spawn") as executor:
        assert outcomes(executor, tasks.environment, ["OMP_NUM_THREADS"])[0].result == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_what_a_dead_worker_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with LocalExecutor(1) as executor:
        assert isinstance(outcomes(executor, tasks.behave, ["litter"])[0], Failed)
        left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "stderr.txt"]
        assert left == []
    assert list(tmp_path.iterdir()) == []


def test_a_worker_on_its_way_to_a_task_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that keeps two ready looks at how many it has while both are being asked whether they live."""

    def slowly(worker: WorkerProcess) -> bool:
        time.sleep(0.3)
        return is_alive(worker)

    is_alive = WorkerProcess.is_alive
    monkeypatch.setattr(WorkerProcess, "is_alive", slowly)
    with LocalExecutor(2) as executor:
        executor.start()
        ready = {worker.pid for worker in executor._idle}
        pids = [outcome.result for outcome in outcomes(executor, tasks.process_id, range(6))]
        assert set(pids) <= ready
        assert {worker.pid for worker in executor._idle} == ready


def test_stopping_early_leaves_no_process_behind() -> None:
    with LocalExecutor(2) as executor:
        run: Any = executor.run(tasks.nap, (Task(str(n), 0.0 if n == 0 else 300.0, 400.0) for n in range(5)))
        next(run)
        run.close()
        pids = [outcome.result for outcome in outcomes(executor, tasks.process_id, range(2))]
    assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("start_method", [pytest.param("forkserver", marks=needs_forkserver), "spawn"])
def test_workers_that_cannot_start_end_the_run_with_the_reason(start_method: StartMethod) -> None:
    with (
        LocalExecutor(1, start_method=start_method, preparation=Preparation(("no_such_module_at_all",))) as executor,
        pytest.raises(WorkerError, match="No module named 'no_such_module_at_all'"),
    ):
        list(executor.run(tasks.double, [Task("1", 1, 5.0)]))


@pytest.mark.skipif(os.name != "posix", reason="kills the parent as POSIX does")
@pytest.mark.parametrize("start_method", [pytest.param("forkserver", marks=needs_forkserver), "spawn"])
def test_workers_end_when_their_parent_is_killed(start_method: StartMethod) -> None:
    """While they work, and while they wait: the third worker has nothing to do."""
    script = f"""
import sys; sys.path[:0] = {sys.path!r}
import ingest_tasks as tasks
from sonoteca.workers.executor import Task
from sonoteca.workers.local_executor import LocalExecutor
executor = LocalExecutor(3, start_method={start_method!r})
executor.start()
pids = [o.result for o in executor.run(tasks.process_id_later, [Task(str(n), 0.3, 9.0) for n in range(6)])]
print(*set(pids), flush=True)
list(executor.run(tasks.behave, [Task("h", "hang hard", 900.0), Task("i", "hang", 900.0)]))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            pids = [int(pid) for pid in parent.stdout.readline().split()]
            time.sleep(0.5)
        finally:
            parent.kill()
    assert len(pids) == 3
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in pids)


# --- one pool for a whole program -------------------------------------------------------------------


def test_runs_and_submitted_tasks_go_on_at_once_from_several_threads(executor: LocalExecutor) -> None:
    """Three threads with a run each, two of which have the same keys, and a task beside them."""
    found: dict[int, list[int]] = {}

    def ask(first: int) -> None:
        found[first] = [outcome.result for outcome in outcomes(executor, tasks.double, range(first, first + 20))]

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    submitted = executor.submit(tasks.double, Task("0", 21, 30.0))
    for thread in threads:
        thread.join()
    assert found == {first: [2 * number for number in range(first, first + 20)] for first in (0, 100, 200)}
    done = submitted.result(timeout=30)
    assert isinstance(done, Done)
    assert done.result == 42


def test_a_long_run_does_not_keep_a_short_task_waiting(executor: LocalExecutor) -> None:
    """Tasks of different runs start in turn: 40 naps of 0.1 s on two workers take 2 s, the task beside them waits for one."""
    run = executor.run(tasks.nap, [Task(str(n), 0.1, 30.0) for n in range(40)])
    next(run)
    started = time.monotonic()
    executor.submit(tasks.double, Task("x", 1, 30.0)).result(timeout=30)
    assert time.monotonic() - started < 1.0
    assert len(list(run)) == 39


def test_a_submitted_task_tells_its_failure_and_can_be_cancelled(executor: LocalExecutor, tmp_path: Path) -> None:
    failed = executor.submit(tasks.behave, Task("1", "raise", 30.0)).result(timeout=30)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ValueError)
    assert executor.submit(tasks.once, Task("2", str(tmp_path), 30.0)).result(timeout=30).key == "2"
    hung = executor.submit(tasks.behave, Task("3", "hang", 300.0))
    time.sleep(0.2)
    assert hung.cancel()
    lost = executor.submit(tasks.behave, Task("4", "hang", 300.0))
    assert executor.cancel("4")
    outcome = lost.result(timeout=30)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "lost"
    # Both workers are free again.
    assert [each.result for each in outcomes(executor, tasks.double, [1, 2])] == [2, 4]


def test_a_second_try_is_alone_in_the_whole_pool(tmp_path: Path) -> None:
    """The tasks of another run beside it too."""
    with LocalExecutor(3) as executor:
        other = executor.run(
            tasks.note_span, [Task(str(n), (str(tmp_path), f"other{n}", 0.1), 30.0) for n in range(30)]
        )
        next(other)
        failed = executor.submit(tasks.note_span, Task("x", (str(tmp_path), "crash", 0.2), 30.0)).result(timeout=60)
        assert isinstance(failed, Failed)
        assert len(list(other)) == 29
    spans: dict[tuple[str, str], list[float]] = {}
    for file in tmp_path.iterdir():
        name, at, pid = file.stem.split("-")
        spans.setdefault((name, pid), []).append(float(at))
    tries = sorted(sorted(span) for (name, _), span in spans.items() if name == "crash")
    assert len(tries) == 2
    start, end = tries[1]
    assert [
        name for (name, _), span in spans.items() if name != "crash" and min(span) < end and max(span) > start
    ] == []


def test_outcomes_in_the_order_of_the_tasks(executor: LocalExecutor) -> None:
    naps = [0.3, 0.0, 0.1, 0.0]
    found = list(run_in_order(executor, tasks.nap, (Task(str(n), nap, 30.0) for n, nap in enumerate(naps))))
    assert [outcome.key for outcome in found] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("start_method", [pytest.param("forkserver", marks=needs_forkserver), "spawn"])
def test_a_worker_is_prepared_before_its_first_task(start_method: StartMethod) -> None:
    preparation = Preparation(("colorsys",), functools.partial(tasks.prepare, 7))
    with LocalExecutor(1, start_method=start_method, preparation=preparation) as executor:
        executor.start()
        (prepared,) = outcomes(executor, tasks.prepared, ["colorsys"])
        assert prepared.result == (True, 7)


def test_a_started_pool_replaces_a_worker_before_it_is_asked_for() -> None:
    others = {child.pid for child in psutil.Process().children()}

    def ready() -> set[int]:
        return {child.pid for child in psutil.Process().children()} - others

    with LocalExecutor(1, limits=WorkerLimits(tasks=1), start_method="spawn") as executor:
        executor.start()
        first = ready()
        assert {outcome.result for outcome in outcomes(executor, tasks.process_id, [0])} == first
        deadline = time.monotonic() + 20
        while ready() in (set(), first) and time.monotonic() < deadline:
            time.sleep(0.02)
        second = ready()
        assert {outcome.result for outcome in outcomes(executor, tasks.process_id, [0])} == second != first


def test_closing_a_pool_tells_what_was_under_way_that_it_is_lost() -> None:
    executor = LocalExecutor(1)
    waiting: list[Any] = [executor.submit(tasks.nap, Task(str(n), 100.0, 200.0)) for n in range(3)]
    time.sleep(0.3)
    executor.close()
    assert {(outcome.kind, outcome.message) for outcome in (each.result(timeout=10) for each in waiting)} == {
        ("lost", "the executor was closed")
    }


@pytest.mark.skipif(not can_fork(), reason="this system does not fork")
def test_closing_a_pool_does_not_wait_until_everything_is_loaded() -> None:
    executor = LocalExecutor(1, preparation=Preparation(call=functools.partial(time.sleep, 200.0)))
    executor.start(wait=False)
    waiting = executor.submit(tasks.double, Task("1", 21, 9.0))
    time.sleep(0.3)
    began = time.monotonic()
    executor.close()
    assert time.monotonic() - began < 30.0
    outcome = waiting.result(timeout=10)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.message) == ("lost", "the executor was closed")


def test_a_script_without_a_main_guard_can_use_workers(tmp_path: Path) -> None:
    """A worker never runs the program's main module: nothing is said twice, nothing starts again."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('once')\nfrom sonoteca.workers.executor import Task\n"
        "from sonoteca.workers.local_executor import LocalExecutor\nimport ingest_tasks\n"
        "for start_method in ('spawn', None):\n"
        "    with LocalExecutor(1, start_method=start_method) as executor:\n"
        "        print(executor.submit(ingest_tasks.double, Task('1', 21, 9.0)).result().result)\n"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.split() == ["once", "42", "42"]
