"""Options of the commands that listen, and the listener they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli import interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonoteca import AddAnswer, Listener

WorkersOption = Annotated[
    int | None,
    typer.Option(min=1, max=512, metavar="N", help="Listen in so many processes. Default: one per processor."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.1, metavar="SECONDS", help="Give up on a file after so long. Default: 60 and a fifth of its length."
    ),
]
MemoryOption = Annotated[
    int | None, typer.Option(min=200, metavar="MB", help="Let one process use so much memory. Default: 2000.")
]
FailedLogOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Append every failure to this file as a JSON line.")
]
GapOption = Annotated[
    float, typer.Option(min=0.01, metavar="SECONDS", help="Tell two events apart by so much silence.")
]
TrustNamesOption = Annotated[
    bool | None, typer.Option(help="Believe tempo and key in file names more than what is heard.")
]


# So many files are named on the screen; JSON names all.
_NAMED = 10


def named_paths(paths: Sequence[Path] | None, paths_files: Sequence[Path] | None) -> list[str]:
    """The paths that a command names: arguments, then what its paths files hold."""
    import sonoteca

    return [*map(str, paths or []), *(path for file in paths_files or [] for path in sonoteca.read_paths(file))]


def open_worker_pool(
    workers: int | None = None,
    memory_mb: int | None = None,
    *,
    n_files: int | None = None,
    gap_s: float | None = None,
    trust_names: bool | None = None,
    is_embedding: bool = True,
) -> Listener:
    """The listener of a command: for ``n_files``, or for as many as come."""
    import sonoteca
    from sonoteca.cli.options import analysis_settings
    from sonoteca.settings import load_settings

    settings = load_settings()
    heard = analysis_settings(settings, gap_s=gap_s, trust_names=trust_names)
    workers = workers or settings.workers
    listener = sonoteca.Listener(
        heard if is_embedding else heard.without_embedders(),
        workers=workers if n_files is None else min(workers, n_files),
        memory_mb=memory_mb or settings.memory_mb,
        is_background=n_files is None,
        start_method="spawn" if n_files == 1 else None,
    )
    if n_files is not None:
        # They load what they need while we read on.
        listener.start(wait=False)
    return listener


def warn_of_broken_plugins() -> None:
    """Say which plugins of other packages cannot be used."""
    import sonoteca
    from sonoteca.cli.output import print_error

    for error in sonoteca.broken_plugins():
        print_error(error)


def end(answer: AddAnswer) -> None:
    """The closing sentence, and the exit code it deserves."""
    from sonoteca.cli.output import note, print_error
    from sonoteca.errors import FileUnreadable

    for warning in answer.warnings:
        note(warning)
        note("(--accept-missing)")
    note(answer.sentence())
    for path in answer.missing_files[:_NAMED]:
        note(f"missing: {path}")
    if len(answer.missing_files) > _NAMED:
        note(f"and {len(answer.missing_files) - _NAMED:,} more: `sonoteca list is:missing`")
    for path in answer.absent[:_NAMED]:
        print_error(FileUnreadable(f"{path} is not there.", "Check the path, and that its disk is mounted."))
    if answer.interrupted:
        # `main` says how to go on.
        raise typer.Exit(interrupts.EXIT_CODE)
    if answer.failed_before:
        note("`sonoteca retry` tries again what failed before")
    if answer.absent and not answer.failed:
        raise typer.Exit(1)
    if answer.failed:
        note("`sonoteca audit` counts failures by reason, `sonoteca retry` tries them again")
        raise typer.Exit(1)
