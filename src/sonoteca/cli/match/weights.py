"""``sonoteca match weights``: the numbers by which a match is made."""

from __future__ import annotations

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.weights import WeightsOption, weights_text


def weights(
    weights: WeightsOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the weights in use as TOML.

    They are the shipped ones, the library's own, or those of --weights FILE.
    """
    import sonoteca
    from sonoteca.cli.output import print_json, write_out
    from sonoteca.errors import LibraryMissing

    request = sonoteca.MatchWeightsRequest(weights=weights_text(weights))
    try:
        with open_named_library(library, mode="read") as opened:
            answer = sonoteca.match_weights(opened, request)
    except LibraryMissing:
        answer = sonoteca.match_weights(None, request)
    if as_json:
        print_json(answer.as_json())
    else:
        write_out(answer.as_toml())
