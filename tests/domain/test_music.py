"""Keys, pitch classes and meters: laws, and names that must be refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.music import (
    ALL_KEYS,
    N_KEYS,
    Key,
    hz_to_midi,
    midi_to_hz,
    parse_pitch_class,
    transposed_key_numbers,
)

KEYS = st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"]))


# The Camelot wheel and the Open Key wheel as printed by their makers.
WHEEL = [
    ("C major", "8B", "1d"), ("G major", "9B", "2d"), ("D major", "10B", "3d"), ("A major", "11B", "4d"),
    ("E major", "12B", "5d"), ("B major", "1B", "6d"), ("F# major", "2B", "7d"), ("C# major", "3B", "8d"),
    ("G# major", "4B", "9d"), ("D# major", "5B", "10d"), ("A# major", "6B", "11d"), ("F major", "7B", "12d"),
    ("A minor", "8A", "1m"), ("E minor", "9A", "2m"), ("B minor", "10A", "3m"), ("F# minor", "11A", "4m"),
    ("C# minor", "12A", "5m"), ("G# minor", "1A", "6m"), ("D# minor", "2A", "7m"), ("A# minor", "3A", "8m"),
    ("F minor", "4A", "9m"), ("C minor", "5A", "10m"), ("G minor", "6A", "11m"), ("D minor", "7A", "12m"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "camelot", "open_key"), WHEEL)
def test_every_key_has_its_place_on_both_wheels(name: str, camelot: str, open_key: str) -> None:
    key = Key.parse(name)
    assert (key.name, key.camelot, key.open_key) == (name, camelot, open_key)
    assert Key.parse(camelot) == Key.parse(open_key) == key


@given(KEYS)
def test_any_of_a_keys_names_leads_back_to_it(key: Key) -> None:
    short = key.tonic_name + ("m" if key.mode == "minor" else "")
    assert all(Key.parse(text) == key for text in (key.name, key.camelot, key.open_key, short, f"  {key.name} "))


A_MINOR = ("A Minor", "AMIN", "a min", "Am", "amin", "A_minor", "A-minor", "A:min", "A minor.", "A natural minor", "a-Moll", "A MOLL",
           "8A", "08A", "8a", "8 A", "1m", "01M", "Am/8A", "8A / Am", "8A - Am", "Am (8A)", "[8A] A minor", "8A Am", "1m, 8A",
           "\uff21 \uff4d\uff49\uff4e", "A\u2013Moll", "\u00a0A minor\u00a0")  # fmt: skip


@pytest.mark.parametrize("text", A_MINOR)
def test_one_key_in_all_its_spellings(text: str) -> None:
    assert Key.parse(text).name == "A minor"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("G\u266d Major", "F# major"), ("G\u266d\ufe0e major", "F# major"), ("F\u266fm", "F# minor"), ("F#Maj", "F# major"),
        ("F sharp minor", "F# minor"), ("B-flat major", "A# major"), ("E FLAT MINOR", "D# minor"), ("Bb Min", "A# minor"),
        ("BB MIN", "A# minor"), ("EB", "D# major"), ("AB MAJOR", "G# major"), ("bb", "A# minor"), ("C#/Db minor", "C# minor"),
        ("G\u266f/A\u266d", "G# major"), ("CM", "C major"), ("Cm", "C minor"), ("c", "C minor"), ("Cb", "B major"), ("E#m", "F minor"),
        ("Fis moll", "F# minor"), ("FIS-MOLL", "F# minor"), ("Es-dur", "D# major"), ("as-Moll", "G# minor"), ("Ges Dur", "F# major"),
        ("cis minor", "C# minor"), ("Fis", "F# major"), ("Desm", "C# minor"), ("H moll", "B minor"), ("h-Moll", "B minor"), ("H Dur", "B major"),
        ("B-Dur", "A# major"), ("b-Moll", "A# minor"), ("Bb-Moll", "A# minor"), ("B major", "B major"), ("B minor", "B minor"), ("B", "B major"),
    ],
)  # fmt: skip
def test_signs_words_and_german_names_are_read(text: str, name: str) -> None:
    assert Key.parse(text).name == name


@given(
    KEYS,
    st.sampled_from(
        ["{tonic} {mode}", "{tonic}{mode:.3}", "{tonic}_{mode}", "{camelot}/{tonic}{mode:.3}", "0{open_key}"]
    ),
    st.sampled_from([str.lower, str.upper, str.title, str]),
)
def test_every_spelling_of_a_key_is_read_in_any_case(key: Key, pattern: str, cased: Callable[[str], str]) -> None:
    # A third digit makes no place on a wheel.
    text = pattern.format(tonic=key.tonic_name, mode=key.mode, camelot=key.camelot, open_key=key.open_key)
    if not text.startswith("01") or len(key.open_key) == 2:
        assert Key.parse(cased(text)) == key


@given(KEYS)
def test_the_relative_of_the_relative_is_the_key(key: Key) -> None:
    assert key.relative.relative == key
    assert key.relative.camelot[:-1] == key.camelot[:-1]


@given(KEYS, st.integers(-24, 24))
def test_transposing_there_and_back_is_nothing(key: Key, semitones: int) -> None:
    assert key.transpose(semitones).transpose(-semitones) == key


@given(KEYS, KEYS)
def test_compatibility_is_mutual_and_one_step_on_the_wheel(one: Key, other: Key) -> None:
    assert (other in one.compatible()) == (one in other.compatible())
    if other in one.compatible():
        apart = abs(int(one.camelot[:-1]) - int(other.camelot[:-1]))
        assert min(apart, 12 - apart) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H",
        "Hm",
        "H minor",
        "H major",
        "Heses dur",
        "o",
        "none",
        "A-",
        "EBM",
        "Am7",
        "Amaj7",
        "Am/C",
        "8A/9A",
        "C Am",
        "A Major Lazer",
        "x" * 99,
        "Nonsense",
        "C major minor",
        "13A",
        "0B",
        "8C",
        "0d",
        "13m",
        "C##",
        "A min or",
        "N",
        "major",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        Key.parse(text)


@pytest.mark.parametrize(("text", "expected"), [("Bb", 10), ("A#", 10), ("Cb", 11), ("B#", 0), ("e", 4), ("F##", 7)])
def test_note_names_with_any_accidentals(text: str, expected: int) -> None:
    assert parse_pitch_class(text) == expected


@pytest.mark.parametrize("text", ["", "H", "C major", "#", "Cx"])
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a note name"):
        parse_pitch_class(text)


@pytest.mark.parametrize(("tonic", "mode"), [(12, "major"), (-1, "minor"), (0, "dorian")])
def test_a_key_outside_the_wheel_cannot_be_made(tonic: int, mode: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Key(tonic, mode)  # type: ignore[arg-type]


@given(st.floats(0.0, 135.0))
def test_pitch_and_frequency_are_inverse(midi: float) -> None:
    assert hz_to_midi(midi_to_hz(midi)) == pytest.approx(midi, abs=1e-9)


def test_concert_pitch_and_no_pitch() -> None:
    assert hz_to_midi(440.0) == 69.0
    with pytest.raises(ValueError, match="positive frequency"):
        hz_to_midi(0.0)


def test_numbers_of_keys_are_the_tonic_and_twelve_more_for_minor() -> None:
    assert [Key.parse(name).number for name in ("C", "B", "Cm", "Am", "Bm")] == [0, 11, 12, 21, 23]
    assert [Key.of_number(number) for number in range(N_KEYS)] == list(ALL_KEYS)
    assert [key.number for key in ALL_KEYS] == list(range(24))


@pytest.mark.parametrize("wrong", [-1, 24, 3.5, float("nan")])
def test_a_number_that_is_no_key_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="key number"):
        Key.of_number(wrong)


def test_transposed_numbers_are_the_numbers_of_transposed_keys() -> None:
    numbers = np.arange(N_KEYS)
    for semitones in (-11, -1, 0, 5, 14):
        expected = [key.transpose(semitones).number for key in ALL_KEYS]
        assert transposed_key_numbers(numbers, semitones).tolist() == expected
    unknown = transposed_key_numbers(np.array([np.nan, 23.0]), np.array([1.0, 1.0]))
    assert np.isnan(unknown[0])
    assert unknown[1] == 12.0
