"""Loops on paper: regions of parts whose notes, onsets and tempo are known, without any sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sonoteca.domain.beat_profile import NOTE_GROUPS, REGISTERS, STEPS_PER_BEAT, BeatProfile
from sonoteca.domain.descriptor import BEAT_PROFILE, CHROMA, QUALITY, ROLE
from sonoteca.domain.vocabulary import Role
from sonoteca.match.region_table import RegionStatement, RegionTable, region_table_of

TRIADS = {"maj": (0, 4, 7), "min": (0, 3, 7)}
# Eight bars in A minor that no transposition of themselves resembles.
SONG = ("A:min", "F:maj", "C:maj", "G:maj", "D:min", "E:maj", "A:min", "E:maj")
NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "Bb": 10, "Eb": 3}


def pitch_classes(chord: str, semitones: int = 0) -> list[int]:
    name, quality = chord.split(":")
    return [(NAMES[name] + step + semitones) % 12 for step in TRIADS[quality]]


def statement(
    chords: Sequence[str] = SONG,
    *,
    role: Role = Role.HARMONY,
    semitones: int = 0,
    tempo_bpm: float = 120.0,
    heard_at_level: float = 1.0,
    beats_per_bar: int = 4,
    accents: Sequence[int] = (0,),
    register: str = "mid",
    name: str = "loop",
    scores: Mapping[str, float] | None = None,
    columns: Mapping[str, Any] | None = None,
    quality: Sequence[str] = (),
    vector: Sequence[float] | None = None,
) -> RegionStatement:
    """A loop of one chord per bar; a bass plays the roots. ``accents`` are steps of the bar at which something starts.

    ``heard_at_level`` 2 is a loop whose tempo was heard twice as fast as it is.
    """
    beats = beats_per_bar * len(chords)
    notes = np.zeros((beats, len(NOTE_GROUPS), 12), np.float32)
    onsets = np.zeros((beats, len(REGISTERS), STEPS_PER_BEAT), np.float32)
    if role is not Role.DRUMS:
        for bar, chord in enumerate(chords):
            tones = pitch_classes(chord, semitones)
            span = slice(bar * beats_per_bar, (bar + 1) * beats_per_bar)
            notes[span, 0][:, tones[:1] if role is Role.BASS else tones] = 1.0
            notes[span, 1, tones[0]] = 1.0
    for bar in range(len(chords)):
        for accent in accents:
            beat, step = divmod(accent, STEPS_PER_BEAT)
            onsets[bar * beats_per_bar + beat, REGISTERS.index(register), step] = 2.0
    factor = round(heard_at_level)
    rows_of_notes = np.repeat(notes.reshape(beats, -1), factor, axis=0)
    timeline = onsets.transpose(0, 2, 1).reshape(-1, len(REGISTERS))
    stretched = np.repeat(timeline, factor, axis=0).reshape(beats * factor, STEPS_PER_BEAT, -1)
    rows_of_onsets = stretched.transpose(0, 2, 1).reshape(beats * factor, -1)
    beat_s = 60.0 / (tempo_bpm * factor)
    profile = BeatProfile(0.0, beat_s, beats_per_bar, True, rows_of_notes, rows_of_onsets)
    values: dict[str, Any] = {
        ROLE.name: {"value": role.value, "scores": dict(scores) if scores else {role.value: 1.0}},
        BEAT_PROFILE.name: profile.as_json(),
        QUALITY.name: [{"code": code, "value": 1.0} for code in quality],
    }
    if role is not Role.DRUMS:
        mean = notes[:, 0].mean(axis=0)
        values[CHROMA.name] = (mean / mean.sum()).tolist()
    facts = {
        "id": name,
        "content_hash": f"x1:{name}",
        "start_s": 0.0,
        "end_s": beats * 60.0 / tempo_bpm,
        "kind": "loop",
        "tempo_bpm": tempo_bpm * factor,
        "tempo_confidence": 0.95,
        "beats_per_bar": beats_per_bar,
        "bars": len(chords),
        "key_number": None if role is Role.DRUMS else (9 + semitones) % 12 + 12,
        "key_confidence": None if role is Role.DRUMS else 0.9,
        "tonality": 0.02 if role is Role.DRUMS else 0.98,
        "energy_level": 5.0,
        "onset_density": 2.0,
        "loudness_lufs": -14.0,
    } | dict(columns or {})
    return RegionStatement(facts, values, None if vector is None else np.asarray(vector, np.float32))


def region_table(*statements: RegionStatement) -> RegionTable:
    return region_table_of(statements, space_id="test")
