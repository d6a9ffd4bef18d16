"""The option ``--weights``: a file of weights, or a few of them by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="FILE|name=number,...",
        help="Use other weights: a TOML file of what differs, or e.g. key=0,tempo.half_pct=3.",
    ),
]


def weights_of_aspects(option: str | None) -> str | dict[str, Any] | None:
    """Weights of aspects: ``name=number,...`` as it is, else what the TOML file of that name says; None without one.

    Raises
    ------
    RequestError
        The file cannot be read.
    """
    text = weights_text(option)
    if text is None or "=" in (option or ""):
        return text
    import tomllib

    from sonoteca.errors import RequestError

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RequestError(
            f"The weights {option} are no TOML ({error}).", "Write lines such as timbre = 0.5.", field="weights"
        ) from error


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
