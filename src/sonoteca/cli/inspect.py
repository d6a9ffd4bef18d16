"""``sonoteca inspect``: what is heard in files, without a library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.listening_options import (
    GapOption,
    MemoryOption,
    TimeoutOption,
    TrustNamesOption,
    WorkersOption,
    named_paths,
    open_worker_pool,
    warn_of_broken_plugins,
)
from sonoteca.cli.options import JsonOption


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("inspect one.wav", "inspect one.wav two.mp3 --json"))(inspect)


def inspect(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to listen to.", metavar="FILES")] = None,
    paths_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Read paths from this file, one per line or NUL-separated; - is standard input."
        ),
    ] = None,
    workers: WorkersOption = None,
    timeout_s: TimeoutOption = None,
    memory_mb: MemoryOption = None,
    gap_s: GapOption = 0.5,
    trust_names: TrustNamesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Listen to files without a library, and print what was heard.

    With --json it is one line per file, in the order given, failures included.
    """
    import sonoteca
    from sonoteca.cli.output import print_json, print_lines
    from sonoteca.cli.sound_table import print_sound
    from sonoteca.errors import RequestError

    named = named_paths(files, paths_file)
    if not named:
        raise RequestError("No file was named.", "Name files, or give --paths-file.")
    failed = 0
    with open_worker_pool(
        workers, memory_mb, n_files=len(named), gap_s=gap_s, trust_names=trust_names, is_embedding=False
    ) as listener:
        request = sonoteca.InspectRequest(paths=tuple(named), timeout_s=timeout_s)
        warn_of_broken_plugins()
        for number, sound in enumerate(sonoteca.inspect(request, listener=listener)):
            failed += sound["status"] != "ok"
            if as_json:
                print_json(sound)
            else:
                if number:
                    print_lines([""])
                print_sound(sound)
    if failed:
        raise typer.Exit(1)
