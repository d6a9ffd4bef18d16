"""``sonoteca playlist``: those that the library keeps. What changes their entries is in ``playlist_edit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from sonoteca.catalogue.made.playlists import PlaylistEntry, PlaylistSummary
    from sonoteca.sequence.playlist_entries import Entry

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Playlists that the library keeps.")

NameArgument = Annotated[str, typer.Argument(help="A playlist of the library.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="A playlist of that name gives way.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="playlist")


@group.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    sounds: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOUND", help="Ids, unique prefixes, paths, external:ID; none: begin with nothing."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PLAYLIST|FILE.m3u", help="The entries of another playlist, or of a file."),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--filter", "-f", metavar="QUERY", help="What this query finds now, in its order.")
    ] = None,
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep sounds as a playlist: those named, then those of --from, then those of --filter.

    Lines of a file that are no sound of the library are named and left out; then it ends with 1.
    """
    from sonoteca.catalogue.made.playlists import save_playlist
    from sonoteca.cli.output import note

    left_out: list[Entry] = []
    # One transaction: what --from copies may be the playlist that gives way, and another may be adding to it.
    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        entries = resolved_entries(connection, sounds or [])
        if source is not None:
            copied, left_out = _copied(connection, source)
            entries += copied
        if only is not None:
            entries += _found(connection, query_text([only]))
        twice = named_repeats(connection, entries, range(1, len(entries) + 1))
        save_playlist(connection, name, entries, replace=replace)
    for entry in left_out:
        note(f"left out: {entry.name} ({_why_left_out(entry)})")
    tell(
        f"playlist {name!r} has {counted(len(entries))}" + (f", {len(left_out)} left out" if left_out else ""),
        {
            "playlist": name,
            "entries": len(entries),
            "repeats": twice,
            "left_out": [{"name": each.name, "state": str(each.state)} for each in left_out],
        },
        as_json=as_json,
    )
    if left_out:
        raise typer.Exit(1)


@group.command()
def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    library: LibraryOption = None,
) -> None:
    """Call a playlist otherwise."""
    from sonoteca.catalogue.made.playlists import rename_playlist

    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        rename_playlist(connection, name, new_name)
    tell(f"playlist {name!r} is called {new_name!r} now", {}, as_json=False)


