"""``sonoteca list``: which sounds the library holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, OldLimitOption, open_named_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonoteca import Library, ListAnswer, ListRequest

_LIST_HELP = """List the sounds that QUERY finds; all of them without one.

A query is words, "phrases" and FIELD:VALUE, all of which have to hold; OR, -, and ( ) combine them.

bpm matches half and double tempo unless written bpm:=; key:8A~ takes compatible keys too. All fields stand in
docs/query-language.md.

On the screen the first 100 are shown. With --json every row is printed, one a line; with -k or --offset only those.
"""

_SHOWN = 100
_PAGE = 20_000


def register(app: typer.Typer) -> None:
    app.command(
        name="list",
        help=_LIST_HELP,
        epilog=examples(
            "list kind:loop role:drums bpm:120..128 key:8A~",
            "list 'lufs:>-10 \"warm pad\" -tag:vocal added:7d sort:-energy'",
            "list kind:loop --total",
        ),
    )(list_)


def list_(
    query: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY", help="What is looked for; everything without it.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("-k", "--count", min=1, metavar="N", help="Show at most so many.")
    ] = None,
    limit: OldLimitOption = None,
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="Leave out so many first.")] = 0,
    events: Annotated[bool, typer.Option("--events", help="List event regions too, not only whole sounds.")] = False,
    total: Annotated[bool, typer.Option("--total", help="Print only how many there are.")] = False,
    facets: Annotated[
        bool, typer.Option("--facets", help="Print how they divide by kind, role, key, tempo, tag.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    import sonoteca
    from sonoteca.cli.listing_table import print_facets, print_listing
    from sonoteca.cli.output import counted, note, print_json, print_text

    text = query_text(query or [])
    if facets:
        with open_named_library(library, mode="read") as opened:
            divided = sonoteca.count_facets(opened, sonoteca.FacetsRequest(filter=text, events=events)).as_json()
        if as_json:
            print_json(divided)
        else:
            print_facets(divided)
        return
    most = limit or count or (None if as_json else _SHOWN)
    request = sonoteca.ListRequest(filter=text, limit=0 if total else most, offset=offset, events=events)
    with open_named_library(library, mode="read") as opened:
        if as_json and not total:
            for row in _rows(opened, request):
                print_json(row)
            return
        answer = sonoteca.list_sounds(opened, request)
        ids = sonoteca.short_ids(opened, [row.id for row in answer.rows])
    if as_json:
        print_json({"total": answer.total})
    elif total:
        print_text(counted(answer.total, "sound"))
    else:
        print_listing(answer.rows, ids, with_shop=answer.is_about_shop)
        note(_shown(answer))


def _rows(library: Library, request: ListRequest) -> Iterator[dict[str, Any]]:
    """All rows that are asked for, read page by page: a large library is never held whole."""
    import sonoteca

    done = 0
    while request.limit is None or done < request.limit:
        size = _PAGE if request.limit is None else min(_PAGE, request.limit - done)
        page = request.model_copy(update={"limit": size, "offset": request.offset + done})
        rows = sonoteca.list_sounds(library, page).as_rows()
        yield from rows
        done += len(rows)
        if len(rows) < size:
            return


def _shown(answer: ListAnswer) -> str:
    """How much of what there is was shown, and how to see the rest."""
    from sonoteca.cli.output import counted, page_text

    shown, total, offset = len(answer.rows), answer.total, answer.request.offset
    if not total:
        return "No sound answers this query." if answer.request.filter else "The library holds no sounds yet."
    if not shown:
        return f"There are only {total}."
    if shown == total:
        return counted(total, "sound")
    return page_text(shown, offset, total, answer.next_offset)
