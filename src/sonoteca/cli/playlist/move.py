"""``sonoteca playlist move``: let an entry stand elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, tell


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist move friday 7 2"))(move)


def move(
    name: NameArgument,
    position: Annotated[int, typer.Argument(metavar="FROM", min=1, help="The entry at this position.")],
    to: Annotated[int, typer.Argument(metavar="TO", min=1, help="Where it stands afterwards.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move an entry; those between make room."""
    import sonoteca

    request = sonoteca.MoveInPlaylistRequest(playlist=name, position=position, to=to)
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.move_in_playlist(opened, request)
    tell(f"moved {position} to {to} in {name!r}", answer.as_json(), as_json=as_json)
