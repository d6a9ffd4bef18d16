"""``sonoteca arrange``: make an arrangement of the library's loops."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library, remember_library
from sonoteca.cli.weights import WeightsOption, weights_text


def make(
    context: typer.Context,
    around: Annotated[
        str | None,
        typer.Option("--around", metavar="SOUND", help="Grow from this loop: it plays, and its tempo and key hold."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(metavar="NAME:BARS,...", help="Have these sections; NAME:BARS:ROLE+ROLE says what plays."),
    ] = None,
    roles: Annotated[
        str | None, typer.Option(metavar="ROLE,...", help="Let these play. Default: drums,bass,harmony,melody.")
    ] = None,
    bpm: Annotated[
        float | None,
        typer.Option(metavar="BPM", help="Play at this tempo. Default: that of --around, else what suits most loops."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Play in 'F# minor', 'F#m' or '11A'. Default: as for the tempo.")
    ] = None,
    beats_per_bar: Annotated[
        int | None, typer.Option(metavar="N", help="Count so many felt beats in a bar. Default: as --around, or 4.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--filter", "-f", metavar="QUERY", help="Take only loops that QUERY finds.")
    ] = None,
    must: Annotated[
        list[str] | None, typer.Option(metavar="SOUND", help="Let this loop play; may be repeated.")
    ] = None,
    max_stretch: Annotated[
        float, typer.Option(min=0, max=25, metavar="PERCENT", help="Stretch no loop by more.")
    ] = 25.0,
    max_shift: Annotated[int, typer.Option(min=0, max=6, metavar="SEMITONES", help="Shift no loop by more.")] = 6,
    seed: Annotated[
        str | None, typer.Option("--seed", metavar="NUMBER", help="Choose otherwise with another number.")
    ] = None,
    random_seed: Annotated[int | None, typer.Option("--random-seed", min=0, max=2**31 - 1, hidden=True)] = None,
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="Call it so.")] = None,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a piece from the loops of the library, and keep it.

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

    number, old_around = _seed(seed)
    request = sonoteca.ArrangeRequest(
        seed=around or old_around,
        form=form or None,
        roles=roles,
        bpm=bpm,
        key=key,
        beats_per_bar=beats_per_bar,
        filter=filter_text(only),
        must=tuple(must or ()),
        max_stretch=max_stretch,
        max_shift=max_shift,
        random_seed=random_seed if random_seed is not None else number,
        title=title,
        weights=weights_text(weights),
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.make_arrangement(opened, request)
    print_arrangement(answer, as_json=as_json)


def _seed(option: str | None) -> tuple[int, str | None]:
    """What --seed says: a number; or, as it once did, the sound to grow from.

    >>> _seed("7"), _seed("break96.wav"), _seed(None)
    ((7, None), (0, 'break96.wav'), (0, None))
    """
    if option is None:
        return 0, None
    # A whole id can be all digits; a seed has no more than ten.
    return (int(option), None) if option.isdecimal() and int(option) < 2**31 else (0, option)


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
