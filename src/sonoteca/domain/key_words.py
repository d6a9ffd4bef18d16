"""How people and programs write a key: "F# minor", "G♭ Major", "AMIN", "Am/8A", "01A", "6m", "es-Moll".

This is the one reader of keys: tags, file names, edits, queries and imports all come here, through
``music.Key.parse``. A text that names two different keys ("Am/C") names none. A lone capital
is major and a lone small letter minor, as musicians write them. In German B is the note below H and
H is what others call B: so they are read where a German word (dur, moll) stands beside them,
and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Mode = Literal["major", "minor"]

# A key is a few words; longer texts are something else.
_LONGEST = 64
# Semitones above C.
NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_GERMAN_NOTES = {
    "c": 0, "cis": 1, "des": 1, "d": 2, "dis": 3, "es": 3, "e": 4, "eis": 5, "fes": 4, "f": 5, "fis": 6,
    "ges": 6, "g": 7, "gis": 8, "as": 8, "a": 9, "ais": 10, "b": 10, "h": 11, "ces": 11, "his": 0,
}  # fmt: skip
_MAJOR_WORDS, _MINOR_WORDS = ("major", "maj", "dur"), ("minor", "min", "moll", "m")

_GAP = r"[\s\-_:]*"
_SIGN = r"#|♯|b|♭|sharp|flat"
_MODE_WORD = r"major|maj|minor|min|dur|moll"
_NOTE = re.compile(
    rf"(?P<letter>[A-Ga-g]){_GAP}(?P<sign>{_SIGN})?{_GAP}"
    rf"(?:(?:natural|harmonic|melodic){_GAP}(?=min))?(?P<mode>{_MODE_WORD}|m)?\.?",
    re.IGNORECASE,
)
# Two names of one black key: "C#/Db minor".
_TWO_NAMES = re.compile(
    rf"([A-G]){_GAP}({_SIGN})?\s*/\s*([A-G]){_GAP}({_SIGN})?{_GAP}({_MODE_WORD}|m)?\.?", re.IGNORECASE
)
_GERMAN = re.compile(rf"(?P<note>[a-h](?:is|es|s)?){_GAP}(?P<mode>dur|moll)", re.IGNORECASE)
# These names of notes are German by themselves, so the word beside them may be in another language.
_GERMAN_NAME = re.compile(rf"(?P<note>[CDFGA]is|[DG]es){_GAP}(?P<mode>{_MODE_WORD}|m)?\.?", re.IGNORECASE)
_WHEEL = re.compile(r"(?P<number>1[0-2]|0?[1-9])\s*(?P<letter>[ABDM])", re.IGNORECASE)
_PARTS = re.compile(r"\s*[/|,;()\[\]]\s*|\s+[-=]\s+")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


@lru_cache(maxsize=1024)
def read_key_words(text: str) -> tuple[int, Mode] | None:
    """The tonic 0..11 (0 is C) and the mode that ``text`` names; None for what is no key.

    >>> read_key_words("G\\u266d Major"), read_key_words("AMIN"), read_key_words("Am/8A")
    ((6, 'major'), (9, 'minor'), (9, 'minor'))
    >>> read_key_words("B-Dur"), read_key_words("B major"), read_key_words("H moll")
    ((10, 'major'), (11, 'major'), (11, 'minor'))
    >>> read_key_words("H minor"), read_key_words("Am/C"), read_key_words("A Major Lazer")
    (None, None, None)
    """
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    # A sign for a flat may say that it is no emoji.
    plain = " ".join("".join(c for c in plain if c not in "\ufe0e\ufe0f").split())
    if (key := _one_name(plain)) is not None:
        return key
    parts = [_one_name(part) for part in _PARTS.split(plain) if part]
    if len(parts) < 2:
        parts = _note_and_wheel(plain)
    first = parts[0] if parts else None
    return first if first is not None and all(part == first for part in parts) else None


def _note_and_wheel(text: str) -> list[tuple[int, Mode] | None]:
    """ "8A Am" and "A minor 8A": a place on a wheel before or after a name, with only a space between."""
    words = text.split(" ")
    if len(words) < 2:
        return []
    return next(
        (
            [_one_name(first), _one_name(rest)]
            for first, rest in ((words[0], " ".join(words[1:])), (words[-1], " ".join(words[:-1])))
            if _WHEEL.fullmatch(first)
        ),
        [],
    )


def _one_name(text: str) -> tuple[int, Mode] | None:
    if match := _WHEEL.fullmatch(text):
        return _on_wheel(int(match["number"]), match["letter"].upper())
    if match := _GERMAN.fullmatch(text) or _GERMAN_NAME.fullmatch(text):
        tonic = _GERMAN_NOTES.get(match["note"].lower())
        if tonic is not None:
            return tonic, _mode(match["mode"], match["note"])
    # All in capitals "EBM" is E flat major, E flat minor or a genre; "A-" is minor to some.
    if text.endswith(("-", "_", ":")) or re.search("B ?M$", text):
        return None
    if match := _NOTE.fullmatch(text):
        return _tonic(match["letter"], match["sign"]), _mode(match["mode"], match["letter"])
    if match := _TWO_NAMES.fullmatch(text):
        one, other = _tonic(match[1], match[2]), _tonic(match[3], match[4])
        return (one, _mode(match[5], match[1])) if one == other else None
    return None


def _on_wheel(number: int, letter: str) -> tuple[int, Mode]:
    """Camelot has C major at 8B and A minor at 8A; Open Key has them at 1d and 1m."""
    major_tonic = 7 * (number - (8 if letter in "AB" else 1)) % 12
    return ((major_tonic - 3) % 12, "minor") if letter in "AM" else (major_tonic, "major")


def _tonic(letter: str, sign: str | None) -> int:
    step = 0 if not sign else 1 if sign.lower() in ("#", "♯", "sharp") else -1
    return (NATURALS[letter.upper()] + step) % 12


def _mode(word: str | None, note: str) -> Mode:
    if not word:
        return "minor" if note[0].islower() else "major"
    # "CM" and "Cm" are two keys: of all words only this one has a case.
    return "minor" if word != "M" and word.lower() in _MINOR_WORDS else "major"
