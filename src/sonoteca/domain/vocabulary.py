"""The closed word lists: kind, role, sound class, content label, source.

They are strings, so they go into JSON, SQL and the query language as they are.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a file is."""

    TRACK = "track"
    LOOP = "loop"
    ONE_SHOT = "one_shot"
    FIELD_RECORDING = "field_recording"


class Role(StrEnum):
    """What a region does in a piece."""

    DRUMS = "drums"
    BASS = "bass"
    HARMONY = "harmony"
    MELODY = "melody"
    VOCAL = "vocal"
    FX = "fx"
    MIX = "mix"


class SoundClass(StrEnum):
    """What a one-shot is."""

    KICK = "kick"
    SNARE = "snare"
    HAT = "hat"
    CYMBAL = "cymbal"
    TOM = "tom"
    CLAP = "clap"
    PERCUSSION = "percussion"
    BASS = "bass"
    CHORD = "chord"
    STAB = "stab"
    NOTE = "note"
    VOCAL = "vocal"
    FX = "fx"


class Content(StrEnum):
    """What fills a span of time."""

    MUSIC = "music"
    SPEECH = "speech"
    SINGING = "singing"
    NOISE = "noise"
    NATURE = "nature"
    MECHANICAL = "mechanical"
    SILENCE = "silence"


class Source(StrEnum):
    """Who made a statement; earlier in this list beats later."""

    USER = "user"
    IMPORT = "import"
    ANALYZER = "analyzer"


class RunOutcome(StrEnum):
    """How one producer ended on one region."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
