"""``sonoteca playlist create``: keep sounds as a playlist."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NewNameArgument, ReplaceOption, counted, tell

_WHY_LEFT_OUT = {
    "not_in_library": "not in the library: `sonoteca add` it first",
    "unclear": "not there, and several sounds of the library may be meant: {may_be}",
    "not_found": "no such file, and nothing of that name in the library",
}


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist create friday --from tonight.m3u8", "playlist create loops -f kind:loop"))(
        create
    )


def create(
    name: NewNameArgument,
    sounds: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOUND", help="Ids, unique prefixes, paths, or external:ID."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PLAYLIST|FILE.m3u", help="Take the entries of another playlist, or of a file."),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--filter", "-f", metavar="QUERY", help="Take what QUERY finds now, in its order.")
    ] = None,
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep sounds as a playlist.

    It holds those named, then those of --from, then those of --filter; without any it begins empty.

    Lines of a file that are no sound of the library are named and left out; then it ends with 1.
    """
    import sonoteca
    from sonoteca.cli.output import note

    request = sonoteca.CreatePlaylistRequest(
        playlist=name,
        sounds=sounds or (),
        source=source,
        filter=None if only is None else query_text([only]),
        replace=replace,
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.create_playlist(opened, request)
    for entry in answer.left_out:
        why = _WHY_LEFT_OUT[entry.state].format(may_be=", ".join(entry.may_be))
        note(f"left out: {entry.name} ({why})")
    left_out = f", {len(answer.left_out)} left out" if answer.left_out else ""
    tell(
        f"playlist {name!r} has {counted(answer.entries)}{left_out}",
        answer.as_json(),
        as_json=as_json,
        repeats=answer.repeats,
    )
    if answer.left_out:
        raise typer.Exit(1)
