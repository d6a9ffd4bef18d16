"""``sonoteca knowledge list``: which advice the library keeps."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.words import CategoryOption, TopicOption, open_to_ask
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption


def register(group: typer.Typer) -> None:
    group.command(name="list", epilog=examples("knowledge list --topic 'loudness targets'"))(list_)


def list_(
    topic: TopicOption = None,
    category: CategoryOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List entries: those that came with the program, and yours."""
    import sonoteca
    from sonoteca.cli.output import print_json, print_table

    with open_to_ask(library) as opened:
        answer = sonoteca.list_knowledge(opened, sonoteca.ListKnowledgeRequest(topic=topic, category=category))
    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        ["id", "topic", "category", "title", "whose"],
        [
            (
                each.id[:8],
                each.stored.topic,
                each.stored.category,
                each.stored.title,
                "yours" if not each.is_starter else "edited" if each.is_edited else "starter",
            )
            for each in answer.rows
        ],
        empty="There are no such entries.",
    )
