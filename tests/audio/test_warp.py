"""Stretching along anchors: every anchor where it should be, and no seam between pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth
from render_samples import roughness
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch_range import Material
from sonoteca.audio.warp import warp

RATE = synth.RATE


@pytest.mark.parametrize("material", ["tonal", "percussive"])
def test_beats_of_a_drifting_player_become_steady(material: Material) -> None:
    """Half a second each, wandering by 6 %; afterwards they are."""
    lengths = 0.5 * (1 + 0.06 * np.sin(np.arange(12)))
    beats = np.concatenate([[0.0], np.cumsum(lengths)])
    clicks = synth.at({float(at): synth.click() for at in beats[:-1] + 0.1}, float(beats[-1]) + 0.3)
    anchors = [(round((at + 0.1) * RATE), round(0.5 * RATE * number)) for number, at in enumerate(beats)]
    made = warp(clicks, anchors, material=material)
    assert made.n_samples == anchors[-1][1]
    level = np.abs(made.samples[0])
    for number in range(1, 12):
        place = round(0.5 * RATE * number)
        strike = place - RATE // 50 + int(np.argmax(level[place - RATE // 50 : place + RATE // 50]))
        assert abs(strike - place) < 0.002 * RATE


def test_pieces_meet_without_clicks_and_keep_the_pitch() -> None:
    tone = synth.sine(220.0, 4.0)
    made = warp(tone, [(0, 0), (40_000, 42_000), (90_000, 88_000), (176_400, 180_000)])
    bend = 0.5 * (2 * np.pi * 220 / RATE) ** 2
    assert roughness(made.samples[:, 500:-500]).max() < 2.0 * bend
    spectrum = np.abs(np.fft.rfft(made.samples[0] * np.hanning(made.n_samples)))
    assert int(np.argmax(spectrum)) * RATE / made.n_samples == pytest.approx(220.0, abs=0.3)


def test_a_shift_is_the_same_in_every_piece() -> None:
    tone = synth.sine(220.0, 3.0)
    made = warp(tone, [(0, 0), (60_000, 61_000), (132_300, 132_000)], semitones=12)
    spectrum = np.abs(np.fft.rfft(made.samples[0] * np.hanning(made.n_samples)))
    assert int(np.argmax(spectrum)) * RATE / made.n_samples == pytest.approx(440.0, abs=0.5)


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(8_000, 20_000), st.floats(0.8, 1.25)), min_size=1, max_size=5),
    first=st.integers(0, 3_000),
    rest=st.integers(0, 3_000),
)
def test_the_length_is_that_of_the_last_anchor(steps: list[tuple[int, float]], first: int, rest: int) -> None:
    anchors = [(first, 0)]
    for length, speed in steps:
        anchors.append((anchors[-1][0] + length, anchors[-1][1] + round(length / speed)))
    noise = np.random.default_rng(len(steps)).standard_normal((2, anchors[-1][0] + rest)).astype(np.float32)
    made = warp(AudioSignal(0.1 * noise, RATE), anchors, material="percussive")
    assert made.samples.shape == (2, anchors[-1][1])
    # No hole where pieces meet.
    power = np.square(made.samples[0]).reshape(-1)[: made.n_samples // 400 * 400].reshape(-1, 400).mean(axis=1)
    assert power.min() > 0.2 * power.mean()


@pytest.mark.parametrize(
    "anchors",
    [
        [(0, 0)],
        [(0, 5), (1_000, 1_000)],
        [(0, 0), (99_999, 44_100)],
        [(-5, 0), (1_000, 1_000)],
        [(0, 0), (20_000, 20_000), (20_500, 40_000)],
        [(0, 0), (20_000, 20_000), (10_000, 40_000)],
    ],
)
def test_anchors_that_lead_nowhere_are_refused(anchors: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="anchor"):
        warp(synth.tone(60, 1.0), anchors)
