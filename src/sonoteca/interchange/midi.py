"""Melodies of MIDI files: the most melodic track, or the highest voice of a single one."""

from __future__ import annotations

import struct
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import mido

from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.errors import FileUnreadable, NotAudio

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
_DRUM_CHANNEL = 9
_MELODY_WORDS = ("melod", "vocal", "lead", "voice", "sing", "tune")
# Rather a short melody than none, but three notes are no tune.
_FEWEST_NOTES = 4
MAX_BYTES = 32 * 2**20


def read_midi_melody(path: Path) -> NamedMelody | None:
    """The melody of one MIDI file under its file name, or None where no track has a tune.

    A track (or channel) whose name says melody, vocal or lead is taken; else the one that is
    highest, most monophonic and long. Tempo changes are followed.

    Raises
    ------
    FileUnreadable, NotAudio
        The file cannot be read, or is no MIDI file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotAudio(f"{path} is larger than any MIDI file ({MAX_BYTES // 2**20} MB).", "Leave it out.")
        # Lyrics and names may be in any encoding; their bytes do not matter here.
        parsed = mido.MidiFile(path, clip=True)
    except (EOFError, ValueError, IndexError, KeyError, struct.error) as error:
        raise _no_midi(path, error) from error
    except OSError as error:
        if error.errno is None:
            raise _no_midi(path, error) from error
        raise FileUnreadable(f"{path} cannot be read ({error.strerror}).") from error
    voices = _voices(parsed)
    best = max(voices.values(), key=lambda voice: _melodic(voice[0], voice[1]), default=None)
    if best is None or len(best[1]) < _FEWEST_NOTES:
        return None
    return NamedMelody(path.stem, path.stem, _upper_voice(best[1]))


def _no_midi(path: Path, error: Exception) -> NotAudio:
    # The parser says nothing when the file ends too early.
    return NotAudio(f"{path} is not a MIDI file ({str(error) or 'it ends too early'}).", "Leave it out.")


def _voices(parsed: mido.MidiFile) -> dict[tuple[int, int], tuple[str, list[Note]]]:
    """Name and notes per track and channel, drums left out; times in seconds."""
    seconds = _clock(parsed)
    voices: dict[tuple[int, int], tuple[str, list[Note]]] = {}
    for number, track in enumerate(parsed.tracks):
        sounding: dict[tuple[int, int], list[float]] = defaultdict(list)
        notes: dict[int, list[Note]] = defaultdict(list)
        tick = 0
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off") or message.channel == _DRUM_CHANNEL:
                continue
            key = (message.channel, message.note)
            if sounding[key]:
                start_s = sounding[key].pop()
                notes[message.channel].append(Note(start_s, max(start_s, seconds(tick)), float(message.note)))
            if message.type == "note_on" and message.velocity > 0:
                sounding[key].append(seconds(tick))
        for channel, heard in notes.items():
            voices[number, channel] = (track.name, sorted(heard, key=lambda note: (note.start_s, -note.midi)))
    return voices


def _clock(parsed: mido.MidiFile):  # type: ignore[no-untyped-def]
    """Ticks to seconds, through all tempo changes."""
    changes = [(0, 500_000)]
    for track in parsed.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                changes.append((tick, message.tempo))
    changes.sort(key=lambda change: change[0])
    marks = [(0, 0.0, 500_000)]
    for tick, tempo in changes:
        last_tick, last_s, last_tempo = marks[-1]
        now_s = last_s + mido.tick2second(tick - last_tick, parsed.ticks_per_beat or 480, last_tempo)
        marks.append((tick, now_s, tempo))

    def seconds(tick: int) -> float:
        last_tick, last_s, tempo = next(mark for mark in reversed(marks) if mark[0] <= tick)
        return float(last_s + mido.tick2second(tick - last_tick, parsed.ticks_per_beat or 480, tempo))

    return seconds


def _melodic(name: str, notes: list[Note]) -> float:
    """How likely a voice is the tune: its name, its height, and how little it overlaps itself."""
    if not notes:
        return float("-inf")
    named = 100.0 if any(word in name.lower() for word in _MELODY_WORDS) else 0.0
    overlaps = sum(a.end_s > b.start_s + 0.03 for a, b in pairwise(notes)) / len(notes)
    height = sum(note.midi for note in notes) / len(notes)
    return named + 0.3 * height - 20.0 * overlaps + min(len(notes), 200) * 0.05


def _upper_voice(notes: list[Note]) -> tuple[Note, ...]:
    """Of notes that start together the highest."""
    kept: list[Note] = []
    for note in notes:
        if kept and note.start_s - kept[-1].start_s < 0.02:
            continue
        kept.append(note)
    return tuple(kept)
