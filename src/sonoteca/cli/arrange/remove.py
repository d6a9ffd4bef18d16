"""``sonoteca arrange remove``: forget an arrangement."""

from __future__ import annotations

from sonoteca.cli.arrange.arguments import IdArgument
from sonoteca.cli.asking import confirm
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library


def remove(
    arrangement: IdArgument,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forget an arrangement; its sounds stay."""
    import sonoteca
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="write") as opened:
        if not yes:
            found = sonoteca.open_arrangement(opened, arrangement)
            confirm(f"Forget arrangement {found.arrangement.public_id}?", yes=yes)
        public_id = sonoteca.remove_arrangement(opened, arrangement)
    if as_json:
        print_json({"removed": public_id})
    else:
        note(f"forgot arrangement {public_id}")
