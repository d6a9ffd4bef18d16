"""``sonoteca match use``: other weights from now on."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def use(
    version: Annotated[str, typer.Argument(metavar="VERSION|shipped", help="A number of `match versions`.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Match with another version of the weights from now on.

    It is one of the library's own, or the shipped one.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    request = sonoteca.UseWeightsRequest(version=version)
    with open_named_library(library, mode="write") as opened:
        sonoteca.use_match_weights(opened, request)
    if as_json:
        print_json({"version": None if version == "shipped" else version})
    else:
        note(f"{'the shipped weights are' if version == 'shipped' else f'version {version} is'} in use")
