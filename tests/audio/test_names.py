"""Names that hold a tempo or a key, and names that only look as if they did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.audio.names import name_claims
from sonoteca.domain.music import Key


def read(name: str) -> dict[str, str | float | int]:
    claims = list(name_claims(name))
    assert {claim.producer for claim in claims} <= {"name"}
    found = {claim.field: claim.value for claim in claims}
    assert len(found) == len(claims)
    return found


@pytest.mark.parametrize(
    ("name", "bpm", "key"),
    [
        ("loop_120bpm.wav", 120.0, None),
        ("120-bpm", 120.0, None),
        ("bpm 174 roller", 174.0, None),
        ("118.5bpm_Gmaj.aif", 118.5, "G major"),
        ("Drum Loop 128 BPM Am.wav", 128.0, "A minor"),
        ("Lead_128_F#m.wav", 128.0, "F# minor"),
        ("98 Am Funk", 98.0, "A minor"),
        ("D min 95", 95.0, "D minor"),
        ("8A - 124 - Artist - Title.mp3", 124.0, "A minor"),
        ("Title (8A).mp3", None, "A minor"),
        ("Pad_Am.wav", None, "A minor"),
        ("Guitar Loop Am.wav", None, "A minor"),
        ("Em_guitar_90.wav", None, "E minor"),
        ("Abm strings", None, "G# minor"),
        ("Gsm", None, "G# minor"),
        ("Fsharpmin lead", None, "F# minor"),
        ("Bb Minor Pad.wav", None, "A# minor"),
        ("Sonata in A minor Op 3.flac", None, "A minor"),
        ("folder 90bpm/C Major Scale", None, "C major"),
        ("c:\\loops\\Cmin_bass", None, "C minor"),
    ],
)
def test_a_written_tempo_or_key_is_read(name: str, bpm: float | None, key: str | None) -> None:
    found = read(name)
    assert found.get("tempo_bpm") == bpm
    assert found.get("key") == key


@pytest.mark.parametrize(
    "name",
    [
        "Am I Wrong.mp3",
        "Here I Am.mp3",
        "Who Am I.mp3",
        "Let Em In.mp3",
        "Kill Em.mp3",
        "A minor edit.wav",
        "A Minor Threat.mp3",
        "Major Tom.mp3",
        "Apartment 4B.mp3",
        "Kick_1A.wav",
        "7B_kick.wav",
        "Cmaj7_chord.wav",
        "Ebm7 stab.wav",
        "GM Piano.wav",
        "FM radio.wav",
        "Song 2.mp3",
        "Take 128.wav",
        "12bpm.wav",
        "1200bpm.wav",
        "bpmachine.wav",
        "120bpmx.wav",
        "C4_piano.wav",
        "Bass_C.wav",
        "Am_to_Cm_pad.wav",
        "90bpm vs 120bpm.wav",
        "",
        ".",
        "///",
    ],
)
def test_what_only_looks_like_one_is_not(name: str) -> None:
    assert read(name) == {}


def test_a_verb_beside_a_tempo_stays_a_verb() -> None:
    assert read("I Am Legend 120bpm.mp3") == {"tempo_bpm": 120.0}


@given(st.text(max_size=400))
def test_any_name_gives_sensible_claims_or_none(name: str) -> None:
    found = read(name)
    assert set(found) <= {"tempo_bpm", "key"}
    if "tempo_bpm" in found:
        assert 40.0 <= float(found["tempo_bpm"]) <= 300.0
    if "key" in found:
        assert Key.parse(str(found["key"])).name == found["key"]


@given(st.integers(0, 11), st.sampled_from(["minor", "major"]), st.integers(60, 200))
def test_every_key_is_read_back_from_a_name(tonic: int, mode: str, bpm: int) -> None:
    key = Key(tonic, "minor" if mode == "minor" else "major")
    assert read(f"Synth_{bpm}_{key.tonic_name}{mode[:3]}_01.wav") == {"tempo_bpm": float(bpm), "key": key.name}
    assert read(f"{key.camelot} - {bpm} - Somebody - Something.mp3") == {"tempo_bpm": float(bpm), "key": key.name}
