"""``sonoteca playlist show``: what a playlist holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, counted, rule_text

if TYPE_CHECKING:
    from sonoteca import PlaylistEntryRow


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist show friday", "playlist show friday -o friday.m3u8"))(show)


def show(
    name: NameArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write the playlist as M3U.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the entries of a playlist, or write them to a file."""
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_table

    request = sonoteca.ShowPlaylistRequest(playlist=name, output=output)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.show_playlist(opened, request)
    if output is not None:
        note(f"{counted(len(answer.rows))} written to {output}")
    if as_json:
        print_json(answer.as_json())
    elif output is None:
        rows = [(row.position, str(row.entry.state), _called(row)) for row in answer.rows]
        print_table([("", "right"), "state", "sound"], rows)
        if answer.rule is not None:
            note(f"smart: {rule_text(answer.rule.query, answer.rule.limit)}, {counted(len(rows))} now")
        elif not rows:
            note(f"{name!r} has no entries yet")


def _called(row: PlaylistEntryRow) -> str:
    """Where it is, or what it is called and why it is nowhere."""
    if row.absence is None:
        return row.entry.path or row.entry.name
    names = [each for each in (row.artist, row.title) if each]
    return f"{' - '.join(names) or row.entry.name} ({row.absence})"
