"""``sonoteca add``, ``inspect``, ``retry`` and ``demo``: listening."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, analysis_settings, open_named_library

if TYPE_CHECKING:
    from sonoteca.ingest.add import AddOptions
    from sonoteca.ingest.report import AddSummary

WorkersOption = Annotated[
    int | None, typer.Option(min=1, max=512, help="Worker processes; default: one per processor.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(min=0.1, help="Deadline of one file in seconds; default: 60 s and a fifth of its length."),
]
MemoryOption = Annotated[int | None, typer.Option(min=200, help="Memory one worker may use, in MB; default 2000.")]
FailedLogOption = Annotated[Path | None, typer.Option(help="Append every failure to this file as a JSON line.")]
GapOption = Annotated[float, typer.Option(min=0.01, help="Silence that separates two events, in seconds.")]


def register(app: typer.Typer) -> None:
    app.command()(add)
    app.command()(inspect)
    app.command()(retry)
    app.command()(demo)


def add(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders.", metavar="PATHS...")] = None,
    paths_file: Annotated[
        list[Path] | None, typer.Option(help="A file with one path per line (or NUL-separated); - is standard input.")
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    failed_log: FailedLogOption = None,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Results one transaction may hold back.")] = 32,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Leave out what matches this glob; may be repeated.")
    ] = None,
    gap_s: GapOption = 0.5,
    trust_names: Annotated[
        bool | None, typer.Option(help="Believe tempo and key in file names over the analysis.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Analyse again what is done or has failed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    accept_missing: Annotated[
        bool, typer.Option("--accept-missing", help="Mark files missing even if most of a folder vanished at once.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Not needed: every run resumes, because the library itself is the checkpoint."),
    ] = False,
    checkpoint_file: Annotated[
        Path | None, typer.Option(help="Not needed, and not read: the library itself is the checkpoint.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Walk folders, listen to everything new or changed, and keep it in the library: the main job.

    A run that was stopped, killed or crashed is continued by running it again. Nothing on disk is changed.
    """
    from sonoteca.cli.output import note, print_json
    from sonoteca.cli.progress import ProgressBar
    from sonoteca.errors import RequestError
    from sonoteca.ingest.add import add as add_paths
    from sonoteca.ingest.paths_file import read_paths
    from sonoteca.search.indexing import update_indexes

    named: list[str] = [*map(str, paths or []), *(path for file in paths_file or [] for path in read_paths(file))]
    if not named:
        raise RequestError("Nothing to add was named.", "Name files or folders, or give --paths-file.")
    if resume or checkpoint_file:
        note("every run resumes by itself: --resume and --checkpoint-file are not needed")
    options = _options(
        workers,
        timeout_s,
        memory_mb,
        failed_log,
        gap_s=gap_s,
        trust_names=trust_names,
        checkpoint_every=checkpoint_every,
        exclude=tuple(exclude or ()),
        force=force,
        dry_run=dry_run,
        accept_missing=accept_missing,
    )
    _warn_of_broken_plugins()
    with open_named_library(library, mode="create") as opened, ProgressBar(quiet=as_json) as progress:
        summary = add_paths(opened, named, options, progress, after_stored=update_indexes)
    if as_json:
        print_json(_summary_json(summary))
    _end(summary)


def retry(
    codes: Annotated[
        list[str] | None, typer.Argument(help="Only failures with these codes, e.g. timeout crash.")
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    failed_log: FailedLogOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try again what failed, e.g. with a larger --timeout-s or --memory-mb."""
    from sonoteca.cli.output import print_json
    from sonoteca.cli.progress import ProgressBar
    from sonoteca.ingest.add import retry as retry_failed
    from sonoteca.search.indexing import update_indexes

    options = _options(workers, timeout_s, memory_mb, failed_log)
    with open_named_library(library, mode="write") as opened, ProgressBar(quiet=as_json) as progress:
        summary = retry_failed(opened, options, progress, codes=tuple(codes or ()), after_stored=update_indexes)
    if as_json:
        print_json(_summary_json(summary))
    _end(summary)


def inspect(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to listen to.", metavar="FILES...")] = None,
    paths_file: Annotated[
        list[Path] | None, typer.Option(help="A file with one path per line; - is standard input.")
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    gap_s: GapOption = 0.5,
    trust_names: Annotated[
        bool | None, typer.Option(help="Believe tempo and key in file names over the analysis.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Listen to files without a library. With --json: one line per file, in the order given, failures included."""
    from sonoteca.cli.output import console, print_json
    from sonoteca.cli.sound_table import print_sound
    from sonoteca.errors import RequestError
    from sonoteca.ingest.inspect import inspect_files
    from sonoteca.ingest.paths_file import read_paths

    named = [*map(str, files or []), *(path for file in paths_file or [] for path in read_paths(file))]
    if not named:
        raise RequestError("No file was named.", "Name files, or give --paths-file.")
    options = _options(workers, timeout_s, memory_mb, None, gap_s=gap_s, trust_names=trust_names)
    _warn_of_broken_plugins()
    failed = 0
    for number, sound in enumerate(inspect_files(named, options)):
        failed += sound["status"] != "ok"
        if as_json:
            print_json(sound)
        else:
            if number:
                console().print()
            print_sound(sound)
    if failed:
        raise typer.Exit(1)


def demo(
    music: Annotated[Path | None, typer.Option(help="Your own folder instead of the made sounds.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo library and its sounds are kept.")] = Path(
        "demo-library"
    ),
    workers: WorkersOption = None,
) -> None:
    """Run the main job on a small library: make it, listen to it, show what was found and what is similar."""
    from sonoteca.cli.demonstration import demonstrate

    options = _options(workers, None, None, None)
    if demonstrate(folder, music, options).failed:
        raise typer.Exit(1)


def _options(
    workers: int | None,
    timeout_s: float | None,
    memory_mb: int | None,
    failed_log: Path | None,
    *,
    gap_s: float = 0.5,
    trust_names: bool | None = None,
    **others: Any,
) -> AddOptions:
    from sonoteca.ingest.add import AddOptions
    from sonoteca.settings import load_settings

    settings = load_settings()
    return AddOptions(
        workers=workers or settings.workers,
        timeout_s=timeout_s,
        memory_mb=memory_mb or settings.memory_mb,
        failed_log=failed_log,
        ears=analysis_settings(gap_s=gap_s, trust_names=trust_names),
        **others,
    )


def _warn_of_broken_plugins() -> None:
    from sonoteca.cli.output import print_error
    from sonoteca.plugins import broken_plugins

    for error in broken_plugins():
        print_error(error)


def _summary_json(summary: AddSummary) -> dict[str, Any]:
    from dataclasses import asdict

    values = asdict(summary)
    values["failures"] = [
        {
            "path": failure.path,
            "stage": failure.stage,
            "code": failure.error.code if failure.error else None,
            "message": failure.error.message if failure.error else None,
            "remedy": failure.error.remedy if failure.error else None,
        }
        for failure in summary.failures
    ]
    values["warnings"] = list(summary.warnings)
    return values


def _end(summary: AddSummary) -> None:
    """The closing sentence, and the exit code it deserves."""
    from sonoteca.cli.output import note

    for warning in summary.warnings:
        note(warning)
    note(summary.sentence())
    if summary.interrupted:
        note("stopped; what was finished is stored, run the same command to go on")
        raise typer.Exit(130)
    if summary.failed:
        note("`sonoteca audit` counts failures by reason, `sonoteca retry` tries them again")
        raise typer.Exit(1)
