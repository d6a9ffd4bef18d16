"""Sounds, staged files and quick settings for tests of the queue."""

from __future__ import annotations

from pathlib import Path

import synth
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import Library
from sonoteca.jobs.queue_settings import QueueSettings

QUICK = QueueSettings(look_every_s=0.05, grace_s=0.3)


def sound(path: Path, hz: float = 220.0) -> Path:
    """A short tone as a WAV file."""
    write_wav(path, synth.sine(hz, 0.05))
    return path


def stage(library: Library, name: str, hz: float = 220.0) -> str:
    """A tone in the staging folder; returns its name there."""
    sound(library.data_folder("staging") / f"{name}.wav", hz).rename(library.data_folder("staging") / name)
    return name


def staged_names(library: Library) -> set[str]:
    return {path.name for path in library.data_folder("staging").iterdir()}
