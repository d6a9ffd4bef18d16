"""``sonoteca knowledge export``: entries as JSON Lines or CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.words import TopicOption, open_to_ask
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption

FormatOption = Annotated[
    Literal["jsonl", "csv"] | None,
    typer.Option("--format", help="Of the file. Default: as its name ends, else JSON Lines."),
]


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("knowledge export -o advice.jsonl", "knowledge export --format csv"))(export)


def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write this file; it is replaced. Default: the screen."),
    ] = None,
    format: FormatOption = None,
    topic: TopicOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write entries as JSON Lines or CSV.

    They have the columns of a `music_knowledge` table.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_json

    with open_to_ask(library) as opened:
        if output is None:
            for line in sonoteca.knowledge_lines(opened, format=format or "jsonl", topic=topic):
                sys.stdout.write(f"{line}\n")
            return
        request = sonoteca.ExportKnowledgeRequest(output=output, format=format, topic=topic)
        answer = sonoteca.export_knowledge(opened, request)
    if as_json:
        print_json(answer.as_json())
    else:
        note(f"wrote {output}: {counted(answer.entries, 'entry', 'entries')}")
