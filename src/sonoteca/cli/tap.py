"""``sonoteca tap``: which loop has the rhythm I am tapping."""

from __future__ import annotations

import typer

from sonoteca.cli.arguments import filter_text
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
from sonoteca.cli.recordings import FilesArgument, RecordOption, recordings


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("tap --record 6", "tap tapped.wav -k 3"))(tap)


def tap(
    files: FilesArgument = None,
    record: RecordOption = None,
    count: CountOption = 10,
    offset: OffsetOption = 0,
    only: FilterOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the drum loop or break whose rhythm somebody taps.

    Beatboxing does as well, at any tempo.
    """
    import sonoteca
    from sonoteca.cli.answer_table import print_heard

    with (
        sonoteca.open_query_listener() as query_listener,
        open_named_library(library, mode="read") as opened,
        recordings(files, record) as named,
    ):
        requests = [sonoteca.TapRequest(file=file, filter=filter_text(only), k=count, offset=offset) for file in named]
        for answer in sonoteca.find_rhythms(opened, requests, listener=query_listener):
            print_heard(opened, answer, as_json=as_json)
