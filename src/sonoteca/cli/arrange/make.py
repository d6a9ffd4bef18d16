"""``sonoteca arrange``: make an arrangement of the library's loops."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library, remember_library
from sonoteca.cli.weights import WeightsOption, weights_text


def make(
    context: typer.Context,
    seed: Annotated[
        str | None,
        typer.Option(metavar="SOUND", help="Grow from this loop: it plays, and its tempo and key hold."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(help="Sections as NAME:BARS or NAME:BARS:ROLE+ROLE; default intro:8,verse:16,chorus:16,outro:8."),
    ] = None,
    roles: Annotated[str | None, typer.Option(help="What plays; default drums,bass,harmony,melody.")] = None,
    bpm: Annotated[float | None, typer.Option(help="Tempo; default the seed's, else what suits most loops.")] = None,
    key: Annotated[str | None, typer.Option(help="'F# minor', 'F#m', '11A'; default as for the tempo.")] = None,
    beats_per_bar: Annotated[int | None, typer.Option(help="Felt beats in a bar; default the seed's or 4.")] = None,
    only: Annotated[str | None, typer.Option("--filter", "-f", help="Only loops that this query finds.")] = None,
    must: Annotated[
        list[str] | None, typer.Option(metavar="SOUND", help="A loop that has to play; may be repeated.")
    ] = None,
    max_stretch: Annotated[float, typer.Option(min=0, max=25, help="Percent of tempo change a loop may take.")] = 25.0,
    max_shift: Annotated[int, typer.Option(min=0, max=6, help="Semitones a loop may be shifted.")] = 6,
    random_seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another number, another choice.")] = 0,
    title: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an arrangement from the loops of the library, keep it, and print it.

    Loops are chosen per role and section by how well they match, stretched and shifted to one tempo and key, and
    laid on a bar grid. The words below open, change, render and export what was made.
    """
    if context.invoked_subcommand is not None:
        _refuse_wishes(context)
        if library is not None:
            remember_library(library)
        return
    import sonoteca
    from sonoteca.cli.arrange.table import print_arrangement

    request = sonoteca.ArrangeRequest(
        seed=seed,
        form=form or None,
        roles=roles,
        bpm=bpm,
        key=key,
        beats_per_bar=beats_per_bar,
        filter=filter_text(only),
        must=tuple(must or ()),
        max_stretch=max_stretch,
        max_shift=max_shift,
        random_seed=random_seed,
        title=title,
        weights=weights_text(weights),
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.make_arrangement(opened, request)
    print_arrangement(answer, as_json=as_json)


def _refuse_wishes(context: typer.Context) -> None:
    """Raise RequestError for a wish before another word, where it would be lost."""
    from sonoteca.errors import RequestError

    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in ("library", "data_dir") and source is not None and source.name == "COMMANDLINE":
            option = {"only": "filter", "as_json": "json"}.get(name, name).replace("_", "-")
            word = context.invoked_subcommand
            raise RequestError(
                f"--{option} before {word} would be lost.", f"Write it after {word}, or leave {word} out."
            )
