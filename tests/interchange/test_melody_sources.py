"""Melodies from lists and MIDI files: times, voices, and refusals."""

from __future__ import annotations

import gzip
import json
import struct
import time
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.errors import FileUnreadable, NotAudio, RequestError
from sonoteca.interchange.import_melodies import ImportMidiRequest, import_midi
from sonoteca.interchange.melody_list import read_melody_list
from sonoteca.interchange.midi import read_midi_melody
from sonoteca.interchange.midi_file import NotMidi, read_midi

TUNE = [60, 62, 64, 65, 67, 65, 64, 62]


@pytest.mark.parametrize("packed", [False, True])
def test_a_list_is_read_in_seconds(tmp_path: Path, packed: bool) -> None:
    text = json.dumps({"songs": {"001": [[500, 250, 60], [1000, 500, 62]]}, "unit": "ms"}).encode()
    path = tmp_path / "list.json"
    path.write_bytes(gzip.compress(text) if packed else text)
    (melody,) = read_melody_list(path)
    assert melody.external_id == "001"
    assert melody.notes == (Note(0.5, 0.75, 60.0), Note(1.0, 1.5, 62.0))
    assert melody.duration_s == 1.5


@pytest.mark.parametrize(
    "content",
    [b"not json", b"[]", b'{"songs": 3}', b'{"songs": {"a": [[1, 2]]}}', b'{"songs": {"a": [[-5, 2, 60]]}}',
     b'{"songs": {"a": [[0, 2, 128]]}}', b'{"songs": {"a": "CDE"}}'],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=str(path)):
        read_melody_list(path)


def test_a_cut_gzip_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "list.json.gz"
    path.write_bytes(gzip.compress(b'{"songs": {}}' * 1000)[:30])
    with pytest.raises(FileUnreadable):
        read_melody_list(path)


def track(name: str, pitches: list[int], *, channel: int, length: int = 240) -> mido.MidiTrack:
    made = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    for pitch in pitches:
        made.append(mido.Message("note_on", note=pitch, velocity=80, channel=channel, time=0))
        made.append(mido.Message("note_off", note=pitch, velocity=0, channel=channel, time=length))
    return made


def midi_file(
    path: Path, *tracks: mido.MidiTrack, tempo_changes: tuple[tuple[int, int], ...] = ((0, 500_000),)
) -> Path:
    parsed = mido.MidiFile(ticks_per_beat=480)
    conductor, last = mido.MidiTrack(), 0
    for tick, tempo in tempo_changes:
        conductor.append(mido.MetaMessage("set_tempo", tempo=tempo, time=tick - last))
        last = tick
    parsed.tracks += [conductor, *tracks]
    parsed.save(path)
    return path


def test_the_named_melody_wins_over_a_higher_voice(tmp_path: Path) -> None:
    path = midi_file(tmp_path / "song.mid", track("Bells", [96] * 8, channel=1), track("MELODY", TUNE, channel=0))
    melody = read_midi_melody(path)
    assert melody is not None
    assert melody.external_id == "song"
    assert [note.midi for note in melody.notes] == TUNE
    assert melody.notes[1].start_s == pytest.approx(0.25)


def test_without_names_the_highest_single_voice_is_the_tune_and_drums_never(tmp_path: Path) -> None:
    path = midi_file(
        tmp_path / "song.mid",
        track("a", [36, 38, 36, 38] * 10, channel=9),
        track("b", [40] * 8, channel=2),
        track("c", [note + 12 for note in TUNE], channel=3),
    )
    melody = read_midi_melody(path)
    assert melody is not None
    assert [note.midi for note in melody.notes] == [note + 12 for note in TUNE]


