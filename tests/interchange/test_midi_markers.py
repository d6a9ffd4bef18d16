"""MIDI files of arrangements: tempo, meter, key, sections and clips at their ticks."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings

from arrangement_samples import a_clip, a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.sources import Source
from sonoteca.domain.music import Key
from sonoteca.interchange.midi_markers import TICKS_PER_BEAT, midi_marker_bytes


def written(arrangement: Arrangement, *, missing: bool = False) -> mido.MidiFile:
    sources = {
        clip.content_hash: Source(clip.content_hash, "Wärme \udce9.wav", path=None if missing else Path("/w.wav"))
        for clip in arrangement.clips
    }
    content = midi_marker_bytes(arrangement, sources)
    assert content == midi_marker_bytes(arrangement, sources)
    return mido.MidiFile(file=io.BytesIO(content), charset="utf-8")


def at_beats(track: mido.MidiTrack, kind: str) -> list[tuple[float, str]]:
    tick, found = 0, []
    for message in track:
        tick += message.time
        if message.type == kind:
            found.append((tick / TICKS_PER_BEAT, message.text))
    return found


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_grid_sections_and_clips_are_at_their_places(arrangement: Arrangement) -> None:
    file = written(arrangement)
    grid, *tracks = file.tracks
    beats = arrangement.beats_per_bar
    events = {message.type: message for message in grid}
    assert mido.tempo2bpm(events["set_tempo"].tempo) == pytest.approx(arrangement.tempo_bpm, rel=1e-5)
    assert (events["time_signature"].numerator, events["time_signature"].denominator) == (beats, 4)
    assert at_beats(grid, "marker") == [(s.start_bar * beats, s.name) for s in arrangement.sections]
    assert [track.name for track in tracks] == list(arrangement.roles)
    for track, role in zip(tracks, arrangement.roles, strict=True):
        starts = [tick for tick, _ in at_beats(track, "text")]
        assert starts == pytest.approx([clip.start_bar * beats for clip in arrangement.clips_of(role)], abs=1 / 900)
    for track in file.tracks:
        assert sum(message.time for message in track) == arrangement.bars * beats * TICKS_PER_BEAT
        assert not [message for message in track if not message.is_meta]


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_has_a_signature(tonic: int, mode: str) -> None:
    key = Key(tonic, mode)  # type: ignore[arg-type]
    (signature,) = (m.key for m in written(a_song(key=key)).tracks[0] if m.type == "key_signature")
    assert Key.parse(signature) == key
    assert not [m for m in written(a_song(key=None)).tracks[0] if m.type == "key_signature"]


def test_a_clip_says_how_to_lay_it_by_hand() -> None:
    song = a_song(clips=(a_clip("bass", 4, 8, end_s=8.8, tempo_ratio=1.1, semitone_shift=-3, gain_db=1.5),))
    ((beat, text),) = at_beats(written(song).tracks[1], "text")
    assert beat == 16
    assert text == "Wärme ?.wav: 0.000-8.800 s is 4 bars, played 8 bars, tempo x1.1000, -3 semitones, +1.5 dB"
    ((_, text),) = at_beats(written(song, missing=True).tracks[1], "text")
    assert "MISSING" in text
