"""Standard MIDI Files are read as far as they can be: what one odd event, track or header says costs nothing else.

Programs in the wild write key signatures that do not exist, lengths that are not those of their
tracks, chunks of their own, and files that end in the middle. Only notes, tempi and the names of
tracks are taken; all other events are stepped over by their length, whatever they say. Times are
seconds from the start of the file.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sonoteca.domain.melody import Note

_DEFAULT_TEMPO_US = 500_000
_DEFAULT_TICKS_PER_BEAT = 480
_NOTE_OFF, _NOTE_ON, _META = 0x80, 0x90, 0xFF
_TRACK_NAME, _END_OF_TRACK, _SET_TEMPO = 0x03, 0x2F, 0x51
# How many data bytes a message has, by the high half of its status, and for those of the system.
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
# Old Macintosh programs put a header of 128 bytes before the file.
_LATEST_HEADER = 256


class NotMidi(ValueError):
    """The bytes are no MIDI file; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class MidiTrack:
    """One track: its name ("" without one), and its notes per channel (0 to 15) by rising start."""

    name: str
    notes: dict[int, tuple[Note, ...]]


@dataclass(frozen=True, slots=True)
class _Event:
    """An event at a tick of its track; ``data`` are its data bytes, for a meta event what follows its type."""

    tick: int
    status: int
    data: bytes
    meta: int = 0


def read_midi(data: bytes) -> list[MidiTrack]:
    """The tracks of a MIDI file, those without events included.

    A file of format 2 holds pieces that are independent: each track follows its own tempi. Elsewhere
    a change of tempo in any track is one of all. A note that nothing ends lasts until its track does.

    Raises
    ------
    NotMidi
        There is no header, or no event in any track.
    """
    data = _without_wrapper(data)
    if len(data) < 14 or data[:4] != b"MThd":
        raise NotMidi("it does not begin as one" if data[:4] != b"MThd" else "it ends too early")
    size, form, _, division = struct.unpack(">IHHH", data[4:14])
    tracks = [list(_events(chunk)) for chunk in _track_chunks(data, 8 + size)]
    if not any(tracks):
        raise NotMidi("it ends too early, or no track of it can be read")
    common = _Clock(division, [event for track in tracks for event in track])
    return [_track(events, _Clock(division, events) if form == 2 else common) for events in tracks]


def _without_wrapper(data: bytes) -> bytes:
    """What is inside a RIFF file of MIDI, or behind a short foreign header."""
    at = data.find(b"MThd", 0, _LATEST_HEADER)
    return data[at:] if at > 0 else data


def _track_chunks(data: bytes, at: int) -> Iterator[bytes]:
    """The bodies of the track chunks; one whose length leads astray goes on to where the next begins."""
    while (at := _next_chunk(data, at)) < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if end != len(data) and not _is_chunk(data, end):
            # The length is not the track's: it goes on until the next begins, or the file ends.
            end = _next_track(data, at + 8)
        if data[at : at + 4] == b"MTrk":
            yield data[at + 8 : end]
        at = end


def _next_chunk(data: bytes, at: int) -> int:
    """Where the chunk at ``at`` stands, or where the next track begins if there is none; else the end."""
    return at if _is_chunk(data, at) else _next_track(data, at)


def _next_track(data: bytes, at: int) -> int:
    """Where the next track chunk begins, not before ``at``; the end of the file if none does."""
    found = data.find(b"MTrk", at)
    return found if found >= 0 else len(data)


def _is_chunk(data: bytes, at: int) -> bool:
    name = data[at : at + 4]
    return len(data) - at >= 8 and name.isalnum() and name.isascii()


def _events(body: bytes) -> Iterator[_Event]:
    """The events of a track, until it ends or no event can be made out."""
    at, tick, running = 0, 0, 0
    try:
        while at < len(body):
            delta, at = _number(body, at)
            tick += delta
            status = running
            if body[at] >= 0x80:
                status, at = body[at], at + 1
            if status == _META:
                kind = body[at]
                length, at = _number(body, at + 1)
                yield _Event(tick, status, body[at : at + length], kind)
                if kind == _END_OF_TRACK:
                    return
            elif status in (0xF0, 0xF7):
                length, at = _number(body, at)
            elif status >= 0x80:
                high = status & 0xF0
                length = _SYSTEM_DATA_BYTES.get(status, 0) if high == 0xF0 else _DATA_BYTES[high]
                running = running if high == 0xF0 else status
                if at + length > len(body):
                    return
                yield _Event(tick, status, body[at : at + length])
            else:
                # Data without a status that says of what.
                return
            at += length
    except IndexError:
        # The track ends within an event.
        return


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A number of variable length (at most four bytes) and where it ends; IndexError where there is none."""
    value = 0
    for place in range(at, at + 4):
        value = value << 7 | body[place] & 0x7F
        if body[place] < 0x80:
            return value, place + 1
    raise IndexError(at)


class _Clock:
    """Ticks to seconds, through all changes of tempo."""

    def __init__(self, division: int, events: Sequence[_Event]) -> None:
        if division & 0x8000:
            # Frames of film: 25 a second and so many ticks each, whatever the tempo.
            frames = 256 - (division >> 8)
            rate = 30_000 / 1001 if frames == 29 else float(frames)
            self._ticks, self._seconds = [0], [0.0]
            self._per_tick = [1.0 / (rate * (division & 0xFF or 1))]
            return
        beat = division or _DEFAULT_TICKS_PER_BEAT
        self._ticks, self._seconds, self._per_tick = [0], [0.0], [_DEFAULT_TEMPO_US * 1e-6 / beat]
        changes = [event for event in events if event.meta == _SET_TEMPO and len(event.data) == 3]
        for event in sorted(changes, key=lambda change: change.tick):
            # Music of no duration per beat is a slip, and the tempo before it stays.
            if microseconds := int.from_bytes(event.data, "big"):
                self._seconds.append(self.seconds(event.tick))
                self._ticks.append(event.tick)
                self._per_tick.append(microseconds * 1e-6 / beat)

    def seconds(self, tick: int) -> float:
        at = bisect_right(self._ticks, tick) - 1
        return self._seconds[at] + (tick - self._ticks[at]) * self._per_tick[at]


def _track(events: Sequence[_Event], clock: _Clock) -> MidiTrack:
    name = ""
    sounding: dict[tuple[int, int], int] = {}
    notes: dict[int, list[Note]] = defaultdict(list)

    def end(channel: int, pitch: int, tick: int) -> None:
        start_s = clock.seconds(sounding.pop((channel, pitch)))
        notes[channel].append(Note(start_s, max(start_s, clock.seconds(tick)), float(pitch)))

    for event in events:
        if event.status == _META:
            if event.meta == _TRACK_NAME and not name:
                # In any encoding: only letters of ASCII are looked for.
                name = event.data.decode("latin-1")
            continue
        kind, channel = event.status & 0xF0, event.status & 0x0F
        # A pitch beyond 127 is none.
        if kind not in (_NOTE_ON, _NOTE_OFF) or event.data[0] > 127:
            continue
        pitch = event.data[0]
        if (channel, pitch) in sounding:
            end(channel, pitch, event.tick)
        if kind == _NOTE_ON and event.data[1] > 0:
            sounding[channel, pitch] = event.tick
    for (channel, pitch), start in list(sounding.items()):
        if start < events[-1].tick:
            end(channel, pitch, events[-1].tick)
    ordered = {
        channel: tuple(sorted(heard, key=lambda note: (note.start_s, -note.midi))) for channel, heard in notes.items()
    }
    return MidiTrack(name, ordered)
