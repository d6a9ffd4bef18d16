"""``sonoteca arrange show``: print an arrangement."""

from __future__ import annotations

from sonoteca.cli.arrange.arguments import IdArgument
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def show(
    arrangement: IdArgument, library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """Show an arrangement, and why each clip was chosen."""
    import sonoteca
    from sonoteca.cli.arrange.table import print_arrangement

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.open_arrangement(opened, arrangement)
    print_arrangement(answer, as_json=as_json)
