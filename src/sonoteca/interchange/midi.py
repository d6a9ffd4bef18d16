"""Melodies of MIDI files: the most melodic track, or the highest voice of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.errors import FileUnreadable, NotAudio
from sonoteca.interchange.midi_file import NotMidi, read_midi

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
_DRUM_CHANNEL = 9
_MELODY_WORDS = ("melod", "vocal", "lead", "voice", "sing", "tune")
# Rather a short melody than none, but three notes are no tune.
_FEWEST_NOTES = 4
MAX_BYTES = 32 * 2**20


def read_midi_melody(path: Path) -> NamedMelody | None:
    """The melody of one MIDI file under its file name, or None where no track has a tune.

    A track (or channel) whose name says melody, vocal or lead is taken; else the one that is
    highest, most monophonic and long. Tempo changes are followed. What an odd
    event or a file that is cut short leaves to be read is read.

    Raises
    ------
    FileUnreadable, NotAudio
        The file cannot be read, or is no MIDI file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotAudio(f"{path} is larger than any MIDI file ({MAX_BYTES // 2**20} MB).", "Leave it out.")
        tracks = read_midi(path.read_bytes())
    except NotMidi as error:
        raise NotAudio(f"{path} is not a MIDI file ({error}).", "Leave it out.") from error
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read ({error.strerror}).") from error
    voices = [
        (track.name, notes) for track in tracks for channel, notes in track.notes.items() if channel != _DRUM_CHANNEL
    ]
    best = max(voices, key=lambda voice: _melodic(*voice), default=None)
    if best is None or len(best[1]) < _FEWEST_NOTES:
        return None
    return NamedMelody(path.stem, path.stem, _upper_voice(best[1]))


def _melodic(name: str, notes: Sequence[Note]) -> float:
    """How likely a voice is the tune: its name, its height, and how little it overlaps itself."""
    named = 100.0 if any(word in name.lower() for word in _MELODY_WORDS) else 0.0
    overlaps = sum(a.end_s > b.start_s + 0.03 for a, b in pairwise(notes)) / len(notes)
    height = sum(note.midi for note in notes) / len(notes)
    return named + 0.3 * height - 20.0 * overlaps + min(len(notes), 200) * 0.05


def _upper_voice(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Of notes that start together the highest."""
    kept: list[Note] = []
    for note in notes:
        if kept and note.start_s - kept[-1].start_s < 0.02:
            continue
        kept.append(note)
    return tuple(kept)
