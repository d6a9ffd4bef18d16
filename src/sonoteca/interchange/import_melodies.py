"""Tunes that were never sound: the melodies of lists and of MIDI files, kept to be found by humming."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from sonoteca.catalogue.made import melodies
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.melody import NamedMelody
from sonoteca.domain.request import Request
from sonoteca.errors import SonotecaError
from sonoteca.interchange.melody_list import read_melody_list
from sonoteca.interchange.midi import SUFFIXES, read_midi_melody


class ImportMelodiesRequest(Request):
    """Which list is read: a file ``{"songs": {ID: [[onset ms, duration ms, MIDI pitch], ...]}}``, gzipped or not."""

    file: Path


@dataclass(frozen=True, slots=True)
class ImportMelodiesAnswer:
    """How many melodies were ``found`` in the list, and how many of them are ``new``."""

    request: ImportMelodiesRequest
    found: int
    new: int

    def as_json(self) -> dict[str, Any]:
        return {"found": self.found, "new": self.new}


def import_melodies(library: Library, request: ImportMelodiesRequest) -> ImportMelodiesAnswer:
    """Keep the melodies of a list; those that are there already are left as they are.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    RequestError
        It is not such a list; the message says where.
    """
    found = read_melody_list(request.file)
    with library.write() as connection:
        new = melodies.import_melodies(connection, found, "melody_list")
    return ImportMelodiesAnswer(request, len(found), new)


class ImportMidiRequest(Request):
    """Which MIDI files are read: ``paths`` are files, and folders that hold some at any depth."""

    paths: tuple[Path, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class MidiFailure:
    """A file that could not be read, and why."""

    path: Path
    error: SonotecaError

    def as_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "code": self.error.code, "message": self.error.message}


@dataclass(frozen=True, slots=True)
class ImportMidiAnswer:
    """How many ``files`` there were, how many had a melody and how many of these are ``new``.

    ``without`` counts those that have no tune.
    """

    request: ImportMidiRequest
    files: int
    melodies: int
    new: int
    without: int
    failures: tuple[MidiFailure, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "melodies": self.melodies,
            "new": self.new,
            "without": self.without,
            "failures": [each.as_json() for each in self.failures],
        }


def import_midi(
    library: Library, request: ImportMidiRequest, *, on_failure: Callable[[SonotecaError], None] | None = None
) -> ImportMidiAnswer:
    """Keep the melody of each MIDI file: the track named so, else the most melodic voice.

    Parameters
    ----------
    on_failure : callable, optional
        Told of each file that cannot be read, when it is met; the others are kept.
    """
    files = list(_files(request.paths))
    found: list[NamedMelody] = []
    failures: list[MidiFailure] = []
    for file in files:
        try:
            melody = read_midi_melody(file)
        except SonotecaError as error:
            failures.append(MidiFailure(file, error))
            if on_failure is not None:
                on_failure(error)
            continue
        if melody is not None:
            found.append(melody)
    with library.write() as connection:
        new = melodies.import_melodies(connection, found, "midi")
    without = len(files) - len(found) - len(failures)
    return ImportMidiAnswer(request, len(files), len(found), new, without, tuple(failures))


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
        else:
            yield path
