"""``sonoteca arrange list``: what arrangements there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

# As short as the ids of sounds are shown.
_SHORTEST: Final = 4


def list_(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the arrangements of the library, the last made first."""
    import sonoteca
    from sonoteca.cli.output import local_time, note, print_json, print_table
    from sonoteca.cli.sound_names import key_text, tempo_text
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
    short = _beginnings([entry.public_id for entry in entries])
    print_table(
        [
            "id", Column("title", "name", least=12), ("bpm", "right"), "key", Column("sections", "right", spare=2),
            ("bars", "right"), Column("clips", "right", spare=1), "made",
        ],
        [
            (
                short[entry.public_id],
                entry.title,
                tempo_text(entry.tempo_bpm),
                key_text(entry.key),
                entry.sections,
                f"{entry.bars:g}",
                entry.clips,
                (local_time(entry.created_at) or "").replace(" ", NO_BREAK),
            )
            for entry in entries
        ],
    )  # fmt: skip


def _beginnings(ids: Sequence[str]) -> dict[str, str]:
    """The shortest beginnings, all of one length, that tell these ids apart: a beginning names an arrangement.

    >>> _beginnings(["cyyjzkqv65awiag6", "cyyjza2v65awiag6"])
    {'cyyjzkqv65awiag6': 'cyyjzk', 'cyyjza2v65awiag6': 'cyyjza'}
    """
    whole = max(map(len, ids))
    length = next((n for n in range(_SHORTEST, whole) if len({each[:n] for each in ids}) == len(ids)), whole)
    return {each: each[:length] for each in ids}
