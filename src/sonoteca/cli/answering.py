"""``sonoteca similar``: what sounds like this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import (
    CountOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    analysis_settings,
    open_named_library,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonoteca.catalogue.heard.embeddings import StoredSpace
    from sonoteca.catalogue.store.library import Library
    from sonoteca.search.result_row import ResultRow
    from sonoteca.search.similar import Example


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    sounds: Annotated[
        list[str],
        typer.Argument(
            metavar="SOUND|FILE...", help="Ids, unique prefixes, paths, external:ID, or files not in the library."
        ),
    ],
    count: CountOption = 10,
    minus: Annotated[list[str] | None, typer.Option(help="A sound to be unlike; may be repeated.")] = None,
    aspects: Annotated[
        str | None, typer.Option(help="Weights, e.g. timbre=1,rhythm=0.5,harmony=0; 1 where not named.")
    ] = None,
    only: FilterOption = None,
    region: Annotated[
        int, typer.Option("--within", min=0, help="Compare with this region of the sound, not the whole.")
    ] = 0,
    max_per_file: Annotated[int | None, typer.Option(min=1, help="At most so many answers from one sound.")] = None,
    max_per_artist: Annotated[int | None, typer.Option(min=1, help="At most so many answers by one artist.")] = None,
    collapse: Annotated[bool, typer.Option("--collapse", help="Show near-duplicates once.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank regions of the library by how much they sound like the examples, and say which moment does."""
    from sonoteca.catalogue.heard.embeddings import ids_of_regions
    from sonoteca.cli.output import print_json
    from sonoteca.index.catalogue_source import open_index
    from sonoteca.search.selection import region_selection
    from sonoteca.search.similar import Diversity, find_similar, parse_aspects

    with open_named_library(library, mode="read") as opened:
        space = _space_of(opened)
        weights = parse_aspects(aspects, space.space) if aspects else None
        examples = [_example(opened, space, name, region) for name in sounds]
        unlike = [_example(opened, space, name, 0) for name in minus or []]
        where = None
        if only:
            with opened.read() as connection:
                where = ids_of_regions(connection, space, region_selection(connection, query_text([only])))
        answer = find_similar(
            opened,
            space,
            open_index(opened, space),
            examples,
            minus=unlike,
            k=count,
            aspects=weights,
            where=where,
            diversity=Diversity(max_per_file, max_per_artist, collapse),
            query={
                "mode": "similar",
                "sounds": list(sounds),
                "minus": list(minus or []),
                "aspects": weights,
                "filter": only,
                "k": count,
                "space": space.space.id,
            },
        )
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, notes=answer.notes)


def print_results(rows: Sequence[ResultRow], *, notes: Sequence[str] = ()) -> None:
    """Result rows as a table: score, aspects, moment, sound, reasons."""
    from sonoteca.cli.output import clock, note, print_table

    aspects = list(rows[0].parts) if rows else []
    print_table(
        [("score", "right"), *((name, "right") for name in aspects), "moment", "sound", "why"],
        [
            (
                f"{row.score:.2f}",
                *(None if row.parts[name] is None else f"{row.parts[name]:.2f}" for name in aspects),
                f"{clock(row.start_s)}-{clock(row.end_s)}",
                row.path or row.title or row.id,
                ", ".join(row.reasons),
            )
            for row in rows
        ],
    )
    for text in notes or (() if rows else ("no sound answers",)):
        note(text)


def _space_of(library: Library) -> StoredSpace:
    from sonoteca.catalogue.heard.embeddings import answering_space
    from sonoteca.errors import SpaceMismatch

    with library.read() as connection:
        space = answering_space(connection)
    if space is None:
        raise SpaceMismatch("No sound of this library was embedded yet.", "Run `sonoteca add FOLDER`.")
    return space


def _example(library: Library, space: StoredSpace, name: str, region: int) -> Example:
    """A sound of the library by any of its names, else a file, which a worker listens to."""
    from pathlib import Path

    from sonoteca.errors import SoundNotFound, SpaceMismatch
    from sonoteca.search.examples import example_from_library, example_from_vectors

    try:
        return example_from_library(library, space, name, region_number=region)
    except SoundNotFound:
        if not Path(name).is_file():
            raise
    from sonoteca.ingest.inspect import analyze_file

    heard = analyze_file(name, ears=analysis_settings())
    if space.space.id not in heard.embeddings:
        raise SpaceMismatch(
            f"The library's vectors ({space.space.id}) are not those that are made today.",
            "Run `sonoteca add` on its folders: it embeds again what an older version embedded.",
        )
    return example_from_vectors(name, heard.embeddings[space.space.id], region_number=region)
