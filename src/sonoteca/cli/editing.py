"""``sonoteca edit``, ``undo`` and ``remove``: what a person says about sounds, and taking them out."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import JsonOption, LibraryOption, YesOption, open_named_library

QueryArgument = Annotated[list[str], typer.Argument(metavar="QUERY", help="Which sounds; see `sonoteca list --help`.")]
_ASK_ABOVE = 1


def register(app: typer.Typer) -> None:
    app.command()(edit)
    app.command()(undo)
    app.command()(remove)


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
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct values and tags of all sounds that QUERY finds; they stay whatever is analysed later.

    none says that a sound has no such value, auto takes a correction back. `sonoteca undo` takes back a whole edit.
    """
    from sonoteca.catalogue.identity.sounds import whole_regions
    from sonoteca.catalogue.made.edit import edit as edit_regions
    from sonoteca.catalogue.made.edit import parse_statements
    from sonoteca.cli.output import note, print_json
    from sonoteca.errors import RequestError
    from sonoteca.search.selection import select_sounds

    statements = parse_statements(bpm=bpm, key=key, kind=kind, role=role, rating=rating)
    add_tags, remove_tags = _tags(tag or [])
    if not statements and not add_tags and not remove_tags:
        raise RequestError(
            "Nothing to change was given.", "Give at least one of --bpm --key --kind --role --rating --tag."
        )
    with open_named_library(library, mode="write") as opened:
        with opened.read() as connection:
            chosen = select_sounds(connection, query_text(query))
        if len(chosen) > _ASK_ABOVE and not yes and not as_json:
            typer.confirm(f"Edit {len(chosen)} sounds?", abort=True, err=True)
        with opened.write() as connection:
            wholes = whole_regions(connection, chosen)
            batch = edit_regions(
                connection, sorted(wholes.values()), statements, add_tags=add_tags, remove_tags=remove_tags
            )
    if as_json:
        print_json({"found": len(chosen), "changed": batch.changed, "batch": batch.number or None})
    else:
        note(f"changed {batch.changed} of {len(chosen)} sounds; `sonoteca undo` takes it back")


def _tags(words: list[str]) -> tuple[list[str], list[str]]:
    add: list[str] = []
    remove: list[str] = []
    for word in words:
        (remove if word.startswith("-") else add).append(word.lstrip("+-") if word[:1] in ("+", "-") else word)
    return add, remove


def undo(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Take back the last edit that was not taken back yet."""
    from sonoteca.catalogue.made.edit import undo as undo_last
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        batch = undo_last(connection)
    if as_json:
        print_json({"changed": batch.changed if batch else 0, "batch": batch.number if batch else None})
    elif batch is None:
        note("there is no edit to take back")
    else:
        note(f"took back edit {batch.number}: {batch.changed} sounds are as they were")


def remove(
    query: QueryArgument, library: LibraryOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Forget all sounds that QUERY finds, with their analysis and edits. Files on disk are never touched."""
    from sonoteca.catalogue.identity.remove import remove_sounds
    from sonoteca.cli.output import note, print_json
    from sonoteca.search.selection import select_sounds

    with open_named_library(library, mode="write") as opened:
        with opened.read() as connection:
            chosen = select_sounds(connection, query_text(query))
        if chosen and not yes:
            typer.confirm(f"Forget {len(chosen)} sounds? The files stay where they are.", abort=True, err=True)
        with opened.write() as connection:
            removed = remove_sounds(connection, chosen)
    if as_json:
        print_json({"found": len(chosen), "removed": removed})
    else:
        note(f"forgot {removed} sounds; their files are untouched")
