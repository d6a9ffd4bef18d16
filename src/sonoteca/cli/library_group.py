"""``sonoteca library check|backup|restore|upgrade|map``: the library as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli import library_map
from sonoteca.cli.options import (
    JsonOption,
    LibraryOption,
    YesOption,
    library_location,
    open_named_library,
)

group = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check, back up, restore, upgrade or map the library."
)


def register(app: typer.Typer) -> None:
    library_map.register(group)
    app.add_typer(group, name="library")


@group.command()
def check(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Read the whole library and say what is wrong with it; changes nothing."""
    from sonoteca.cli.output import print_json, print_pairs, print_table
    from sonoteca.upkeep.check import check as check_library

    with open_named_library(library, mode="read") as opened:
        report = check_library(opened)
    if as_json:
        findings = [{"code": f.code, "message": f.message, "remedy": f.remedy} for f in report.findings]
        print_json({"ok": report.is_whole, "rows": report.counts, "findings": findings})
    elif report.is_whole:
        print_pairs(report.counts)
        print_pairs({"result": "the library is whole"})
    else:
        print_table(["code", "what is wrong", "remedy"], [(f.code, f.message, f.remedy) for f in report.findings])
    if not report.is_whole:
        raise typer.Exit(1)


@group.command()
def backup(
    target: Annotated[
        Path | None, typer.Argument(help="File to write; default: a dated one in LIBRARY.d/backups.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the library, in use or not, and verify the copy."""
    from sonoteca.catalogue.store.backup import backup_file, copy_library
    from sonoteca.cli.output import note, print_json
    from sonoteca.errors import RequestError

    with open_named_library(library, mode="read") as opened:
        if opened.path is None or opened.data_dir is None:
            raise RequestError("A PostgreSQL library is backed up by its server.", "Use pg_dump.")
        path, folder = opened.path, opened.data_dir / "backups"
    if target is None:
        target = backup_file(path, folder)
    else:
        copy_library(path, target)
    if as_json:
        print_json({"backup": str(target), "bytes": target.stat().st_size})
    else:
        note(f"backup written and verified: {target}")


@group.command()
def restore(
    source: Annotated[Path | None, typer.Argument(help="Backup to restore; default: the newest.")] = None,
    library: LibraryOption = None,
    yes: YesOption = False,
) -> None:
    """Put a backup in the place of the library; what was there before is kept beside the backups."""
    from sonoteca.catalogue.store.backup import list_backups
    from sonoteca.catalogue.store.backup import restore as restore_file
    from sonoteca.catalogue.store.library import is_url, library_file
    from sonoteca.cli.output import note
    from sonoteca.errors import LibraryMissing, RequestError
    from sonoteca.settings import load_settings

    location = library_location(library, load_settings())
    if is_url(location):
        raise RequestError("A PostgreSQL library is restored by its server.", "Use pg_restore.")
    path = library_file(location)
    folder = path.with_name(path.name + ".d") / "backups"
    if source is None:
        backups = list_backups(folder, path.suffix)
        if not backups:
            raise LibraryMissing(f"There is no backup in {folder}.", "Name the backup file.")
        source = backups[0]
    if not yes and path.exists():
        typer.confirm(f"Replace {path} with {source}?", abort=True, err=True)
    kept = restore_file(path, source, folder)
    note(f"restored {path} from {source}" + (f"; the former state is {kept}" if kept else ""))


@group.command()
def upgrade(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Also derive summaries and words anew.")] = False,
    library: LibraryOption = None,
) -> None:
    """Bring an older library to this version, after a backup."""
    from sonoteca.catalogue.heard.summaries import rebuild as rebuild_summaries
    from sonoteca.catalogue.store.schema import REVISION
    from sonoteca.cli.output import note

    with open_named_library(library, mode="write") as opened:
        if rebuild:
            with opened.write() as connection:
                count = rebuild_summaries(connection)
            note(f"derived the summaries of {count} sounds anew")
        note(f"{opened.location} is at schema {REVISION}")
