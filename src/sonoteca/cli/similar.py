"""``sonoteca similar``: what sounds like this."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import (
    CountOption,
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    OffsetOption,
    open_listener,
    open_named_library,
)


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("similar ~/Samples/break96.wav -k 5", "similar one.wav --weights timbre=1,rhythm=0"))(
        similar
    )


def similar(
    sounds: Annotated[
        list[str],
        typer.Argument(
            metavar="SOUND|FILE", help="Ids, unique prefixes, paths, external:ID, or files not in the library."
        ),
    ],
    count: CountOption = 10,
    offset: OffsetOption = 0,
    minus: Annotated[
        list[str] | None, typer.Option(metavar="SOUND", help="Be unlike this sound; may be repeated.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="FILE|name=number,...",
            help="Let aspects count otherwise, e.g. timbre=1,rhythm=0.5,harmony=0; 1 where not named.",
        ),
    ] = None,
    aspects: Annotated[str | None, typer.Option("--aspects", hidden=True)] = None,
    only: FilterOption = None,
    region: Annotated[
        int, typer.Option("--within", min=0, metavar="N", help="Compare with this region of the sound, not the whole.")
    ] = 0,
    max_per_file: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Give at most so many answers from one sound.")
    ] = None,
    max_per_artist: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Give at most so many answers by one artist.")
    ] = None,
    collapse: Annotated[bool, typer.Option("--collapse", help="Show sounds once that are almost alike.")] = False,
    copies: Annotated[
        bool, typer.Option("--copies", help="Show other encodings of one recording too, each in a row of its own.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what sounds like these sounds, and at which moment."""
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, note_rest, print_results
    from sonoteca.cli.output import print_json
    from sonoteca.cli.weights import weights_of_aspects

    request = sonoteca.SimilarRequest(
        sounds=sounds,
        minus=minus or (),
        aspects=weights_of_aspects(weights or aspects),
        filter=filter_text(only),
        k=count,
        offset=offset,
        region=region,
        max_per_file=max_per_file,
        max_per_artist=max_per_artist,
        collapse=collapse,
        copies=copies,
    )
    with open_named_library(library, mode="read") as opened, open_listener() as listener:
        answer = sonoteca.find_similar(opened, request, listener=listener)
        ids = {} if as_json else ids_of(opened, answer.rows)
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, ids, notes=answer.notes, empty="" if offset else "No sound answers.")
        note_rest(answer)
