"""``sonoteca similar``: what sounds like this."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.options import (
    CountOption,
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    open_listener,
    open_named_library,
)


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    sounds: Annotated[
        list[str],
        typer.Argument(
            metavar="SOUND|FILE...", help="Ids, unique prefixes, paths, external:ID, or files not in the library."
        ),
    ],
    count: CountOption = 10,
    minus: Annotated[list[str] | None, typer.Option(help="A sound to be unlike; may be repeated.")] = None,
    aspects: Annotated[
        str | None, typer.Option(help="Weights, e.g. timbre=1,rhythm=0.5,harmony=0; 1 where not named.")
    ] = None,
    only: FilterOption = None,
    region: Annotated[
        int, typer.Option("--within", min=0, help="Compare with this region of the sound, not the whole.")
    ] = 0,
    max_per_file: Annotated[int | None, typer.Option(min=1, help="At most so many answers from one sound.")] = None,
    max_per_artist: Annotated[int | None, typer.Option(min=1, help="At most so many answers by one artist.")] = None,
    collapse: Annotated[bool, typer.Option("--collapse", help="Show near-duplicates once.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank regions of the library by how much they sound like the examples, and say which moment does."""
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, print_results
    from sonoteca.cli.output import print_json

    request = sonoteca.SimilarRequest(
        sounds=sounds,
        minus=minus or (),
        aspects=aspects or None,
        filter=filter_text(only),
        k=count,
        region=region,
        max_per_file=max_per_file,
        max_per_artist=max_per_artist,
        collapse=collapse,
    )
    with open_named_library(library, mode="read") as opened, open_listener() as listener:
        answer = sonoteca.find_similar(opened, request, listener=listener)
        ids = ids_of(opened, answer.rows)
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, ids, notes=answer.notes)
