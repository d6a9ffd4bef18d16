"""A MIDI file without notes holds the grid of an arrangement: tempo, meter, key, section markers, a text for each clip.

Every program with a timeline reads it: the grid and the form arrive, the sounds are laid by hand.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import mido

from sonoteca.arrange.arrangement import Arrangement, Clip
from sonoteca.arrange.sources import Source
from sonoteca.domain.music import Key

TICKS_PER_BEAT = 960
# The key signatures that MIDI knows, by pitch class: those with few accidentals.
_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")


def midi_marker_bytes(arrangement: Arrangement, sources: Mapping[str, Source]) -> bytes:
    """Write a format 1 MIDI file.

    The first track holds tempo (in microseconds per beat, so to 0.001 bpm), time signature, key
    signature and a marker per section; then a track per role holds a text event where each clip
    begins. Texts are UTF-8.

    Parameters
    ----------
    sources : mapping of content hash to Source
        How the sounds are called; one without a file is said to be missing.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    grid = [
        (0, mido.MetaMessage("track_name", name=arrangement.title or "Arrangement")),
        (0, mido.MetaMessage("set_tempo", tempo=round(60e6 / arrangement.tempo_bpm))),
        (0, mido.MetaMessage("time_signature", numerator=arrangement.beats_per_bar, denominator=4)),
    ]
    if arrangement.key is not None:
        grid.append((0, mido.MetaMessage("key_signature", key=_signature(arrangement.key))))
    grid += [
        (_tick(arrangement, section.start_bar), mido.MetaMessage("marker", text=section.name))
        for section in arrangement.sections
    ]
    file.tracks.append(_track(arrangement, grid))
    for role in arrangement.roles:
        events = [(0, mido.MetaMessage("track_name", name=role))]
        events += [
            (
                _tick(arrangement, clip.start_bar),
                mido.MetaMessage("text", text=clip_text(arrangement, clip, sources[clip.content_hash])),
            )
            for clip in arrangement.clips_of(role)
        ]
        file.tracks.append(_track(arrangement, events))
    packed = io.BytesIO()
    file.save(file=packed)
    return packed.getvalue()


def clip_text(arrangement: Arrangement, clip: Clip, source: Source) -> str:
    """Tell what a person needs to lay the clip by hand."""
    shift = f", {clip.semitone_shift:+d} semitones" if clip.semitone_shift else ""
    missing = "" if source.path is not None else ", MISSING"
    name = source.shown.encode("utf-8", "replace").decode()
    return (
        f"{name}{missing}: {clip.start_s:.3f}-{clip.end_s:.3f} s is {arrangement.pass_bars(clip):g} bars, "
        f"played {clip.bars:g} bars, tempo x{clip.tempo_ratio:.4f}{shift}, {clip.gain_db:+.1f} dB"
    )


def _signature(key: Key) -> str:
    return (_MAJOR if key.mode == "major" else _MINOR)[key.tonic]


def _tick(arrangement: Arrangement, bar: float) -> int:
    return round(bar * arrangement.beats_per_bar * TICKS_PER_BEAT)


def _track(arrangement: Arrangement, events: Sequence[tuple[int, mido.MetaMessage]]) -> mido.MidiTrack:
    """Events at absolute ticks as a track that ends with the piece."""
    track = mido.MidiTrack()
    at = 0
    for tick, event in [*events, (_tick(arrangement, arrangement.bars), mido.MetaMessage("end_of_track"))]:
        track.append(event.copy(time=tick - at))
        at = tick
    return track
