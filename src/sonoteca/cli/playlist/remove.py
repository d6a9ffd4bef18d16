"""``sonoteca playlist remove``: take entries out of a playlist, or forget it."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.asking import confirm
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, counted, numbered, tell


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist remove friday 3 5", "playlist remove friday"))(remove)


def remove(
    name: NameArgument,
    entries: Annotated[
        list[str] | None,
        typer.Argument(metavar="ENTRY", help="Positions as `show` prints them, or sounds."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take entries out of a playlist, or forget the playlist.

    Without entries the playlist is forgotten; its sounds stay.

    All positions are those before the call. A sound means all its entries. Before a whole playlist goes you are
    asked; `sonoteca undo` brings back what went.
    """
    import sonoteca

    with open_named_library(library, mode="write") as opened:
        if entries:
            request = sonoteca.TakeFromPlaylistRequest(playlist=name, entries=entries)
            answer = sonoteca.take_from_playlist(opened, request)
            message = f"took out {numbered(answer.removed)}; {name!r} has {counted(answer.entries)} now"
            document = answer.as_json()
        else:
            # The rules of smart ones are counted for the question alone.
            count = {} if yes else {row.name: row.entries for row in sonoteca.list_playlists(opened).rows}
            if name in count:
                held = "" if count[name] is None else f" with {counted(count[name] or 0)}"
                confirm(f"Remove the playlist {name!r}{held}? Its sounds stay.", yes=yes)
            sonoteca.forget_playlist(opened, sonoteca.ForgetPlaylistRequest(playlist=name))
            message = f"playlist {name!r} removed"
            document = {"playlist": name, "entries": None, "removed": None}
    tell(message, document, as_json=as_json)