@group.command()
def smart(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    only: Annotated[
        str, typer.Option("--filter", "-f", metavar="QUERY", help="What it holds; see `sonoteca list --help`.")
    ],
    sort: Annotated[
        str | None, typer.Option(metavar="KEY", help="In which order, e.g. bpm or -energy; else newest first.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many, the first ones.")] = None,
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a query as a playlist: it holds what the query finds whenever it is read."""
    from sonoteca.catalogue.made.playlists import save_smart_playlist
    from sonoteca.sequence.smart_playlists import count_found, smart_rule

    rule = smart_rule(query_text([only]), sort=None if sort is None else query_text([sort]), limit=limit)
    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        save_smart_playlist(connection, name, rule, replace=replace)
        count = count_found(connection, rule)
    tell(
        f"smart playlist {name!r}: {_rule_text(rule.query, rule.limit)}, {counted(count)} now",
        {"playlist": name, "entries": count, "smart": rule.as_json()},
        as_json=as_json,
    )


@group.command(name="list")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show the playlists of the library; of a smart one its query, and how much that finds now."""
    from sonoteca.catalogue.made.playlists import list_playlists
    from sonoteca.cli.output import note, print_json, print_table

    with open_named_library(library, mode="read") as opened, opened.read() as connection:
        found = list_playlists(connection)
        counts = {each.name: _count_now(connection, each) for each in found}
    if as_json:
        rows = [
            {
                "name": each.name,
                "entries": counts[each.name],
                "smart": None if each.rule is None else each.rule.as_json(),
                "created_at": each.created_at,
                "changed_at": each.changed_at,
            }
            for each in found
        ]
        print_json({"query": {}, "results": rows})
        return
    print_table(
        ["name", "kind", ("entries", "right"), "changed", "holds"],
        [
            (
                each.name,
                "plain" if each.rule is None else "smart",
                counts[each.name],
                each.changed_at,
                None if each.rule is None else _rule_text(each.rule.query, each.rule.limit),
            )
            for each in found
        ],
    )
    for name in (name for name, count in counts.items() if count is None):
        note(f"the query of {name!r} is of another version: `sonoteca playlist show` points at what cannot be read")


@group.command()
def show(
    name: NameArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write it as M3U.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the entries of a playlist, or write them to a file."""
    from sonoteca.catalogue.identity.sounds import public_id
    from sonoteca.catalogue.made.playlists import get_playlist
    from sonoteca.cli.output import note, print_json, print_table
    from sonoteca.sequence.playlist_entries import entries_of_hashes, stored_entries
    from sonoteca.sequence.playlist_file import check_playlist_file, write_entries

    check_playlist_file(output)
    with open_named_library(library, mode="read") as opened, opened.read() as connection:
        playlist = get_playlist(connection, name)
        hashes = [entry.content_hash for entry in stored_entries(connection, playlist)]
        entries = entries_of_hashes(connection, hashes)
        if output is not None:
            write_entries(connection, output, entries)
            note(f"{counted(len(entries))} written to {output}")
    if as_json:
        rows = [
            {
                "position": at,
                "id": public_id(content_hash),
                "content_hash": content_hash,
                "path": entry.path,
                "state": str(entry.state),
            }
            for at, (content_hash, entry) in enumerate(zip(hashes, entries, strict=True), start=1)
        ]
        print_json({"query": {"playlist": name, "details": playlist.details}, "results": rows})
    elif output is None:
        rows_shown = [(at, str(entry.state), entry.path or entry.name) for at, entry in enumerate(entries, start=1)]
        print_table([("", "right"), "state", "sound"], rows_shown)
        if playlist.rule is not None:
            note(f"smart: {_rule_text(playlist.rule.query, playlist.rule.limit)}, {counted(len(entries))} now")
        elif not entries:
            note(f"{name!r} has no entries yet")


def resolved_entries(connection: Connection, names: Sequence[str]) -> list[PlaylistEntry]:
    """Sounds that a person names, as entries."""
    from sonoteca.catalogue.identity.sounds import resolve_sound
    from sonoteca.catalogue.made.playlists import PlaylistEntry

    return [PlaylistEntry(resolve_sound(connection, name).content_hash) for name in names]


def _copied(connection: Connection, source: str) -> tuple[list[PlaylistEntry], list[Entry]]:
    """The entries of another playlist or of a file, and those of the file that are no sound of the library."""
    from sonoteca.catalogue.made.playlists import find_playlist
    from sonoteca.sequence.playlist_entries import keepable, stored_entries
    from sonoteca.sequence.playlist_file import named_entries

    playlist = find_playlist(connection, source)
    if playlist is not None:
        return list(stored_entries(connection, playlist)), []
    entries = named_entries(connection, source)
    kept = keepable(connection, entries)
    left_out = [entry for entry, keeps in zip(entries, kept, strict=True) if keeps is None]
    return [keeps for keeps in kept if keeps is not None], left_out


def _found(connection: Connection, query: str) -> list[PlaylistEntry]:
    from sonoteca.catalogue.made.playlists import PlaylistEntry
    from sonoteca.sequence.smart_playlists import contents_found, smart_rule

    return [PlaylistEntry(content_hash) for content_hash in contents_found(connection, smart_rule(query))]


def _count_now(connection: Connection, playlist: PlaylistSummary) -> int | None:
    """How many entries a playlist has now; None where its query is of another version of the program."""
    from sonoteca.errors import QuerySyntaxError
    from sonoteca.sequence.smart_playlists import count_found

    if playlist.rule is None:
        return playlist.count
    try:
        return count_found(connection, playlist.rule)
    except QuerySyntaxError:
        return None


def named_repeats(connection: Connection, entries: Sequence[PlaylistEntry], added: range) -> list[dict[str, Any]]:
    """What stands more than once since these positions were added."""
    from sonoteca.catalogue.made.playlist_edits import repeats
    from sonoteca.sequence.playlist_entries import entries_of_hashes, file_name

    found = repeats(entries, added)
    named = entries_of_hashes(connection, [entries[positions[0] - 1].content_hash for positions in found])
    return [
        {"name": file_name(entry.name), "positions": list(positions)}
        for entry, positions in zip(named, found, strict=True)
    ]


def _why_left_out(entry: Entry) -> str:
    from sonoteca.sequence.playlist_entries import EntryState

    if entry.state is EntryState.NOT_IN_LIBRARY:
        return "not in the library: `sonoteca add` it first"
    return "no such file, and nothing of that name in the library"


def tell(message: str, document: dict[str, Any], *, as_json: bool) -> None:
    """What was done, as one JSON object on stdout or as a sentence; and what stands more than once by it."""
    from sonoteca.cli.output import note, print_json

    if as_json:
        print_json(document)
        return
    for each in document.get("repeats", ()):
        note(f"{each['name']} stands there more than once: at {numbered(each['positions'])}")
    note(message)


def _rule_text(query: str, limit: int | None) -> str:
    """A rule for people.

    >>> _rule_text("kind:loop", 20), _rule_text("", None)
    ('kind:loop, the first 20', 'everything')
    """
    return (query or "everything") + ("" if limit is None else f", the first {limit}")


def counted(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def numbered(numbers: Sequence[int]) -> str:
    """Positions for people, runs of three or more shortened.

    >>> numbered([1, 2, 4, 5, 6])
    '1, 2, 4-6'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(str(number) for number in run) for run in runs
    )
