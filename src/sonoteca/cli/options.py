"""Options that many commands share, and how they become a library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from sonoteca import Library, Listener
    from sonoteca.domain.file_analysis import AnalysisSettings
    from sonoteca.errors import LibraryMissing
    from sonoteca.settings import Settings

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        "-L",
        metavar="LIBRARY",
        help="Use this library: a file, a folder or a postgresql:// URL. Default: SONOTECA_LIBRARY, else yours.",
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
        help="Keep index and peaks of a PostgreSQL library here. Default: SONOTECA_DATA_DIR.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
CountOption = Annotated[
    int, typer.Option("-k", "--count", min=1, max=1000, metavar="N", help="Give at most so many answers.")
]
OffsetOption = Annotated[
    int, typer.Option("--offset", min=0, max=1_000_000, metavar="N", help="Leave out so many of the best first.")
]
# What -k was called once.
OldLimitOption = Annotated[int | None, typer.Option("--limit", "-n", min=1, hidden=True)]
FilterOption = Annotated[
    str | None,
    typer.Option(
        "--filter",
        "-f",
        metavar="QUERY",
        help="Answer only with sounds that QUERY finds, e.g. 'kind:loop bpm:120..128'.",
    ),
]
MissingOption = Annotated[
    bool,
    typer.Option(
        "--include-missing", help="Choose also from sounds whose files are missing, or on a disk that is not there."
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]

_named_before_the_verb: list[str | None] = [None]
_named: list[str | None] = [None]
_data_dir_named: list[Path | None] = [None]


def remember_library(library: str | None) -> None:
    """Keep ``sonoteca --library X VERB`` for the verb; its own --library wins."""
    _named_before_the_verb[0] = _named[0] = library


def remember_data_dir(data_dir: Path | None) -> None:
    """Keep ``sonoteca --data-dir X VERB`` for the verb; its own --data-dir wins."""
    _data_dir_named[0] = data_dir


def library_location(library: str | None, settings: Settings) -> str:
    """Where the library is: option of the verb, option before it, environment, default."""
    _named[0] = library or _named_before_the_verb[0]
    return _named[0] or settings.library


def library_named() -> str | None:
    """What this command line says the library is; None where the settings say it."""
    return _named[0]


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
    from sonoteca.errors import LibraryMissing
    from sonoteca.settings import default_library, load_settings

    settings = load_settings()
    location = library_location(library, settings)
    if mode == "create" and location == default_library():
        # The one place that is ours to make; a folder that a person named may be a missing mount.
        Path(location).parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = sonoteca.open_library(location, mode=mode, data_dir=named_data_dir(settings))
    except LibraryMissing as error:
        if mode == "create":
            raise
        raise _no_library(error, location, is_default=location == default_library()) from error
    if opened.upgraded_from is not None:
        from sonoteca.cli.output import note

        kept = (
            "" if opened.data_dir is None or opened.path is None else "; a copy of it as it was is kept in its backups"
        )
        note(f"the library was written by an older version and is upgraded now{kept}")
    return opened


def _no_library(error: LibraryMissing, location: str, *, is_default: bool) -> LibraryMissing:
    """What to say where there is no library: to a newcomer, to who mistyped its name, to whose disk is away."""
    from sonoteca.cli.hints import call
    from sonoteca.errors import LibraryMissing

    make = f"You have no library yet: {call('add FOLDER')}"
    if is_default:
        return LibraryMissing(make, "It listens to all sounds in FOLDER, and keeps what it hears.")
    if "://" not in location and not Path(location).expanduser().absolute().parent.is_dir():
        return LibraryMissing(error.message, "Mount its disk, or name another library with --library.")
    return LibraryMissing(error.message, f"{make}, or name another with --library.")


def analysis_settings(
    settings: Settings, *, gap_s: float | None = None, trust_names: bool | None = None
) -> AnalysisSettings:
    """How this installation listens: every analyzer and embedder that entry points offer."""
    import sonoteca

    heard = sonoteca.AnalysisSettings(trust_names=settings.trust_names if trust_names is None else trust_names)
    return heard if gap_s is None else replace(heard, gap_s=gap_s)
