"""Asking before something goes: yes or no, and what happens where nobody can be asked."""

from __future__ import annotations

import sys

import typer

from sonoteca.errors import RequestError


def confirm(question: str, *, yes: bool) -> None:
    """Go on if the person says yes (or ``yes`` was passed); else end, with nothing changed.

    The answer may come from a terminal or through a pipe.

    Raises
    ------
    RequestError
        There is neither.
    typer.Abort
        The answer is no.
    """
    if yes:
        return
    try:
        said = typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        typer.echo(err=True)
        raise RequestError(
            "Nothing was changed: there is no terminal to ask on.", "Pass --yes to do it without asking."
        ) from None
    if not said:
        raise typer.Abort
