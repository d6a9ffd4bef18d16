"""``sonoteca events export``: what was asked and chosen, as JSON Lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def export(
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only events since then: 7d, today, 2026-11-20.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write this file; it is replaced. Default: the screen."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what was asked and chosen as JSON Lines.

    Searches and matches are kept only where a server was told to; what was accepted and rejected always is.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="read") as opened:
        if output is None:
            for line in sonoteca.event_lines(opened, sonoteca.EventsRequest(since=since)):
                sys.stdout.write(f"{line}\n")
            return
        answer = sonoteca.export_events(opened, sonoteca.EventExportRequest(since=since, output=output))
    if as_json:
        print_json(answer.as_json())
    else:
        note(f"wrote {output}: {answer.events} events")
