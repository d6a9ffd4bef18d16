"""The option ``--weights``: a file of weights, or a few of them by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="FILE|name=number,...",
        help="Other weights for this call: a TOML file that names what differs, or for example key=0,tempo.half_pct=3.",
    ),
]


def weights_text(option: str | None) -> str | None:
    """What the option says: ``name=number,...`` as it is, else the text of the file it names; None without one.

    Raises
    ------
    RequestError
        The file cannot be read.
    """
    if not option or "=" in option:
        return option or None
    from sonoteca.errors import RequestError

    try:
        return Path(option).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"The weights {option} cannot be read ({error}).",
            "Name a TOML file, or write key=0,tempo=2.",
            field="weights",
        ) from error
