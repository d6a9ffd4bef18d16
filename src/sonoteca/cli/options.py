"""Options that many commands share, and how they become a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from sonoteca.catalogue.library import Library
    from sonoteca.settings import Settings

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        "-L",
        metavar="LIBRARY",
        help="A file, a folder or a postgresql:// URL; default SONOTECA_LIBRARY, then the platform's data folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many rows.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]

_named_before_the_verb: list[str | None] = [None]


def remember_library(library: str | None) -> None:
    """Keep ``sonoteca --library X VERB`` for the verb; its own --library wins."""
    _named_before_the_verb[0] = library


def library_location(library: str | None, settings: Settings) -> str:
    """Where the library is: option of the verb, option before it, environment, default."""
    return library or _named_before_the_verb[0] or settings.library


def open_named_library(library: str | None, *, mode: Literal["read", "write", "create"]) -> Library:
    """Open the library a command names."""
    from sonoteca.catalogue.library import open_library
    from sonoteca.settings import load_settings

    settings = load_settings()
    return open_library(library_location(library, settings), mode=mode, data_dir=settings.data_dir)
