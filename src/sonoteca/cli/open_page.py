"""``sonoteca open``: the page in the browser, and the server behind it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, analysis_settings, open_named_library

_HELP = """Open the library in the browser, until Ctrl-C or SIGTERM.

Only this machine can see it. For other machines there is `serve`, with a key.
"""


def register(app: typer.Typer) -> None:
    app.command(name="open", help=_HELP, epilog=examples("open", "open --port 9000", "open --no-browser"))(open_page)


def open_page(
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, metavar="N", help="Listen at this port; 0 is any. Default: 8000.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=512, metavar="N", help="Listen to so many files at once. Default: one per processor."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Say the address and open nothing.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    import webbrowser

    import sonoteca
    from sonoteca.cli.output import print_json, write_out
    from sonoteca.errors import AddressUnusable
    from sonoteca.settings import load_server_settings, load_settings

    settings = load_settings()
    server = load_server_settings(host="127.0.0.1", port=port)

    def open_browser(url: str) -> None:
        page = f"{url}/ui/"
        if as_json:
            print_json({"url": url, "page": page})
        else:
            write_out(f"The library is at {page}; Ctrl-C closes it.\n")
        if not no_browser:
            webbrowser.open(page)

    with (
        open_named_library(library, mode="create") as opened,
        sonoteca.Listener(
            analysis_settings(settings),
            workers=workers or settings.workers,
            memory_mb=settings.memory_mb,
            start_method="forkserver" if sys.platform != "win32" else None,
        ) as listener,
    ):
        queue = sonoteca.queue_settings(settings, server)
        try:
            sonoteca.serve(opened, listener, server, queue=queue, on_ready=open_browser)
        except AddressUnusable:
            if port is not None:
                raise
            # Another library may be open at the usual port.
            beside = server.model_copy(update={"port": 0})
            sonoteca.serve(opened, listener, beside, queue=queue, on_ready=open_browser)
