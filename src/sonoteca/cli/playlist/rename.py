"""``sonoteca playlist rename``: call a playlist otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, tell


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist rename friday saturday"))(rename)


def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a playlist another name."""
    import sonoteca

    with open_named_library(library, mode="write") as opened:
        sonoteca.rename_playlist(opened, sonoteca.RenamePlaylistRequest(playlist=name, new_name=new_name))
    tell(f"playlist {name!r} is called {new_name!r} now", {"playlist": new_name, "renamed_from": name}, as_json=as_json)
