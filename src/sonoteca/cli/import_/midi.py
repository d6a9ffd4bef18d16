"""``sonoteca import midi``: the melodies of MIDI files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("import midi ~/MIDI"))(midi)


def midi(
    paths: Annotated[list[Path], typer.Argument(metavar="PATHS", help="MIDI files, and folders of them.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over the melodies of MIDI files, so that hum finds them.

    A melody is the track named so, else the most melodic voice.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_error, print_json

    request = sonoteca.ImportMidiRequest(paths=paths)
    with open_named_library(library, mode="create") as opened:
        answer = sonoteca.import_midi(opened, request, on_failure=None if as_json else print_error)
    if as_json:
        print_json(answer.as_json())
    else:
        note(
            f"{counted(answer.files, 'file')}: {counted(answer.melodies, 'melody', 'melodies')}, {answer.new} of them new, "
            f"{answer.without} without a tune, {len(answer.failures)} failed"
            if answer.files
            else "No MIDI file was found there."
        )
    if answer.failures:
        raise typer.Exit(1)
