"""``sonoteca arrange export``: write an arrangement for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import sonoteca
from sonoteca.cli.arrange.arguments import IdArgument
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def export(
    arrangement: IdArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Write this file; it is replaced if it exists.")
    ],
    format: Annotated[
        sonoteca.ExportFormat | None, typer.Option(help="Write this format. Default: what the suffix of FILE says.")
    ] = None,
    embed: Annotated[bool, typer.Option("--embed", help="Put the sounds into a dawproject file.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an arrangement for another program.

    dawproject: tracks, clips, warps, tempo and markers for Bitwig Studio, Cubase, Studio One. midi-markers: grid and
    form for any program with a timeline. json: everything, to be read again by `arrange import`.
    """
    from sonoteca.cli.output import note, print_json

    request = sonoteca.ArrangementExportRequest(arrangement=arrangement, output=str(output), format=format, embed=embed)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.export_arrangement(opened, request)
    if as_json:
        print_json(answer.as_json())
        return
    for sentence in answer.missing:
        note(f"missing: {sentence}")
    note(f"wrote {output} ({answer.n_bytes / 1024:.0f} kB)")
