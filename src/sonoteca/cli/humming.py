"""``sonoteca hum``: where is the tune I am humming, singing or whistling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    import contextlib


def register(app: typer.Typer) -> None:
    app.command()(hum)


def hum(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Recordings of somebody humming.")
    ] = None,
    record: Annotated[float | None, typer.Option(min=2, max=60, help="Record so many seconds instead.")] = None,
    count: Annotated[int, typer.Option("-k", "--count", min=1, max=1000, help="How many.")] = 10,
    only: Annotated[str | None, typer.Option("--filter", "-f", help="Only sounds that this query finds.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the loop, the track, the moment where a hummed, sung or whistled tune is.

    The answer is found, maybe one of these, or please hum again. With several FILEs and --json: one line each.
    """
    from sonoteca.cli.answering import print_results
    from sonoteca.cli.output import note, print_json
    from sonoteca.errors import RequestError
    from sonoteca.search.hum.hear_query import hear_queries
    from sonoteca.search.hum.library_tunes import find_tune_in_library, open_melody_index
    from sonoteca.search.selection import region_selection

    if (record is None) == (not files):
        raise RequestError("Name a recording, or give --record SECONDS.")
    with _recorded(record) as recorded, open_named_library(library, mode="read") as opened:
        named = list(files or [recorded])
        index = open_melody_index(opened)
        where = None
        if only:
            with opened.read() as connection:
                where = list(connection.execute(region_selection(connection, query_text([only]))).scalars())
        for name, heard in zip(named, hear_queries(named), strict=True):
            if isinstance(heard, Exception):
                raise heard
            found = find_tune_in_library(opened, index, heard, count, where=where)
            if as_json:
                print_json(found.as_json({"file": str(name), "filter": only, "k": count}))
                continue
            note(f"{name}: {found.answer.verdict.replace('_', ' ')} ({found.answer.confidence:.0%} sure)")
            if found.answer.message:
                note(found.answer.message)
            print_results(found.rows)


def _recorded(seconds: float | None) -> contextlib.AbstractContextManager[Path]:
    """A WAV file with what the microphone heard, removed afterwards; an empty path if nothing is to be recorded."""
    import contextlib

    if seconds is None:
        return contextlib.nullcontext(Path())
    return _recording(seconds)


def _recording(seconds: float) -> contextlib.AbstractContextManager[Path]:
    import contextlib
    import tempfile

    import numpy as np

    from sonoteca.audio.encode import write_wav
    from sonoteca.audio.signal import AudioSignal
    from sonoteca.cli.output import note
    from sonoteca.errors import RequestError

    @contextlib.contextmanager
    def manager():  # type: ignore[no-untyped-def]
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise RequestError(
                f"This installation cannot record ({error}).", "pip install 'sonoteca[record]', or name a file."
            ) from error
        rate = 44_100
        note(f"recording {seconds:g} s: hum now")
        try:
            samples = sounddevice.rec(
                round(seconds * rate), samplerate=rate, channels=1, dtype="float32", blocking=True
            )
        except sounddevice.PortAudioError as error:
            raise RequestError(f"The microphone cannot be used ({error}).", "Name a file instead.") from error
        with tempfile.TemporaryDirectory(prefix="sonoteca-hum-") as folder:
            path = Path(folder) / "hum.wav"
            write_wav(path, AudioSignal(np.ascontiguousarray(samples.T), rate))
            yield path

    return manager()
