"""``sonoteca playlist add``: put sounds into a playlist."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, counted, numbered, tell


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist add friday now.mp3", "playlist add friday now.mp3 --at 3"))(add)


def add(
    name: NameArgument,
    sounds: Annotated[list[str], typer.Argument(metavar="SOUND", help="Ids, unique prefixes, paths, or external:ID.")],
    at: Annotated[
        int | None,
        typer.Option("--at", min=1, metavar="POSITION", help="Put the first of them there. Default: the end."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put sounds at the end of a playlist, or at a position.

    What stood at that position comes after them.
    """
    import sonoteca

    request = sonoteca.AddToPlaylistRequest(playlist=name, sounds=sounds, at=at)
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.add_to_playlist(opened, request)
    tell(
        f"added at {numbered(answer.added)}; {name!r} has {counted(answer.entries)} now",
        answer.as_json(),
        as_json=as_json,
        repeats=answer.repeats,
    )
