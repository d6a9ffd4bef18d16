"""Melodies from lists and MIDI files: times, voices, and refusals."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import mido
import pytest

from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.errors import FileUnreadable, NotAudio, RequestError
from sonoteca.interchange.melody_list import read_melody_list
from sonoteca.interchange.midi import read_midi_melody

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
