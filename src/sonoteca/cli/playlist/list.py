"""``sonoteca playlist list``: which playlists the library keeps."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import rule_text


def register(group: typer.Typer) -> None:
    group.command(name="list", epilog=examples("playlist list"))(list_)


def list_(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the playlists of the library.

    Of a smart one its query is shown, and how much that finds now.
    """
    import sonoteca
    from sonoteca.cli.output import local_time, note, print_json, print_table

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.list_playlists(opened)
    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        ["name", "kind", ("entries", "right"), "changed", "holds"],
        [
            (
                each.name,
                "plain" if each.rule is None else "smart",
                each.entries,
                local_time(each.changed_at),
                None if each.rule is None else rule_text(each.rule.query, each.rule.limit),
            )
            for each in answer.rows
        ],
        empty="There are no playlists yet: `sonoteca playlist create NAME` makes one.",
    )
    for each in answer.rows:
        if each.entries is None:
            note(
                f"the query of {each.name!r} is of another version: "
                "`sonoteca playlist show` points at what cannot be read"
            )
