"""``sonoteca playlist add``, ``remove`` and ``move``: the entries of a playlist."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlists import NameArgument, counted, group, named_repeats, numbered, resolved_entries, tell


def register(app: typer.Typer) -> None:
    """Adds words to the group that ``playlists`` registers."""
    for command in (add, remove, move):
        group.command()(command)


def add(
    name: NameArgument,
    sounds: Annotated[list[str], typer.Argument(metavar="SOUND", help="Ids, unique prefixes, paths, external:ID.")],
    at: Annotated[
        int | None, typer.Option("--at", min=1, metavar="POSITION", help="Where the first of them stands; else last.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put sounds at the end of a playlist, or at a position: what stood there comes after them."""
    from sonoteca.catalogue.made.playlist_edits import insert_entries

    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        new = resolved_entries(connection, sounds)
        entries = insert_entries(connection, name, new, at=at).entries
        first = len(entries) - len(new) + 1 if at is None else at
        added = range(first, first + len(new))
        twice = named_repeats(connection, entries, added)
    tell(
        f"added at {numbered(added)}; {name!r} has {counted(len(entries))} now",
        {"playlist": name, "entries": len(entries), "added": list(added), "repeats": twice},
        as_json=as_json,
    )


def remove(
    name: NameArgument,
    entries: Annotated[
        list[str] | None,
        typer.Argument(metavar="ENTRY", help="Positions as `show` prints them, or sounds; none: the playlist."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take entries out of a playlist; without any, forget the playlist. Its sounds stay.

    All positions are those before the call. A sound means all its entries.
    """
    from sonoteca.catalogue.made.playlist_edits import get_plain_playlist, named_positions, take_entries
    from sonoteca.catalogue.made.playlists import remove_playlist

    document: dict[str, Any]
    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        if entries:
            before = get_plain_playlist(connection, name)
            positions = named_positions(connection, before, entries)
            left = len(take_entries(connection, name, positions).entries)
            message = f"took out {numbered(positions)}; {name!r} has {counted(left)} now"
            document = {"playlist": name, "entries": left, "removed": positions}
        else:
            remove_playlist(connection, name)
            message = f"playlist {name!r} removed"
            document = {"playlist": name, "entries": None, "removed": None}
    tell(message, document, as_json=as_json)


def move(
    name: NameArgument,
    position: Annotated[int, typer.Argument(metavar="FROM", min=1, help="The entry at this position.")],
    to: Annotated[int, typer.Argument(metavar="TO", min=1, help="Where it stands afterwards.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move an entry; those between make room."""
    from sonoteca.catalogue.made.playlist_edits import move_entry

    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        count = len(move_entry(connection, name, position, to).entries)
    tell(
        f"moved {position} to {to} in {name!r}",
        {"playlist": name, "entries": count, "from": position, "to": to},
        as_json=as_json,
    )
