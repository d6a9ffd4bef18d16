"""Pitch classes, keys, meters and chord labels, and the arithmetic between them.

Pitch class 0 is C. Names are written with sharps in answers ("F# minor"); parsing takes
flats and the usual short forms ("Bbm", "8A", "1d"). MIDI note 69 is A4 = 440 Hz.
In columns a key is its *number*: the tonic 0..11 for major, the tonic plus 12 (12..23) for minor.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from sonoteca.domain.key_words import NATURALS, Mode, read_key_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    KeyNumbers = TypeVar("KeyNumbers", int, NDArray[np.int64], NDArray[np.float64])

N_KEYS = 24
PITCH_CLASS_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def parse_pitch_class(text: str) -> int:
    """Pitch class 0..11 of a note name such as ``"Eb"``; ValueError for anything else."""
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]*)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a note name")
    sharps = match[2].count("#") + match[2].count("♯")
    flats = match[2].count("b") + match[2].count("♭")
    return (NATURALS[match[1].upper()] + sharps - flats) % 12


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
        """Read ``"F# minor"``, ``"Bbm"``, ``"8A"`` (Camelot), ``"1d"`` (Open Key) and what else people write (``key_words``)."""
        read = read_key_words(text)
        if read is None:
            raise ValueError(f"{text!r} is not a key: write it as 'F# minor', 'F#m' or '11A'")
        return cls(*read)

    @classmethod
    def of_number(cls, number: float) -> Key:
        """The key with this number; ValueError where it is not one of 0..23.

        >>> Key.of_number(0).name, Key.of_number(21).name
        ('C major', 'A minor')
        """
        if number != number or not 0 <= number < N_KEYS or number != int(number):
            raise ValueError(f"a key number is one of 0..{N_KEYS - 1}, got {number}")
        return cls(int(number) % 12, "minor" if number >= 12 else "major")

    @property
    def number(self) -> int:
        """The tonic for major, the tonic plus 12 for minor.

        >>> Key.parse("C").number, Key.parse("Am").number
        (0, 21)
        """
        return self.tonic + (12 if self.mode == "minor" else 0)

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


ALL_KEYS = tuple(Key.of_number(number) for number in range(N_KEYS))


def transposed_key_numbers(numbers: KeyNumbers, semitones: KeyNumbers | int) -> KeyNumbers:
    """Key numbers moved up by ``semitones`` within their mode; one number or arrays that broadcast, NaN stays NaN.

    >>> transposed_key_numbers(Key.parse("Am").number, 3) == Key.parse("Cm").number
    True
    """
    return 12 * (numbers // 12) + (numbers + semitones) % 12


# Felt beats per bar of meters that are written in eighths, three to a beat, and those eighths.
_COMPOUND = {2: 6, 4: 12}


def meter_text(beats_per_bar: int, beat_unit: int) -> str:
    """A meter as it is written: two felt beats of three eighths each are 6/8, four are 12/8.

    >>> meter_text(4, 4), meter_text(2, 8), meter_text(4, 8), meter_text(7, 8), meter_text(6, 8)
    ('4/4', '6/8', '12/8', '7/8', '6/8')
    """
    return f"{_COMPOUND.get(beats_per_bar, beats_per_bar) if beat_unit == 8 else beats_per_bar}/{beat_unit}"


def felt_beats(written: int, beat_unit: int) -> int:
    """Felt beats of a bar that is written as ``written``/``beat_unit``.

    >>> felt_beats(6, 8), felt_beats(12, 8), felt_beats(7, 8), felt_beats(6, 4)
    (2, 4, 7, 6)
    """
    compound = {eighths: beats for beats, eighths in _COMPOUND.items()}
    return compound.get(written, written) if beat_unit == 8 else written


def hz_to_midi(hz: float) -> float:
    """MIDI note number (A4 = 440 Hz = 69), fractional."""
    if hz <= 0:
        raise ValueError(f"a pitch has a positive frequency, got {hz}")
    return 69.0 + 12.0 * math.log2(hz / 440.0)


def midi_to_hz(midi: float) -> float:
    """Frequency in Hz of a (fractional) MIDI note number."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


# --- what fits what -------------------------------------------------------------------------------

WIDEST_SHIFT = 6


