"""The closed word lists: kind, role, sound class, content label, source, kinds of events.

They are strings, so they go into JSON, SQL and the query language as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal

# What may be asked, as the event log calls it.
EventKind = Literal["search", "similar", "match", "hum", "tap", "next"]


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


# What people write for a word of the lists.
_SYNONYMS: Mapping[str, str] = {
    "hihat": "hat", "hi_hat": "hat", "hh": "hat", "highhat": "hat", "high_hat": "hat",
    "bd": "kick", "bassdrum": "kick", "bass_drum": "kick", "kickdrum": "kick", "kick_drum": "kick",
    "sd": "snare", "snaredrum": "snare", "snare_drum": "snare",
    "handclap": "clap", "crash": "cymbal", "perc": "percussion", "tomtom": "tom", "tom_tom": "tom",
    "vox": "vocal", "voice": "vocal", "sfx": "fx", "effect": "fx", "song": "track",
    "drum": "drums", "oneshot": "one_shot", "field": "field_recording",
}  # fmt: skip
# What is no word of a list, and often means one.
_NEAR: Mapping[str, str] = {
    "pad": "harmony", "chord": "harmony", "keys": "harmony", "piano": "harmony", "guitar": "harmony",
    "lead": "melody", "beat": "drums", "percussion": "drums", "sample": "one_shot", "ride": "cymbal",
    "rim": "percussion", "shaker": "percussion",
}  # fmt: skip


def known_word(text: str, words: Iterable[str]) -> str | None:
    """The word of a list that a text means: with ``-``, ``_`` or a blank, one or many, or as people call it else.

    >>> [known_word(text, SoundClass) for text in ("Hi-Hat", "kicks", "kik")]
    ['hat', 'kick', None]
    """
    known = [str(each) for each in words]
    word = _plain(text)
    singular = word.removesuffix("s")
    for each in (word, singular, _SYNONYMS.get(word), _SYNONYMS.get(singular)):
        if each in known:
            return each
    return None


def nearest_word(text: str, words: Iterable[str]) -> str | None:
    """The word of a list that may have been meant by a text that means none; None where none is near.

    >>> nearest_word("kik", SoundClass), nearest_word("pad", Role), nearest_word("xyz", Role)
    ('kick', 'harmony', None)
    """
    known = [str(each) for each in words]
    word = _plain(text)
    if _NEAR.get(word) in known or _NEAR.get(word.removesuffix("s")) in known:
        return _NEAR.get(word) or _NEAR.get(word.removesuffix("s"))
    also = {name: meant for name, meant in _SYNONYMS.items() if meant in known} | {each: each for each in known}
    near = difflib.get_close_matches(word, also, n=1) or [each for each in known if word and each.startswith(word)]
    return also[near[0]] if near else None


def _plain(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())
