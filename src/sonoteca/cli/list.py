"""``sonoteca list``: which sounds the library holds."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, LimitOption, open_named_library

_LIST_HELP = """List the sounds that QUERY finds; all of them without one.

A query is words, "phrases" and FIELD:VALUE, all of which have to hold; OR, -, and ( ) combine them.

kind:loop role:drums bpm:120..128 key:8A~ lufs:>-10 tag:dusty "warm pad" -tag:vocal added:7d sort:-energy

bpm matches half and double tempo unless written bpm:=; key:8A~ takes compatible keys too. All fields:
docs/query-language.md.
"""


def register(app: typer.Typer) -> None:
    app.command(name="list", help=_LIST_HELP)(list_)


def list_(
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY")] = None,
    limit: LimitOption = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out this many first.")] = 0,
    events: Annotated[bool, typer.Option("--events", help="Event regions too, not only whole sounds.")] = False,
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    facets: Annotated[
        bool, typer.Option("--facets", help="Print how they divide by kind, role, key, tempo, tag.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    import sonoteca
    from sonoteca.cli.listing_table import print_facets, print_listing
    from sonoteca.cli.output import note, print_json, print_table

    text = query_text(query or [])
    if facets:
        with open_named_library(library, mode="read") as opened:
            counted = sonoteca.count_facets(opened, sonoteca.FacetsRequest(filter=text, events=events)).as_json()
        if as_json:
            print_json(counted)
        else:
            print_facets(counted)
        return
    request = sonoteca.ListRequest(filter=text, limit=0 if count else limit, offset=offset, events=events)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.list_sounds(opened, request)
        ids = sonoteca.short_ids(opened, [row.id for row in answer.rows])
    if as_json and count:
        print_json({"total": answer.total})
    elif as_json:
        for row in answer.as_rows():
            print_json(row)
    elif count:
        print_table(["sounds"], [(answer.total,)])
    else:
        print_listing(answer.rows, ids)
        if not answer.total:
            note("No sound answers this query." if text else "The library holds no sounds yet.")
        elif answer.total > len(answer.rows):
            note(f"{len(answer.rows)} of {answer.total} shown; --limit and --offset show others")
