"""``sonoteca arrange list``: what arrangements there are."""

from __future__ import annotations

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def list_(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the arrangements of the library, the last made first."""
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_table

    with open_named_library(library, mode="read") as opened:
        entries = sonoteca.list_arrangements(opened).rows
    if as_json:
        for entry in entries:
            print_json(entry.as_json())
        return
    if not entries:
        note("there are no arrangements yet: `sonoteca arrange` makes one")
        return
    print_table(
        ["id", "title", ("bpm", "right"), "key", ("sections", "right"), ("bars", "right"), ("clips", "right"), "made"],
        [
            (
                entry.public_id,
                entry.title,
                f"{entry.tempo_bpm:g}",
                None if entry.key is None else entry.key.name,
                entry.sections,
                f"{entry.bars:g}",
                entry.clips,
                entry.created_at,
            )
            for entry in entries
        ],
    )
