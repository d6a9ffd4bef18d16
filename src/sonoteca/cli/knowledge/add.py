"""``sonoteca knowledge add``: keep a piece of advice."""

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
    group.command(epilog=examples("knowledge add Room 'Cut 43 Hz by 3 dB.' --topic eq --category room"))(add)


def add(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is about, in a few words.")],
    description: Annotated[str, typer.Argument(metavar="DESCRIPTION", help="What to do, with numbers and units.")],
    topic: Annotated[str, typer.Option(metavar="TOPIC", help="Such as mixing.")],
    category: Annotated[str, typer.Option(metavar="CATEGORY", help="A finer word within the topic.")],
    parameter: ParameterOption = None,
    confidence: ConfidenceOption = None,
    source: SourceOption = None,
    about: AboutOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a piece of advice of your own.

    `sonoteca undo` takes it back.
    """
    import sonoteca

    request = sonoteca.AddKnowledgeRequest(
        topic=topic,
        category=category,
        suggestion={"title": title, "description": description, "parameters": read_parameters(parameter) or {}},
        confidence=confidence,
        source=source,
        about=about,
    )
    with open_named_library(library, mode="create") as opened:
        answer = sonoteca.add_knowledge(opened, request)
    tell_entry(answer, "added", as_json=as_json)
