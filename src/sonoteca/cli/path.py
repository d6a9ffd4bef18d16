"""``sonoteca path``: a gradual walk from one sound to another."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, FilterOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.style_options import DoubleTimeOption, KeyLockOption
from sonoteca.cli.weights import WeightsOption, weights_text


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("path calm.mp3 wild.mp3 --steps 8"))(path)


def path(
    start: Annotated[str, typer.Argument(metavar="A", help="Where the walk begins: an id, a path, or external:ID.")],
    end: Annotated[str, typer.Argument(metavar="B", help="Where it ends.")],
    steps: Annotated[int, typer.Option(min=0, max=200, metavar="N", help="Put so many sounds in between.")] = 5,
    mixable: Annotated[
        float, typer.Option(min=0, metavar="N", help="Let good transitions count so much beside small steps.")
    ] = 0.0,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Walk from one sound to another in small steps.

    Each sound on the way is a little nearer to B; none goes back.
    """
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, print_results
    from sonoteca.cli.output import print_json

    request = sonoteca.WalkRequest(
        start=start,
        end=end,
        steps=steps,
        filter=filter_text(only),
        mixable=mixable,
        doubletime=double_time,
        key_lock=key_lock,
        weights=weights_text(weights),
    )
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.walk(opened, request)
        ids = {} if as_json else ids_of(opened, answer.rows)
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, ids, notes=answer.notes)
