"""``sonoteca search``: what has these words, best match first."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text, query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import (
    CountOption,
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    OffsetOption,
    open_named_library,
)

_SEARCH_HELP = """Find sounds by words of titles, artists, tags and paths.

The best match comes first; words of albums count too.

A word finds what begins with it; case and accents do not matter; "quoted words" stand whole and together.

Rules may stand beside the words, as in `sonoteca list`.
"""


def register(app: typer.Typer) -> None:
    app.command(
        help=_SEARCH_HELP,
        epilog=examples("search dusty pad", "search rain OR thunder kind:field_recording -tag:city"),
    )(search)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What is looked for.")],
    count: CountOption = 10,
    offset: OffsetOption = 0,
    only: FilterOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, note_rest, print_results
    from sonoteca.cli.output import print_json

    request = sonoteca.WordsRequest(words=query_text(words), filter=filter_text(only), k=count, offset=offset)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.search_words(opened, request)
        ids = {} if as_json else ids_of(opened, answer.rows)
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, ids, notes=answer.notes, empty="" if offset else "No sound has these words.")
        note_rest(answer)
