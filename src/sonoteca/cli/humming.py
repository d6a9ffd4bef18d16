"""``sonoteca hum`` and ``tap``: where is the tune I am humming, the rhythm I am tapping."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sonoteca.cli.options import (
    CountOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    allowed_regions,
    open_named_library,
)

if TYPE_CHECKING:
    from sonoteca.catalogue.store.library import Library
    from sonoteca.errors import SonotecaError
    from sonoteca.search.hum.library_rhythms import RhythmAnswer
    from sonoteca.search.hum.library_tunes import TuneAnswer

Heard = TypeVar("Heard")
Index = TypeVar("Index")

FilesArgument = Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Recordings of the query.")]
RecordOption = Annotated[float | None, typer.Option(min=2, max=60, help="Record so many seconds instead.")]


def register(app: typer.Typer) -> None:
    app.command()(hum)
    app.command()(tap)


def hum(
    files: FilesArgument = None,
    record: RecordOption = None,
    count: CountOption = 10,
    only: FilterOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the loop, the track, the moment where a hummed, sung or whistled tune is.

    The answer is found, maybe one of these, or please hum again. With several FILEs and --json: one line each.
    """
    from sonoteca.search.hum.hear_query import hear_queries
    from sonoteca.search.hum.library_tunes import find_tune_in_library, open_melody_index

    _answer(files, record, count, only, library, as_json, hear_queries, open_melody_index, find_tune_in_library)


def tap(
    files: FilesArgument = None,
    record: RecordOption = None,
    count: CountOption = 10,
    only: FilterOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find drum loops and breaks by a tapped or beatboxed rhythm, at any tempo."""
    from sonoteca.search.hum.hear_query import hear_taps
    from sonoteca.search.hum.library_rhythms import find_rhythm_in_library, rhythm_index

    _answer(files, record, count, only, library, as_json, hear_taps, rhythm_index, find_rhythm_in_library)


def _answer(
    files: list[Path] | None,
    record: float | None,
    count: int,
    only: str | None,
    library: str | None,
    as_json: bool,
    hear: Callable[[list[Path]], Iterator[Heard | SonotecaError]],
    open_index: Callable[[Library], Index],
    find: Callable[..., TuneAnswer | RhythmAnswer],
) -> None:
    """Hear each recording, look for it in the index of the library, print what was found."""
    from sonoteca.cli.answer_table import print_results
    from sonoteca.cli.output import note, print_json

    with _recordings(files, record) as named, open_named_library(library, mode="read") as opened:
        index = open_index(opened)
        where = allowed_regions(opened, only)
        for name, heard in zip(named, hear(named), strict=True):
            if isinstance(heard, Exception):
                raise heard
            found = find(opened, index, heard, count, where=where)
            if as_json:
                print_json(found.as_json({"file": str(name), "filter": only, "k": count}))
                continue
            for sentence in found.sentences():
                note(f"{name}: {sentence}")
            print_results(found.rows)


@contextlib.contextmanager
def _recordings(files: list[Path] | None, seconds: float | None) -> Iterator[list[Path]]:
    """The files named, or one WAV file with what the microphone heard, removed afterwards."""
    from sonoteca.errors import RequestError

    if seconds is None and files:
        yield files
        return
    if seconds is None or files:
        raise RequestError("Name a recording, or give --record SECONDS.")
    with tempfile.TemporaryDirectory(prefix="sonoteca-query-") as folder:
        yield [_record(seconds, Path(folder) / "query.wav")]


def _record(seconds: float, path: Path) -> Path:
    import numpy as np

    from sonoteca.audio.encode import write_wav
    from sonoteca.audio.signal import AudioSignal
    from sonoteca.cli.output import note
    from sonoteca.errors import RequestError

    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise RequestError(
            f"This installation cannot record ({error}).", "pip install 'sonoteca[record]', or name a file."
        ) from error
    rate = 44_100
    note(f"recording {seconds:g} s: go on")
    try:
        samples = sounddevice.rec(round(seconds * rate), samplerate=rate, channels=1, dtype="float32", blocking=True)
    except sounddevice.PortAudioError as error:
        raise RequestError(f"The microphone cannot be used ({error}).", "Name a file instead.") from error
    write_wav(path, AudioSignal(np.ascontiguousarray(samples.T), rate))
    return path
