"""``sonoteca serve``: everything that the library answers, over HTTP."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import (
    DataDirOption,
    JsonOption,
    LibraryOption,
    analysis_settings,
    open_named_library,
)

_HELP = """Answer over HTTP, until Ctrl-C or SIGTERM.

The page to look at and listen to stands at /ui/, the documentation of all routes at /docs. Without a key only this machine may ask; at any other address a key is needed.
"""


def register(app: typer.Typer) -> None:
    app.command(
        help=_HELP,
        epilog=examples("serve", "serve --port 9000 --workers 4", "serve --host 0.0.0.0 --api-key read:LONG-SECRET"),
    )(serve)


def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Listen at this address. Default: 127.0.0.1, this machine.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, metavar="N", help="Listen at this port; 0 is any. Default: 8000.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=512, metavar="N", help="Listen to so many files at once. Default: one per processor."),
    ] = None,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[read:|write:]KEY",
            help="Who asks has to send this key; it may write unless read: stands before it. May be repeated. "
            "SONOTECA_API_KEYS keeps keys out of the list of processes.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Answer also when asked by this name. May be repeated.")
    ] = None,
    allowed_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Let pages of this origin ask, e.g. https://shop.example. May be repeated."),
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Let one key ask so often. Default: 6000.")
    ] = None,
    max_upload_mb: Annotated[
        int | None, typer.Option(min=1, metavar="MB", help="Take uploads up to this size. Default: 512.")
    ] = None,
    allow_edits: Annotated[
        bool, typer.Option("--allow-edits", help="Let assistants whose key may write change the library.")
    ] = False,
    events: Annotated[
        bool,
        typer.Option("--events", help="Keep what is asked and answered as events: no sound, nothing about persons."),
    ] = False,
    no_queue: Annotated[
        bool, typer.Option("--no-queue", help="Leave what waits in the queue to `sonoteca worker`.")
    ] = False,
    memory_mb: Annotated[
        int | None, typer.Option(min=200, metavar="MB", help="Let one worker use so much memory.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    import sonoteca
    from sonoteca.cli.output import print_json, write_out
    from sonoteca.settings import load_server_settings, load_settings

    settings = load_settings()
    server = load_server_settings(
        host=host,
        port=port,
        api_keys=api_key,
        allowed_hosts=allowed_host,
        allowed_origins=allowed_origin,
        requests_per_minute=requests_per_minute,
        max_upload_mb=max_upload_mb,
        allow_edits=allow_edits or None,
        events=events or None,
        run_queue=False if no_queue else None,
    )

    def say_ready(url: str) -> None:
        if as_json:
            print_json({"url": url, "page": f"{url}/ui/", "docs": f"{url}/docs"})
        else:
            write_out(
                f"Sonoteca answers at {url}: the page is {url}/ui/, the documentation {url}/docs; Ctrl-C stops it.\n"
            )

    with (
        open_named_library(library, mode="create") as opened,
        sonoteca.Listener(
            analysis_settings(settings),
            workers=workers or settings.workers,
            memory_mb=memory_mb or settings.memory_mb,
            start_method="forkserver" if sys.platform != "win32" else None,
        ) as listener,
    ):
        sonoteca.serve(opened, listener, server, queue=sonoteca.queue_settings(settings, server), on_ready=say_ready)
    # Somebody waits for the end: looking at all objects once more, as Python does last, takes a second.
    gc.freeze()
