"""``sonoteca list`` and ``show``: what the library holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import JsonOption, LibraryOption, LimitOption, open_named_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonoteca.catalogue.store.library import Library
    from sonoteca.search.query.listing import SoundRow

_LIST_HELP = """List the sounds that QUERY finds; all of them without one.

A query is words, "phrases" and FIELD:VALUE, all of which have to hold; OR, -, and ( ) combine them.

kind:loop role:drums bpm:120..128 key:8A~ lufs:>-10 tag:dusty "warm pad" -tag:vocal added:7d sort:-energy

bpm matches half and double tempo unless written bpm:=; key:8A~ takes compatible keys too. All fields:
docs/query-language.md.
"""


def register(app: typer.Typer) -> None:
    app.command(name="list", help=_LIST_HELP)(list_)
    app.command()(show)


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
    as_json: JsonOption = False,
) -> None:
    from dataclasses import asdict

    from sonoteca.cli.output import note, print_json, print_table
    from sonoteca.search.query import facets as facet_counts
    from sonoteca.search.query.listing import count_sounds, list_sounds

    text = query_text(query or [])
    with open_named_library(library, mode="read") as opened, opened.read() as connection:
        if facets:
            found = asdict(facet_counts.facets(connection, text, with_events=events))
            if as_json:
                print_json(found)
                return
            note(f"{found.pop('total')} sounds")
            for name, counts in found.items():
                if counts:
                    print_table([name, ("count", "right")], counts.items())
            return
        total = count_sounds(connection, text, with_events=events)
        rows: list[SoundRow] = []
        if not count:
            rows = list_sounds(connection, text, limit=limit, offset=offset, with_events=events)
    if as_json and count:
        print_json({"total": total})
    elif as_json:
        for row in rows:
            print_json(row.as_json())
    elif count:
        print_table(["sounds"], [(total,)])
    else:
        print_listing(rows)
        if total > len(rows):
            note(f"{len(rows)} of {total} shown; --limit and --offset show others")


def print_listing(rows: Sequence[SoundRow]) -> None:
    """Rows as a table."""
    from sonoteca.cli.output import clock, print_table

    print_table(
        ["id", "kind", "role", ("bpm", "right"), "key", ("LUFS", "right"), ("length", "right"), "tags", "path"],
        [
            (
                row.public_id if not row.region else f"{row.public_id} #{row.region}",
                row.kind if row.status == "analysed" else row.status,
                row.sound_class or row.role,
                None if row.tempo_bpm is None else f"{row.tempo_bpm:.4g}",
                None if row.key is None else f"{row.key.name} {row.key.camelot}",
                None if row.loudness_lufs is None else f"{row.loudness_lufs:.1f}",
                clock(row.duration_s),
                ", ".join(row.tags) or None,
                row.path or row.title,
            )
            for row in rows
        ],
    )


def show(
    sound: Annotated[str, typer.Argument(help="An id, a unique prefix of one, a path, or external:ID.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everything the library knows of one sound, and who said it."""
    from sonoteca.cli.output import print_json, print_table
    from sonoteca.cli.sound_table import print_sound

    with open_named_library(library, mode="read") as opened:
        document = describe(opened, sound)
    if as_json:
        print_json(document)
        return
    print_sound(document)
    print_table(
        ["place", "state"],
        [(place["path"], "missing" if place["missing"] else "on disk") for place in document["locations"]],
    )
    print_table(
        ["value", "source", "producer", ("version", "right"), "at"],
        [
            (name, origin["source"], origin["producer"], origin["version"], origin["at"])
            for name, origin in document["provenance"].items()
        ],
        title="who says so",
    )


def describe(library: Library, name: str) -> dict[str, Any]:
    """The sound object of a sound in the library, with its names, tags and places beside it."""
    from sonoteca.catalogue.described import describe_sound
    from sonoteca.catalogue.identity.sounds import resolve_sound

    with library.read() as connection:
        return describe_sound(connection, resolve_sound(connection, name).id)
