"""``sonoteca knowledge edit``: let an entry say something else."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.words import (
    AboutOption,
    ConfidenceOption,
    ParameterOption,
    SourceOption,
    read_parameters,
    tell_entry,
)
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("knowledge edit 38929125 --confidence 0.7", "knowledge edit 38929125 --source none"))(
        edit
    )


def edit(
    entry: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of one.")],
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is about, in a few words.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What to do, with numbers and units.")] = None,
    topic: Annotated[str | None, typer.Option(metavar="TOPIC", help="Such as mixing.")] = None,
    category: Annotated[str | None, typer.Option(metavar="CATEGORY", help="A finer word within the topic.")] = None,
    parameter: ParameterOption = None,
    confidence: ConfidenceOption = None,
    source: SourceOption = None,
    about: AboutOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an entry say something else; what is left out stays.

    --parameter replaces all numbers of the entry; `none` takes a source or query away. An entry that came with the
    program stays as you edited it; `sonoteca undo` takes the edit back.
    """
    import sonoteca

    request = sonoteca.EditKnowledgeRequest(
        entry=entry,
        topic=topic,
        category=category,
        title=title,
        description=description,
        parameters=read_parameters(parameter),
        confidence=confidence,
        source=source,
        about=about,
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.edit_knowledge(opened, request)
    tell_entry(answer, "edited", as_json=as_json)
