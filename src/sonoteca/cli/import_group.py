"""``sonoteca import csv|melodies|midi``: what other programs know, and tunes that were never sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Take over what other programs know.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="import")


@group.command()
def melodies(
    file: Annotated[Path, typer.Argument(help="JSON, gzipped or not.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a list of melodies: {"songs": {ID: [[onset ms, duration ms, MIDI pitch], ...]}}."""
    from sonoteca.catalogue.made.melodies import import_melodies
    from sonoteca.cli.output import note, print_json
    from sonoteca.interchange.melody_list import read_melody_list

    found = read_melody_list(file)
    with open_named_library(library, mode="create") as opened, opened.write() as connection:
        new = import_melodies(connection, found, "melody_list")
    if as_json:
        print_json({"found": len(found), "new": new})
    else:
        note(f"{len(found)} melodies, {new} of them new")


@group.command()
def midi(
    paths: Annotated[list[Path], typer.Argument(help="MIDI files, and folders of them.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import the melody of each MIDI file: the track named so, else the most melodic voice."""
    from sonoteca.catalogue.made.melodies import import_melodies
    from sonoteca.cli.output import note, print_error, print_json
    from sonoteca.errors import SonotecaError
    from sonoteca.interchange.midi import SUFFIXES, read_midi_melody

    files = [
        file
        for path in paths
        for file in (sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path])
    ]
    found, without, failures = [], 0, []
    for file in files:
        try:
            melody = read_midi_melody(file)
        except SonotecaError as error:
            failures.append({"path": str(file), "code": error.code, "message": error.message})
            if not as_json:
                print_error(error)
            continue
        if melody is None:
            without += 1
        else:
            found.append(melody)
    with open_named_library(library, mode="create") as opened, opened.write() as connection:
        new = import_melodies(connection, found, "midi")
    if as_json:
        print_json({"files": len(files), "melodies": len(found), "new": new, "without": without, "failures": failures})
    else:
        note(
            f"{len(files)} files: {len(found)} melodies, {new} of them new, {without} without a tune, {len(failures)} failed"
        )
    if failures:
        raise typer.Exit(1)


@group.command()
def csv(
    file: Annotated[Path, typer.Argument(help="With a header; comma, semicolon or tab between cells.")],
    match: Annotated[
        Literal["path", "id", "external"] | None,
        typer.Option(help="What says which sound a row is about; default: the first that is a column."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Default: UTF-16 if it is marked so, else UTF-8.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a shop's facts, one row a sound: external_id, title, price, currency, url.

    A column path, id or external_id says which sound a row is about. Empty cells change nothing; rows that cannot be
    used are named by their line, and the others are kept.
    """
    from sonoteca.cli.output import note, print_json, print_table
    from sonoteca.interchange.shop_csv import import_shop_csv

    with open_named_library(library, mode="write") as opened:
        done = import_shop_csv(opened, file, named_by=match, encoding=encoding)
    if as_json:
        print_json(done.as_json())
    else:
        if done.bad:
            print_table([("line", "right"), "why it was left out"], [(each.line, each.message) for each in done.bad])
        if done.unread_columns:
            note(f"columns that were not read: {', '.join(done.unread_columns)}")
        note(
            f"{done.rows} rows: {done.changed} sounds changed, {done.unchanged} as before, {len(done.bad)} rows left out"
        )
    if done.bad:
        raise typer.Exit(1)
