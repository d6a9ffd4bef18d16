"""``sonoteca arrange list``: what arrangements there are."""

from __future__ import annotations

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def list_(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the arrangements of the library, the last made first."""
    import sonoteca
    from sonoteca.cli.output import local_time, note, print_json, print_table
    from sonoteca.cli.table import Column
    from sonoteca.cli.text_width import NO_BREAK

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
        [
            "id", Column("title", "name", least=12), ("bpm", "right"), "key", Column("sections", "right", spare=2),
            ("bars", "right"), Column("clips", "right", spare=1), "made",
        ],
        [
            (
                entry.public_id,
                entry.title,
                f"{entry.tempo_bpm:g}",
                None if entry.key is None else entry.key.name.replace(" ", NO_BREAK),
                entry.sections,
                f"{entry.bars:g}",
                entry.clips,
                (local_time(entry.created_at) or "").replace(" ", NO_BREAK),
            )
            for entry in entries
        ],
    )  # fmt: skip
