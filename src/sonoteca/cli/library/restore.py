"""``sonoteca library restore``: a backup in the place of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, library_location


def restore(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="BACKUP", help="The backup to restore. Default: the newest that is whole."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of the library.

    What was there before is kept beside the backups.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.settings import load_settings

    location = library_location(library, load_settings())
    plan = sonoteca.plan_restore(location, source)
    for file, why in plan.passed_over:
        note(f"passed over {file.name}: {why}")
    if not yes and plan.replaces:
        typer.confirm(f"Replace {plan.path} with {plan.source}?", abort=True, err=True)
    done = sonoteca.restore_library(location, plan.source)
    if as_json:
        print_json(
            {
                "library": str(done.path),
                "restored_from": str(done.source),
                "kept": None if done.kept is None else str(done.kept),
                "passed_over": [str(file) for file, _ in plan.passed_over],
            }
        )
        return
    note(f"restored {done.path} from {done.source}" + (f"; the former state is {done.kept}" if done.kept else ""))
