"""``sonoteca retry``: what failed gets another chance."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.listening_options import (
    FailedLogOption,
    MemoryOption,
    TimeoutOption,
    WorkersOption,
    end,
    open_worker_pool,
)
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("retry", "retry timeout --timeout-s 600"))(retry)


def retry(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="CODES", help="Only failures with these codes, e.g. timeout crash.")
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    failed_log: FailedLogOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Listen again to what failed.

    A larger --timeout-s or --memory-mb gives a file another chance.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.cli.progress import ProgressBar

    request = sonoteca.RetryRequest(codes=tuple(codes or ()), timeout_s=timeout_s, failed_log=failed_log)
    with (
        open_named_library(library, mode="write") as opened,
        ProgressBar(quiet=as_json) as progress,
        open_worker_pool(workers, memory_mb) as listener,
    ):
        answer = sonoteca.retry(opened, request, listener=listener, progress=progress)
    if as_json:
        print_json(answer.as_json())
    elif not answer.found and not answer.interrupted:
        note("Nothing has failed: there is nothing to try again.")
        return
    end(answer)
