"""Options that many commands share, and how they become a library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from sonoteca import Library, Listener
    from sonoteca.domain.file_analysis import AnalysisSettings
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


def _remember_data_dir(folder: Path | None) -> Path | None:
    if folder is not None:
        _data_dir_named[0] = folder
    return folder


# Kept by its callback when it is read, so that no command has to hand it on.
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        callback=_remember_data_dir,
        help="Index, peaks and backups of a PostgreSQL library; default SONOTECA_DATA_DIR.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many rows.")]
CountOption = Annotated[int, typer.Option("-k", "--count", min=1, max=1000, help="How many.")]
FilterOption = Annotated[
    str | None,
    typer.Option("--filter", "-f", help="Only sounds that this query finds, e.g. 'kind:loop bpm:120..128'."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]

_named_before_the_verb: list[str | None] = [None]
_data_dir_named: list[Path | None] = [None]


def remember_library(library: str | None) -> None:
    """Keep ``sonoteca --library X VERB`` for the verb; its own --library wins."""
    _named_before_the_verb[0] = library


def remember_data_dir(data_dir: Path | None) -> None:
    """Keep ``sonoteca --data-dir X VERB`` for the verb; its own --data-dir wins."""
    _data_dir_named[0] = data_dir


def library_location(library: str | None, settings: Settings) -> str:
    """Where the library is: option of the verb, option before it, environment, default."""
    return library or _named_before_the_verb[0] or settings.library


def named_data_dir(settings: Settings) -> Path | None:
    """The folder for what is derived from a library that is no file: option of the verb or before it, environment."""
    return _data_dir_named[0] or (Path(settings.data_dir) if settings.data_dir else None)


def open_listener() -> Listener:
    """What hears files that a command names: it starts a worker when the first file comes."""
    import sonoteca
    from sonoteca.settings import load_settings

    settings = load_settings()
    return sonoteca.Listener(analysis_settings(settings), memory_mb=settings.memory_mb)


def open_named_library(library: str | None, *, mode: Literal["read", "write", "create"]) -> Library:
    """Open the library a command names."""
    import sonoteca
    from sonoteca.settings import default_library, load_settings

    settings = load_settings()
    location = library_location(library, settings)
    if mode == "create" and location == default_library():
        # The one place that is ours to make; a folder that a person named may be a missing mount.
        Path(location).parent.mkdir(parents=True, exist_ok=True)
    return sonoteca.open_library(location, mode=mode, data_dir=named_data_dir(settings))


def analysis_settings(
    settings: Settings, *, gap_s: float | None = None, trust_names: bool | None = None
) -> AnalysisSettings:
    """How this installation listens: every analyzer and embedder that entry points offer."""
    import sonoteca

    heard = sonoteca.AnalysisSettings(trust_names=settings.trust_names if trust_names is None else trust_names)
    return heard if gap_s is None else replace(heard, gap_s=gap_s)
