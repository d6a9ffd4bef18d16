"""``sonoteca import csv``: what a shop says of its sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command()(csv)


def csv(
    file: Annotated[Path, typer.Argument(help="With a header; comma, semicolon or tab between cells.")],
    match: Annotated[
        Literal["path", "id", "external"] | None,
        typer.Option(help="What says which sound a row is about; default: the first that is a column."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Default: UTF-16 if it is marked so, else UTF-8.")] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a shop's facts, one row a sound: external_id, title, price, currency, url.

    A column path, id or external_id says which sound a row is about. Empty cells change nothing; rows that cannot be
    used are named by their line, and the others are kept.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_table

    request = sonoteca.ShopCsvRequest(file=file, match=match, encoding=encoding)
    with open_named_library(library, mode="write") as opened:
        done = sonoteca.import_shop_csv(opened, request)
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
