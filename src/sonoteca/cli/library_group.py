"""``sonoteca library check|backup|restore|upgrade|map``: the library as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import (
    FilterOption,
    JsonOption,
    LibraryOption,
    YesOption,
    library_location,
    open_named_library,
)

MapMethod = Literal["pca", "umap", "tsne"]
group = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check, back up, restore, upgrade or map the library."
)


def register(app: typer.Typer) -> None:
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


@group.command(name="map")
def map_(
    method: Annotated[
        MapMethod | None,
        typer.Option(help="Default: that of the map there is; for the first one tsne if installed, else pca."),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit anew to all sounds of today: every place changes.")
    ] = False,
    only: FilterOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a picture: a file ending in .svg.")
    ] = None,
    colour: Annotated[
        Literal["kind", "role", "class", "key"], typer.Option(help="What the dots of the picture are coloured by.")
    ] = "role",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay out all regions on a plane: what sounds alike is near. New sounds get a place, the others keep theirs."""
    from sonoteca.cli.map_picture import map_svg
    from sonoteca.cli.output import messages, note, print_json
    from sonoteca.errors import FileUnreadable, RequestError
    from sonoteca.search.map.sound_map import draw_map, read_map
    from sonoteca.search.selection import region_selection
    from sonoteca.whole_file import write_whole

    if output is not None and output.suffix.lower() != ".svg":
        raise RequestError(f"{output.name} is not the name of an SVG picture.", "Let it end in .svg.")
    with open_named_library(library, mode="write") as opened, messages().status("laying out the map"):
        drawn = draw_map(opened, method=method, refit=refit)
        with opened.read() as connection:
            chosen = region_selection(connection, query_text([only])) if only else None
            found = read_map(connection, method=drawn.method, only=chosen)
    if as_json:
        print_json(found.as_json({"filter": only}))
    if output is not None:
        try:
            write_whole(output, map_svg(found.points, coloured_by=colour).encode())
        except OSError as error:
            raise FileUnreadable(f"{output} cannot be written ({error.strerror}).", "Name another place.") from error
        note(f"picture of {len(found.points)} regions written: {output}")
    if drawn.is_new:
        note(f"map fitted to {found.fitted_to} regions by {drawn.method}")
    else:
        note(
            f"map by {drawn.method} of {found.fitted_at[:10]}: {drawn.placed} regions were new, the others kept their places"
        )
    if found.fitted_to * 2 < len(found.points):
        note(
            f"it was fitted to {found.fitted_to} regions, and there are more than twice as many now: --refit moves all of them"
        )
