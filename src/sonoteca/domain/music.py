"""Pitch classes, keys, meters and chord labels, and the arithmetic between them.

Pitch class 0 is C. Names are written with sharps in answers ("F# minor"); parsing takes
flats and the usual short forms ("Bbm", "8A", "1d"). MIDI note 69 is A4 = 440 Hz.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["major", "minor"]

PITCH_CLASS_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY_PATTERN = re.compile(
    r"^\s*([A-Ga-g])\s*([#b♯♭]?)\s*(major|maj|minor|min|moll|dur|m|M)?\s*$",
)
_CAMELOT_PATTERN = re.compile(r"^\s*(1[0-2]|0?[1-9])\s*([ABab])\s*$")
_OPEN_KEY_PATTERN = re.compile(r"^\s*(1[0-2]|0?[1-9])\s*([dmDM])\s*$")


def parse_pitch_class(text: str) -> int:
    """Pitch class 0..11 of a note name such as ``"Eb"``; ValueError for anything else."""
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]*)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a note name")
    sharps = match[2].count("#") + match[2].count("♯")
    flats = match[2].count("b") + match[2].count("♭")
    return (_NATURALS[match[1].upper()] + sharps - flats) % 12


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic and a mode.

    >>> Key.parse("Bbm").name
    'A# minor'
    >>> Key.parse("8A").name, Key.parse("A minor").camelot, Key.parse("C").open_key
    ('A minor', '8A', '1d')
    """

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"tonic must be 0..11, got {self.tonic}")
        if self.mode not in ("major", "minor"):
            raise ValueError(f"mode must be major or minor, got {self.mode!r}")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read ``"F# minor"``, ``"Bbm"``, ``"8A"`` (Camelot) or ``"1d"`` (Open Key)."""
        if match := _CAMELOT_PATTERN.match(text):
            return cls._from_wheel(int(match[1]), "minor" if match[2] in "Aa" else "major", c_major_at=8)
        if match := _OPEN_KEY_PATTERN.match(text):
            return cls._from_wheel(int(match[1]), "minor" if match[2] in "mM" else "major", c_major_at=1)
        match = _KEY_PATTERN.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a key: write it as 'F# minor', 'F#m' or '11A'")
        word = match[3] or ("m" if match[1].islower() else "")
        mode: Mode = "minor" if word in ("m", "min", "minor", "moll") else "major"
        return cls(parse_pitch_class(match[1] + match[2]), mode)

    @classmethod
    def _from_wheel(cls, number: int, mode: Mode, *, c_major_at: int) -> Key:
        major_tonic = (7 * (number - c_major_at)) % 12
        return cls((major_tonic - 3) % 12 if mode == "minor" else major_tonic, mode)

    def _fifths_from_c(self) -> int:
        relative_major = self.tonic if self.mode == "major" else (self.tonic + 3) % 12
        return (7 * relative_major) % 12

    @property
    def tonic_name(self) -> str:
        return PITCH_CLASS_NAMES[self.tonic]

    @property
    def name(self) -> str:
        return f"{self.tonic_name} {self.mode}"

    @property
    def camelot(self) -> str:
        return f"{(self._fifths_from_c() + 7) % 12 + 1}{'A' if self.mode == 'minor' else 'B'}"

    @property
    def open_key(self) -> str:
        return f"{self._fifths_from_c() + 1}{'m' if self.mode == 'minor' else 'd'}"

    @property
    def relative(self) -> Key:
        """The other mode over the same notes."""
        if self.mode == "major":
            return Key((self.tonic + 9) % 12, "minor")
        return Key((self.tonic + 3) % 12, "major")

    def transpose(self, semitones: int) -> Key:
        return Key((self.tonic + semitones) % 12, self.mode)

    def compatible(self) -> tuple[Key, ...]:
        """Keys a DJ mixes into without a clash: same, relative, and one step round the wheel."""
        return (self, self.relative, self.transpose(7), self.transpose(-7))


@dataclass(frozen=True, slots=True)
class Meter:
    """Beats in a bar and the note value that is one beat unit in the signature (6/8: 2 felt beats)."""

    beats_per_bar: int
    beat_unit: int

    def __post_init__(self) -> None:
        if self.beats_per_bar < 1 or self.beat_unit not in (1, 2, 4, 8, 16, 32):
            raise ValueError(f"not a meter: {self.beats_per_bar}/{self.beat_unit}")


def hz_to_midi(hz: float) -> float:
    """MIDI note number (A4 = 440 Hz = 69), fractional."""
    if hz <= 0:
        raise ValueError(f"a pitch has a positive frequency, got {hz}")
    return 69.0 + 12.0 * math.log2(hz / 440.0)


def midi_to_hz(midi: float) -> float:
    """Frequency in Hz of a (fractional) MIDI note number."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))
