"""``sonoteca show``: everything known of one sound."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command()(show)


def show(
    sound: Annotated[str, typer.Argument(help="An id, a unique prefix of one, a path, or external:ID.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everything the library knows of one sound, and who said it."""
    import sonoteca
    from sonoteca.cli.output import print_json
    from sonoteca.cli.sound_table import print_origins, print_sound

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.describe_sound(opened, sonoteca.DescribeRequest(sound=sound))
    if as_json:
        print_json(answer.as_json())
    else:
        print_sound(answer.sound)
        print_origins(answer.sound)
