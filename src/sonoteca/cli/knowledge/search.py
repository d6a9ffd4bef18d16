"""``sonoteca knowledge search``: what is known about a question, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.words import CategoryOption, TopicOption, open_to_ask
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption

if TYPE_CHECKING:
    from rich.text import Text

    from sonoteca import KnowledgeRow


def register(group: typer.Typer) -> None:
    group.command(
        epilog=examples('knowledge search "vocals sound muddy"', "knowledge search kick and bass --category 'low end'")
    )(search)


def search(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="What is wanted to be known, in words.")],
    topic: TopicOption = None,
    category: CategoryOption = None,
    count: Annotated[
        int, typer.Option("-k", "--count", min=1, max=100, metavar="N", help="Give at most so many answers.")
    ] = 5,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find advice that answers a question, the best first.

    Words are compared by their stems, without case and accents; where the model for text is here and entries have vectors
    (`sonoteca models pull text`, `sonoteca knowledge backfill`), meaning is compared too.
    """
    from pathlib import Path

    import sonoteca
    from sonoteca.cli.output import note, print_json, print_lines
    from sonoteca.settings import load_settings

    request = sonoteca.SearchKnowledgeRequest(question=query_text(question), topic=topic, category=category, k=count)
    with open_to_ask(library) as opened:
        answer = sonoteca.search_knowledge(opened, request, models=Path(load_settings().models_dir))
    if as_json:
        print_json(answer.as_json())
        return
    for number, row in enumerate(answer.rows):
        print_lines([*([""] if number else []), *_shown(row)])
    for each in answer.notes:
        note(each)
    if answer.total > len(answer.rows):
        note(f"{answer.total - len(answer.rows)} more: -k gives more of them")


def _shown(row: KnowledgeRow) -> list[Text]:
    """An entry for people: title, description and numbers, with the words of the question marked."""
    from rich.text import Text

    from sonoteca.cli.knowledge.words import parameter_lines
    from sonoteca.cli.output import line_width, printable
    from sonoteca.cli.text_width import wrapped

    stored = row.entry.stored
    width = (line_width() or 100) - 4
    marked = {word.casefold() for each in row.highlights for word in each.words}
    head = f"{row.score:.2f}  {printable(stored.title)}"
    body = [f"{stored.topic}, {stored.category}", *wrapped(printable(stored.suggestion["description"]), width)]
    body += [line for each in parameter_lines(dict(stored.suggestion["parameters"])) for line in wrapped(each, width)]
    if stored.source is not None:
        body += wrapped(f"source: {stored.source}", width)
    lines = [Text(head, style="bold"), *(Text("    " + printable(line)) for line in body)]
    for line in lines:
        line.highlight_words(sorted(marked), "underline", case_sensitive=False)
    return [*lines, Text(f"    why: {printable('; '.join(row.reasons))}  [{row.entry.id[:8]}]", style="dim")]