def tempo_ratio_to_fit(own_bpm: float, other_bpm: float) -> tuple[float, float]:
    """By what to multiply ``own_bpm`` so that it fits ``other_bpm``, half or double time included.

    Returns
    -------
    ratio : float
        Between sqrt(1/2) and sqrt(2): the nearest way to ``other_bpm``, its half or its double.
    level : float
        Own beats per beat of the other: 1, 2 (double time), 0.5 (half time), or a further power of two.

    Examples
    --------
    >>> tempo_ratio_to_fit(100.0, 120.0), tempo_ratio_to_fit(64.0, 120.0)
    ((1.2, 1.0), (0.9375, 0.5))
    """
    if not own_bpm > 0 or not other_bpm > 0:
        raise ValueError(f"tempi are positive, got {own_bpm} and {other_bpm}")
    level = 2.0 ** round(math.log2(own_bpm / other_bpm))
    return level * other_bpm / own_bpm, level


def stretch_percent(ratio: float) -> float:
    """How much a tempo changes by ``ratio``, in percent; slower is negative.

    >>> round(stretch_percent(1.08), 6), round(stretch_percent(0.92), 6)
    (8.0, -8.0)
    """
    return 100.0 * (ratio - 1.0)


def wrapped_shift(semitones: int) -> int:
    """The same pitch class shift by the shortest way, -5..6.

    >>> [wrapped_shift(each) for each in (0, 5, 7, -6, 11, 12)]
    [0, 5, -5, 6, -1, 0]
    """
    return (semitones + 5) % 12 - 5


def camelot_distance(one: Key, other: Key) -> int:
    """Steps round the wheel between two keys plus 1 if their letters differ: 0 the same key, 7 the furthest.

    Symmetrical, and the same for two keys that are transposed together.

    >>> c, a_minor, g, f_sharp = Key.parse("C"), Key.parse("Am"), Key.parse("G"), Key.parse("F#")
    >>> [camelot_distance(c, each) for each in (c, a_minor, g, f_sharp)]
    [0, 1, 1, 6]
    """
    steps = (one._fifths_from_c() - other._fifths_from_c()) % 12
    return min(steps, 12 - steps) + (one.mode != other.mode)


class KeyRelation(StrEnum):
    """How two keys stand to each other on the Camelot wheel; the same in both directions."""

    SAME = "same"
    RELATIVE = "relative"  # the other letter: the same notes
    FIFTH = "fifth"  # one step round the wheel: six of seven notes in common
    DIAGONAL = "diagonal"  # one step and the other letter
    TWO_STEPS = "two_steps"  # two steps: a whole tone up or down
    PARALLEL = "parallel"  # the same tonic, the other mode
    SEMITONE = "semitone"  # seven steps: the whole key a semitone up or down
    OTHER = "other"


def wheel_steps(one: Key, other: Key) -> int:
    """Steps round the Camelot wheel from one key to another, -5..6; the letter does not count.

    >>> wheel_steps(Key.parse("8A"), Key.parse("9A")), wheel_steps(Key.parse("1B"), Key.parse("12B"))
    (1, -1)
    """
    return wrapped_shift(other._fifths_from_c() - one._fifths_from_c())


def key_relation(one: Key, other: Key) -> KeyRelation:
    """How ``other`` stands to ``one``.

    >>> [str(key_relation(Key.parse("8A"), Key.parse(other))) for other in ("8A", "8B", "7A", "9B", "10A", "11B", "3A")]
    ['same', 'relative', 'fifth', 'diagonal', 'two_steps', 'parallel', 'semitone']
    >>> str(key_relation(Key.parse("8A"), Key.parse("2A")))
    'other'
    """
    steps, same_letter = abs(wheel_steps(one, other)), one.mode == other.mode
    if one.tonic == other.tonic:
        return KeyRelation.SAME if same_letter else KeyRelation.PARALLEL
    if same_letter:
        by_steps = {1: KeyRelation.FIFTH, 2: KeyRelation.TWO_STEPS, 5: KeyRelation.SEMITONE}
    else:
        by_steps = {0: KeyRelation.RELATIVE, 1: KeyRelation.DIAGONAL}
    return by_steps.get(steps, KeyRelation.OTHER)
