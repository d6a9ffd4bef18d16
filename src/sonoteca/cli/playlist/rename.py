"""``sonoteca playlist rename``: call a playlist otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, tell


def register(group: typer.Typer) -> None:
    group.command()(rename)


def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Call a playlist otherwise."""
    import sonoteca

    with open_named_library(library, mode="write") as opened:
        sonoteca.rename_playlist(opened, sonoteca.RenamePlaylistRequest(playlist=name, new_name=new_name))
    tell(f"playlist {name!r} is called {new_name!r} now", {}, as_json=False)
