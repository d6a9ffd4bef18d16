"""``sonoteca import csv``: what a shop says of its sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("import csv shop.csv"))(csv)


def csv(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A table with a header; comma, semicolon or tab between cells.")
    ],
    match: Annotated[
        Literal["path", "id", "external"] | None,
        typer.Option(help="Find the sound of a row by this column. Default: the first there is."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Read the file in this encoding. Default: UTF-16 if marked so, else UTF-8."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over what a shop says of its sounds.

    One row is one sound: external_id, title, price, currency, url. A column path, id or external_id says which sound a row is about. Empty cells change nothing; rows that cannot be
    used are named by their line, and the others are kept.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_json, print_table

    request = sonoteca.ShopCsvRequest(file=file, match=match, encoding=encoding)
    with open_named_library(library, mode="write") as opened:
        done = sonoteca.import_shop_csv(opened, request)
    if as_json:
        print_json(done.as_json())
    else:
        if done.bad:
            print_table([("line", "right"), "why it was left out"], [(each.line, each.message) for each in done.bad])
        for each in done.moved:
            note(f"{each.external_id} moved from {each.former_name} to {each.now_name}; the former has no number now")
        if done.unread_columns:
            note(f"columns that were not read: {', '.join(done.unread_columns)}")
        note(
            f"{counted(done.rows, 'row')}: {counted(done.changed, 'sound')} changed, {done.unchanged} as before, "
            f"{counted(len(done.bad), 'row')} left out"
            if done.rows
            else "The table has no rows."
        )
    if done.bad:
        raise typer.Exit(1)
