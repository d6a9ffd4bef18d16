"""What is said of whole sounds whose truth is built, from the samples to the sound object."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synth
from sonoteca.analysis.labels import ANALYZERS as LABELS
from sonoteca.analysis.rhythm import ANALYZERS as RHYTHM
from sonoteca.analysis.timbre.envelope import AttackDecay
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.sound_object import AudioFacts, sound_object, statements_of

RATE = synth.RATE


def said(sound: AudioSignal) -> dict[str, Any]:
    """The sound object of a sound that was only played in memory."""
    analysis = synth.analyze(sound, (*LABELS, *RHYTHM, AttackDecay()))
    facts = AudioFacts(duration_s=sound.n_samples / sound.sample_rate)
    return dict(sound_object("x.wav", sound_id=None, audio=facts, statements=statements_of(analysis)))


def cycle(n_samples: int) -> AudioSignal:
    """One period of a sawtooth, as synthesisers keep them."""
    return synth.signal(np.linspace(0.8, -0.8, n_samples), RATE)


def tones(duration_s: float, *, seed: int) -> AudioSignal:
    """Tones of 0.18 s at irregular times and pitches: no beat."""
    random = np.random.default_rng(seed)
    at_s = np.cumsum(random.uniform(0.33, 0.62, size=round(duration_s / 0.4)))
    parts = [(each, synth.tone(45 + int(random.integers(12)), 0.18, 0.5)) for each in at_s if each < duration_s - 0.3]
    return synth.placed(parts, duration_s)


@pytest.mark.parametrize("n_samples", [168, 1_024, 2_205], ids=["8 ms", "46 ms", "100 ms"])
def test_a_single_cycle_wave_is_no_drum(n_samples: int) -> None:
    sound = said(cycle(n_samples))
    assert sound["kind"]["value"] == "one_shot"
    assert sound["sound_class"] is None or sound["sound_class"]["value"] not in ("kick", "snare", "hat", "tom", "clap")
    assert sound["role"] is None or sound["role"]["value"] != "drums"


def test_a_kick_and_a_snare_are_said_to_be_what_they_are() -> None:
    kick, snare = said(synth.kick()), said(synth.snare())
    assert (kick["sound_class"]["value"], kick["role"]["value"]) == ("kick", "drums")
    assert (snare["sound_class"]["value"], snare["role"]["value"]) == ("snare", "drums")


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(
            synth.envelope(synth.chord("A:min", 7.3), attack_s=1.5, release_s=2.0), id="one chord that swells"
        ),
        pytest.param(synth.noise(9.0, 0.2, seed=4), id="noise"),
    ],
)
def test_a_pad_and_an_ambience_have_no_tempo_and_nothing_counted_in_beats(sound: AudioSignal) -> None:
    heard = said(sound)
    assert (heard["tempo"], heard["meter"], heard["grid"], heard["bars"]) == (None, None, None, None)
    assert heard["beats_s"] == heard["downbeats_s"] == []


def test_a_drum_loop_has_its_tempo_and_its_role() -> None:
    loop = said(synth.drums(110.0, 4))
    assert loop["tempo"]["bpm"] == pytest.approx(110.0, rel=0.005)
    assert loop["tempo"]["certainty"] == "stated"
    assert (loop["kind"]["value"], loop["role"]["value"]) == ("loop", "drums")
    assert loop["bars"] == 4


@pytest.mark.parametrize(("bpm", "seed"), [(128.0, 1), (122.0, 8)])
def test_tones_before_the_beat_do_not_bend_the_tempo(bpm: float, seed: int) -> None:
    piece = synth.sequence(tones(12.0, seed=seed), synth.drums(bpm, 16))
    assert said(piece)["tempo"]["bpm"] == pytest.approx(bpm, abs=0.1)


def test_six_eighths_are_felt_in_threes_of_eighths() -> None:
    eighth_s = 60.0 / 70.0 / 3.0
    parts: list[tuple[float, AudioSignal]] = []
    for bar in range(8):
        for place in range(6):
            at_s = (6 * bar + place) * eighth_s
            parts.append((at_s, synth.hat(0.3, seed=place)))
            if place in (0, 3):
                parts.append((at_s, synth.kick() if place == 0 else synth.snare(0.6)))
    groove = said(synth.placed(parts, 48 * eighth_s))
    assert groove["tempo"]["bpm"] == pytest.approx(70.0, rel=0.01)
    # Two bars of 6/8 in which nothing but drums sounds are as well one of 12/8.
    assert groove["meter"]["beats_per_bar"] in (2, 4)
    assert groove["meter"]["beat_unit"] == 8
