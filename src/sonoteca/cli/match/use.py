"""``sonoteca match use``: other weights from now on."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, LibraryOption, open_named_library


def use(
    version: Annotated[str, typer.Argument(metavar="VERSION|shipped", help="A number of `match versions`.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Match with an older or newer version of the library's weights, or with the shipped ones."""
    import sonoteca
    from sonoteca.cli.output import note

    request = sonoteca.UseWeightsRequest(version=version)
    with open_named_library(library, mode="write") as opened:
        sonoteca.use_match_weights(opened, request)
    note(f"{'the shipped weights are' if version == 'shipped' else f'version {version} is'} in use")
