"""``sonoteca mcp``: tools for an assistant, over standard input and output."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, LibraryOption, open_listener, open_named_library


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("mcp", "mcp --allow-edits"))(mcp)


def mcp(
    allow_edits: Annotated[
        bool, typer.Option("--allow-edits", help="Offer tools that change the library too; each change can be undone.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve an assistant on this computer (Model Context Protocol).

    The assistant's program starts it, and speaks to it over standard input and output.
    """
    import sonoteca

    sonoteca.serve_mcp(
        lambda: open_named_library(library, mode="write" if allow_edits else "read"),
        open_listener,
        allow_edits=allow_edits,
    )
