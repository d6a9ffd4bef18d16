from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth
from sonoteca.analysis.melody import ANALYZERS
from sonoteca.analysis.melody.one_pitch import OneShotPitch, find_steady_pitch
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.music import midi_to_hz

RATE = 22_050


def tone(midi: float, *, seconds: float = 0.8, partials: tuple[float, ...] = (1.0, 0.6, 0.4, 0.3)) -> AudioSignal:
    times = np.arange(int(seconds * RATE)) / RATE
    hz = midi_to_hz(midi)
    wave = sum(a * np.sin(2 * np.pi * hz * (k + 1) * times + k) for k, a in enumerate(partials))
    wave = 0.2 * wave * np.exp(-1.5 * times) * np.minimum(times / 0.01, 1.0)
    return AudioSignal(wave[None].astype(np.float32), RATE)


@given(midi=st.floats(28, 96), second=st.floats(0.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_a_tone_has_its_pitch_whatever_its_second_partial(midi: float, second: float) -> None:
    found = find_steady_pitch(tone(midi, partials=(1.0, second, 0.3)))
    assert found is not None
    assert found.midi == pytest.approx(midi, abs=0.25)


def test_the_octave_holds_when_the_fundamental_is_missing() -> None:
    found = find_steady_pitch(tone(45, partials=(0.0, 1.0, 0.8, 0.6, 0.4)))
    assert found is not None
    assert found.midi == pytest.approx(45, abs=0.1)


@given(gain_db=st.floats(-40, 5))
@settings(max_examples=10, deadline=None)
def test_gain_and_polarity_change_nothing(gain_db: float) -> None:
    signal = tone(60)
    other = AudioSignal((-signal.samples * 10 ** (gain_db / 20)).astype(np.float32), RATE)
    first, second = find_steady_pitch(signal), find_steady_pitch(other)
    assert first is not None
    assert second is not None
    assert second.midi == pytest.approx(first.midi, abs=1e-3)


def observed(signal: AudioSignal) -> list[float]:
    analyzer = OneShotPitch()
    return [cast(Any, o.value)["midi"] for o in analyzer.analyze(synth.whole(signal, analyzer.features), {})]


def test_a_note_is_observed_with_its_pitch() -> None:
    assert observed(tone(57)) == [pytest.approx(57, abs=0.1)]


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_pitch(seed: int) -> None:
    noise = 0.3 * np.random.default_rng(seed).standard_normal(RATE)
    assert observed(AudioSignal(noise[None].astype(np.float32), RATE)) == []


def test_a_chord_has_no_single_pitch() -> None:
    samples = np.sum([tone(m).samples for m in (60, 64, 67)], axis=0)
    assert observed(AudioSignal(samples.astype(np.float32), RATE)) == []


@pytest.mark.parametrize("n", [1, 2, 100, 1000])
def test_silence_and_scraps_have_no_pitch(n: int) -> None:
    assert observed(AudioSignal(np.zeros((1, n), np.float32), RATE)) == []


def test_direct_current_has_no_pitch() -> None:
    assert observed(AudioSignal(np.full((1, RATE), 0.5, np.float32), RATE)) == []


def test_analyzers_are_offered_once() -> None:
    assert len({analyzer.id for analyzer in ANALYZERS}) == len(ANALYZERS) == 2
