"""``sonoteca playlist smart``: keep a query as a playlist."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, OldLimitOption, open_named_library
from sonoteca.cli.playlist.words import NewNameArgument, ReplaceOption, counted, rule_text, tell


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist smart new -f 'kind:track added:7d' -k 50"))(smart)


def smart(
    name: NewNameArgument,
    only: Annotated[
        str, typer.Option("--filter", "-f", metavar="QUERY", help="Hold what QUERY finds; see `sonoteca list --help`.")
    ],
    sort: Annotated[
        str | None, typer.Option(metavar="KEY", help="Order by this, e.g. bpm or -energy. Default: newest first.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("-k", "--count", min=1, metavar="N", help="Hold at most the first so many.")
    ] = None,
    limit: OldLimitOption = None,
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a query as a playlist.

    It holds what the query finds whenever it is read.
    """
    import sonoteca

    request = sonoteca.SmartPlaylistRequest(
        playlist=name,
        filter=query_text([only]),
        sort=None if sort is None else query_text([sort]),
        limit=limit or count,
        replace=replace,
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.create_smart_playlist(opened, request)
    tell(
        f"smart playlist {name!r}: {rule_text(answer.rule.query, answer.rule.limit)}, {counted(answer.entries)} now",
        answer.as_json(),
        as_json=as_json,
    )
