"""Lists of melodies: ``{"songs": {id: [[onset ms, duration ms, MIDI pitch], ...]}}``, JSON, gzipped or not."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.errors import FileUnreadable, RequestError

# A list of a million melodies is 2 GB of JSON; more is no list of melodies.
MAX_BYTES = 2 * 2**30
_FORM = 'It has to be {"songs": {ID: [[onset ms, duration ms, MIDI pitch], ...]}}.'


def read_melody_list(path: Path) -> list[NamedMelody]:
    """All melodies of a list, in its order.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    RequestError
        It is not such a list; the message says where.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileUnreadable(f"{path} cannot be read ({error}).") from error
    if len(text) > MAX_BYTES:
        raise RequestError(f"{path} unpacks to more than {MAX_BYTES // 2**20} MB: that is no list of melodies.")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise RequestError(f"{path} is not JSON ({error}).", _FORM) from error
    songs = content.get("songs", content) if isinstance(content, dict) else None
    if not isinstance(songs, dict):
        raise RequestError(f"{path} has no object of songs.", _FORM)
    return [NamedMelody(str(name), str(name), _notes(path, str(name), rows)) for name, rows in songs.items()]


def _notes(path: Path, name: str, rows: Any) -> tuple[Note, ...]:
    try:
        notes = [Note(onset / 1000, (onset + length) / 1000, float(midi)) for onset, length, midi in rows]
    except (TypeError, ValueError) as error:
        raise RequestError(f"{path}: song {name} is not a list of [onset ms, duration ms, MIDI pitch].") from error
    if any(note.start_s < 0 or note.end_s < note.start_s or not 0 <= note.midi <= 127 for note in notes):
        raise RequestError(f"{path}: song {name} has a note before 0, of negative length, or outside MIDI 0 to 127.")
    return tuple(sorted(notes, key=lambda note: (note.start_s, -note.midi)))
