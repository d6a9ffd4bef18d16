"""``sonoteca worker``: what waits in the queue is done in a process of its own."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.listening_options import MemoryOption, WorkersOption, open_worker_pool
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca import JobAnswer


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("worker", "worker --workers 4", "worker --until-empty"))(worker)


def worker(
    workers: WorkersOption = None,
    memory_mb: MemoryOption = None,
    once: Annotated[bool, typer.Option("--once", help="End after one job, or at once where none waits.")] = False,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when no job waits any more.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what waits in the library's queue.

    It goes on until Ctrl-C or SIGTERM; a job that does not end within seconds then waits in the queue again. Another machine can help
    if it sees the same database, data folder and sounds.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.errors import RequestError
    from sonoteca.settings import load_server_settings, load_settings

    if once and until_empty:
        raise RequestError("--once and --until-empty are two different ends.", "Give one of them.")
    said = threading.Lock()

    def say(job: JobAnswer) -> None:
        with said:
            if as_json:
                print_json(job.as_json())
            else:
                error = job.job.error
                note(f"{job.job.kind} {job.id}: {job.job.state}" + ("" if error is None else f": {error['message']}"))

    with (
        open_named_library(library, mode="write") as opened,
        _ends_with_sigterm() as stop,
        open_worker_pool(workers, memory_mb) as listener,
    ):
        sonoteca.require_same_place(opened)
        listener.start(wait=False)
        answer = sonoteca.run_jobs(
            opened,
            listener,
            settings=sonoteca.queue_settings(load_settings(), load_server_settings()),
            stop=stop,
            until="one" if once else "empty" if until_empty else "stopped",
            on_end=say,
        )
    note(f"stopped: {answer.sentence()}" if stop.is_set() else answer.sentence())
    if answer.failed and (once or until_empty):
        raise typer.Exit(1)


@contextlib.contextmanager
def _ends_with_sigterm() -> Iterator[threading.Event]:
    """An event that SIGTERM sets, within; Ctrl-C stays what it is for every command."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        # Signals are the main thread's.
        yield stop
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
