"""The recordings that ``sonoteca hum`` and ``tap`` are about: files named, or what the microphone hears now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

FilesArgument = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="What was hummed or tapped.")]
RecordOption = Annotated[
    float | None, typer.Option(min=2, max=60, metavar="SECONDS", help="Record so long instead, from the microphone.")
]

_RATE = 44_100


@contextlib.contextmanager
def recordings(files: list[Path] | None, seconds: float | None) -> Iterator[list[Path]]:
    """The files named, or one WAV file with what the microphone heard, removed afterwards."""
    from sonoteca.errors import RequestError

    if seconds is None and files:
        yield files
        return
    if seconds is None or files:
        raise RequestError("Name a recording, or give --record SECONDS.")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sonoteca-query-") as folder:
        yield [_record(seconds, Path(folder) / "query.wav")]


def _record(seconds: float, path: Path) -> Path:
    import wave

    import numpy as np

    from sonoteca.cli.output import note
    from sonoteca.errors import RequestError

    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise RequestError(
            f"This installation cannot record ({error}).", "pip install 'sonoteca[record]', or name a file."
        ) from error
    note(f"recording {seconds:g} s: go on")
    try:
        samples = sounddevice.rec(round(seconds * _RATE), samplerate=_RATE, channels=1, dtype="float32", blocking=True)
    except sounddevice.PortAudioError as error:
        raise RequestError(f"The microphone cannot be used ({error}).", "Name a file instead.") from error
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(np.round(np.clip(samples[:, 0], -1.0, 1.0) * 32_767).astype("<i2").tobytes())
    return path
