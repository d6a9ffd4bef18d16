"""``sonoteca add``: the main job."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.listening_options import (
    FailedLogOption,
    GapOption,
    MemoryOption,
    TimeoutOption,
    TrustNamesOption,
    WorkersOption,
    end,
    named_paths,
    open_worker_pool,
    warn_of_broken_plugins,
)
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca import Library

_NAMED = 5


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("add ~/Samples ~/Music", "add ~/Music --exclude '*.mid' --dry-run"))(add)


def add(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, and folders with all below them.", metavar="PATHS")
    ] = None,
    paths_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Read paths from this file, one per line or NUL-separated; - is standard input."
        ),
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    failed_log: FailedLogOption = None,
    checkpoint_every: Annotated[int, typer.Option(min=1, metavar="N", help="Store after so many files.")] = 32,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Leave out what matches this; may be repeated.")
    ] = None,
    gap_s: GapOption = 0.5,
    trust_names: TrustNamesOption = None,
    force: Annotated[bool, typer.Option("--force", help="Analyse again what is done or has failed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    accept_missing: Annotated[
        bool, typer.Option("--accept-missing", help="Mark files missing even if most of a folder vanished at once.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Nothing else happens: every run goes on where the last one was."),
    ] = False,
    checkpoint_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="This is not read: the library remembers where it was.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Listen to everything new or changed in folders, and keep it.

    This is the main job. A run that was stopped, killed or crashed is continued by running it again. No sound file is
    ever changed.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.cli.progress import ProgressBar
    from sonoteca.errors import RequestError

    named = named_paths(paths, paths_file)
    if not named:
        raise RequestError("Nothing to add was named.", "Name files or folders, or give --paths-file.")
    if resume or checkpoint_file:
        note("every run resumes by itself: --resume and --checkpoint-file are not needed")
    request = sonoteca.AddRequest(
        paths=tuple(named),
        exclude=tuple(exclude or ()),
        timeout_s=timeout_s,
        checkpoint_every=checkpoint_every,
        force=force,
        dry_run=dry_run,
        accept_missing=accept_missing,
        failed_log=failed_log,
    )
    warn_of_broken_plugins()
    with (
        _open_for(named, library) as opened,
        ProgressBar(quiet=as_json) as progress,
        open_worker_pool(workers, memory_mb, gap_s=gap_s, trust_names=trust_names) as listener,
    ):
        answer = sonoteca.add(opened, request, listener=listener, progress=progress)
    if as_json:
        print_json(answer.as_json())
    end(answer)


def _open_for(named: Sequence[str], library: str | None) -> Library:
    """The library, made for what is there: names that lead nowhere make none."""
    from sonoteca.domain.names import printable_path
    from sonoteca.errors import FileUnreadable, LibraryMissing

    if any(map(_is_there, named)):
        return open_named_library(library, mode="create")
    try:
        return open_named_library(library, mode="write")
    except LibraryMissing as error:
        those = ", ".join(map(printable_path, named[:_NAMED])) + (
            f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        )
        raise FileUnreadable(
            f"{those} {'is' if len(named) == 1 else 'are'} not there, so no library was made.",
            "Check the path, and that its disk is mounted.",
        ) from error


def _is_there(path: str) -> bool:
    try:
        os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        # Nobody said that it is not.
        return True
    return True
