"""``sonoteca show``: everything known of one sound."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("show ~/Samples/break96.wav"))(show)


def show(
    sound: Annotated[
        str, typer.Argument(metavar="SOUND", help="An id, a unique prefix of one, a path, or external:ID.")
    ],
    why: Annotated[
        bool, typer.Option("--why", help="Say who said each value too, when, and what was measured.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the library knows of one sound, and how sure it is.

    Of each fact it says whether it was heard, claimed or yours.
    """
    import sonoteca
    from sonoteca.cli.output import print_json
    from sonoteca.cli.sound_table import print_sound, print_why

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.describe_sound(opened, sonoteca.DescribeRequest(sound=sound))
    if as_json:
        print_json(answer.as_json())
    else:
        print_sound(answer.sound)
        if why:
            print_why(answer.sound)