def test_tempo_changes_are_followed(tmp_path: Path) -> None:
    path = midi_file(
        tmp_path / "song.mid",
        track("lead", TUNE, channel=0, length=480),
        tempo_changes=((0, 500_000), (960, 1_000_000)),
    )
    melody = read_midi_melody(path)
    assert melody is not None
    starts = [note.start_s for note in melody.notes]
    assert starts == pytest.approx([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def test_a_file_without_a_tune_gives_none(tmp_path: Path) -> None:
    assert read_midi_melody(midi_file(tmp_path / "drums.mid", track("d", [36] * 20, channel=9))) is None


@pytest.mark.parametrize(
    "content", [b"", b"MThd", b"RIFF" * 10, b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\xff\xff"]
)
def test_what_is_no_midi_file_is_an_error_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(NotAudio, match="MIDI"):
        read_midi_melody(path)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_midi_melody(tmp_path / "gone.mid")


def test_identity_is_name_and_notes() -> None:
    one = NamedMelody("001", "one", (Note(0.0, 1.0, 60.0),))
    assert one.content_hash == NamedMelody("001", "another title", (Note(0.0, 1.0, 60.0),)).content_hash
    assert one.content_hash != NamedMelody("002", "one", (Note(0.0, 1.0, 60.0),)).content_hash
    assert one.content_hash != NamedMelody("001", "one", (Note(0.0, 1.0, 60.5),)).content_hash
    assert one.content_hash.startswith("mel1:")


def events(*, first: bytes = b"", bad: bytes = b"", running: bool = False, end: bytes = b"\0\xff\x2f\0") -> bytes:
    """TUNE in steps of 240 ticks as the events of a track; ``first`` comes before it, ``bad`` after its third note."""
    made = first
    for at, pitch in enumerate(TUNE):
        on = b"" if running and at else b"\x90"
        made += b"\0" + on + bytes([pitch, 80]) + b"\x81\x70" + (b"" if running else b"\x90") + bytes([pitch, 0])
        made += bad if at == 2 else b""
    return made + end


def chunk(body: bytes, *, name: bytes = b"MTrk", length: int | None = None) -> bytes:
    return name + struct.pack(">I", len(body) if length is None else length) + body


def header(*, form: int = 0, tracks: int = 1, division: int = 480, more: bytes = b"") -> bytes:
    return chunk(struct.pack(">HHH", form, tracks, division) + more, name=b"MThd")


KEY_OF_8_SHARPS, KEY_OF_NO_MODE, SHORT_KEY = b"\0\xff\x59\x02\x08\x00", b"\0\xff\x59\x02\x00\x07", b"\0\xff\x59\x00"
ODD_FILES = {
    "key of eight sharps": header() + chunk(events(first=KEY_OF_8_SHARPS)),
    "key of no mode": header() + chunk(events(first=KEY_OF_NO_MODE)),
    "key signature without a key": header() + chunk(events(first=SHORT_KEY)),
    "time signature too short": header() + chunk(events(first=b"\0\xff\x58\x01\x04")),
    "tempo of two bytes": header() + chunk(events(first=b"\0\xff\x51\x02\x07\xa1")),
    "tempo of nothing": header() + chunk(events(first=b"\0\xff\x51\x03\0\0\0")),
    "name in Shift-JIS": header() + chunk(events(first=b"\0\xff\x03\x04\x83\x81\x83\x8d")),
    "unknown meta event": header() + chunk(events(bad=b"\0\xff\x6e\x03abc")),
    "SMPTE offset beyond the day": header() + chunk(events(first=b"\0\xff\x54\x05\x7f\x7f\x7f\x7f\x7f")),
    "pitch beyond 127": header() + chunk(events(bad=b"\0\x90\xfd\x4b\0\x90\xfd\0")),
    "running status": header() + chunk(events(running=True)),
    "running status after a name": header() + chunk(events(running=True, bad=b"\0\xff\x01\x01a")),
    "system exclusive": header() + chunk(events(bad=b"\0\xf0\x03\x7e\x7f\xf7")),
    "clock in a file": header() + chunk(events(bad=b"\0\xf8")),
    "no end of track": header() + chunk(events(end=b"")),
    "length too long": header() + chunk(events(), length=99_999),
    "length too short": header() + chunk(events(), length=20),
    "last track cut off": header(form=1, tracks=2) + chunk(events()) + chunk(events(), length=999)[:30],
    "cut within a number": header(form=1, tracks=2) + chunk(events()) + chunk(b"\x81"),
    "a chunk of somebody's own": header() + chunk(b"abcde", name=b"XFIH") + chunk(events()),
    "longer header": header(more=b"\0\0") + chunk(events()),
    "more tracks said than there are": header(form=1, tracks=9) + chunk(events()),
    "junk behind": header() + chunk(events()) + b"\0" * 37,
    "junk before": b"\0" * 128 + header() + chunk(events()),
    "in RIFF": b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + header() + chunk(events()),
    "division of nothing": header(division=0) + chunk(events()),
    "empty track first": header(form=1, tracks=2) + chunk(b"") + chunk(events()),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_read_as_far_as_it_can_be(tmp_path: Path, name: str) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(ODD_FILES[name])
    melody = read_midi_melody(path)
    assert melody is not None
    assert [note.midi for note in melody.notes] == TUNE
    # 240 of 480 ticks a beat at 120 bpm.
    assert [note.start_s for note in melody.notes] == pytest.approx([0.25 * at for at in range(len(TUNE))])
    assert melody.duration_s == pytest.approx(0.25 * len(TUNE))


@pytest.mark.parametrize(("frames", "rate"), [(24, 24.0), (25, 25.0), (29, 30_000 / 1001), (30, 30.0)])
def test_a_division_of_film_counts_frames_whatever_the_tempo(tmp_path: Path, frames: int, rate: float) -> None:
    path = tmp_path / "song.mid"
    tempo = b"\0\xff\x51\x03\x03\xd0\x90"
    path.write_bytes(header(division=(256 - frames) << 8 | 40) + chunk(events(first=tempo)))
    melody = read_midi_melody(path)
    assert melody is not None
    assert melody.notes[1].start_s == pytest.approx(240 / 40 / rate)


def test_a_track_that_breaks_off_keeps_the_notes_before(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes((header() + chunk(events()))[: 14 + 8 + 5 * 9 + 4])
    melody = read_midi_melody(path)
    assert melody is not None
    assert [note.midi for note in melody.notes] == TUNE[:5]


def test_independent_pieces_follow_their_own_tempi(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    slow = b"\0\xff\x51\x03\x0f\x42\x40"
    named = b"\0\xff\x03\x04lead"
    path.write_bytes(header(form=2, tracks=2) + chunk(slow + b"\0\xff\x2f\0") + chunk(events(first=named)))
    melody = read_midi_melody(path)
    assert melody is not None
    assert melody.notes[1].start_s == pytest.approx(0.25)


def test_a_file_that_cannot_be_read_does_not_end_a_folders_import(library: Library, tmp_path: Path) -> None:
    (tmp_path / "good.mid").write_bytes(header() + chunk(events()))
    (tmp_path / "odd.mid").write_bytes(ODD_FILES["key of eight sharps"])
    (tmp_path / "no.mid").write_bytes(b"no MIDI at all")
    done = import_midi(library, ImportMidiRequest(paths=(tmp_path,)))
    assert (done.files, done.melodies, done.new) == (3, 2, 2)
    assert [(each.path.name, each.error.code) for each in done.failures] == [("no.mid", "not_audio")]


def test_very_many_foreign_chunks_are_stepped_over_at_once() -> None:
    """Each is looked at once: were all that follows searched for a track at each of them, it would take a minute."""
    began = time.monotonic()
    (only,) = read_midi(header() + b"abcd\0\0\0\0" * 100_000 + chunk(events()))
    assert len(only.notes[0]) == len(TUNE)
    with pytest.raises(NotMidi):
        read_midi(header() + b"abcd\0\0\0\0" * 100_000)
    assert time.monotonic() - began < 5.0


@given(st.binary(max_size=120))
def test_whatever_stands_behind_the_header_gives_tracks_or_a_refusal(body: bytes) -> None:
    try:
        tracks = read_midi(header() + chunk(body))
    except NotMidi:
        return
    for track in tracks:
        for notes in track.notes.values():
            assert all(0 <= note.midi <= 127 and 0.0 <= note.start_s <= note.end_s for note in notes)
