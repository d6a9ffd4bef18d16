"""``sonoteca playlist show``: what a playlist holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.playlist.words import NameArgument, counted, rule_text

if TYPE_CHECKING:
    from sonoteca import ShowPlaylistAnswer


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("playlist show friday", "playlist show friday -o friday.m3u8"))(show)


def show(
    name: NameArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write the playlist as M3U.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the entries of a playlist, or write them to a file."""
    import sonoteca
    from sonoteca.cli.output import note, print_json

    request = sonoteca.ShowPlaylistRequest(playlist=name, output=output)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.show_playlist(opened, request)
    if output is not None:
        note(f"{counted(len(answer.rows))} written to {output}")
    if as_json:
        print_json(answer.as_json())
    elif output is None:
        _print_entries(answer)
        if answer.rule is not None:
            note(f"smart: {rule_text(answer.rule.query, answer.rule.limit)}, {counted(len(answer.rows))} now")
        elif not answer.rows:
            note(f"{name!r} has no entries yet")


# What is said of an entry that is not simply there.
_STATES = {
    "found": None,
    "moved_file": "moved",
    "missing_file": "not there",
    "not_in_library": "not in the library",
    "unclear": "several may be meant",
    "not_found": "not found",
}


def _print_entries(answer: ShowPlaylistAnswer) -> None:
    """Entries as a DJ reads them, and how long they are together."""
    from sonoteca.cli.absence_marks import AWAY_MARKS, explain_marks
    from sonoteca.cli.output import clock, note, print_table
    from sonoteca.cli.sound_names import key_text, marked, tempo_text

    rows = answer.rows
    known = [row.sound for row in rows]
    print_table(
        [("", "right"), ("bpm", "right"), "key", ("energy", "right"), ("length", "right"), ("sound", "name"), "state"],
        [
            (
                row.position,
                None if sound is None else tempo_text(sound.tempo_bpm),
                None if sound is None else marked(key_text(sound.key), sound.certainty.get("key")),
                None if sound is None or sound.energy_level is None else f"{sound.energy_level:.0f}",
                None if sound is None or sound.duration_s is None else clock(sound.duration_s),
                row.name,
                AWAY_MARKS.get(row.absence) or _STATES[str(row.entry.state)],
            )
            for row, sound in zip(rows, known, strict=True)
        ],
    )
    explain_marks([row.absence for row in rows])
    lengths = [sound.duration_s for sound in known if sound is not None and sound.duration_s is not None]
    if rows:
        without = len(rows) - len(lengths)
        note(
            f"{counted(len(rows))}, {clock(sum(lengths))} in all"
            + (f", without {without} whose length is not known" if without else "")
        )
