"""Arguments that the words of ``sonoteca arrange`` share."""

from __future__ import annotations

from typing import Annotated

import typer

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="An arrangement: its id or a unique prefix of it.")]
