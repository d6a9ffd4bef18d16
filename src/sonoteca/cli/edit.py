"""``sonoteca edit``: what a person says about sounds."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library

QueryArgument = Annotated[list[str], typer.Argument(metavar="QUERY", help="Which sounds; see `sonoteca list --help`.")]

_ASK_ABOVE = 1


def register(app: typer.Typer) -> None:
    app.command()(edit)


def edit(
    query: QueryArgument,
    bpm: Annotated[str | None, typer.Option(help="Tempo in beats per minute, none, or auto.")] = None,
    key: Annotated[str | None, typer.Option(help="'F# minor', 'F#m', '11A', none, or auto.")] = None,
    kind: Annotated[str | None, typer.Option(help="track, loop, one_shot, field_recording, none, or auto.")] = None,
    role: Annotated[
        str | None, typer.Option(help="drums, bass, harmony, melody, vocal, fx, mix, none, or auto.")
    ] = None,
    rating: Annotated[str | None, typer.Option(help="0 to 5, none, or auto.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="+a adds the tag a, -b takes b away: --tag +a -b.")] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct values and tags of all sounds that QUERY finds; they stay whatever is analysed later.

    none says that a sound has no such value, auto takes a correction back. `sonoteca undo` takes back a whole edit.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    def ask(found: int) -> None:
        if found > _ASK_ABOVE and not yes and not as_json:
            typer.confirm(f"Edit {found} sounds?", abort=True, err=True)

    request = sonoteca.EditRequest(
        query=query_text(query), bpm=bpm, key=key, kind=kind, role=role, rating=rating, tags=tag or ()
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.edit(opened, request, approve=ask)
    if as_json:
        print_json(answer.as_json())
    else:
        note(f"changed {answer.changed} of {answer.found} sounds; `sonoteca undo` takes it back")
