from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonoteca.features.feature import BLOCK_LENGTH
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.onset import (
    GROUPS,
    N_BANDS,
    BandMagnitude,
    band_edges,
    group_flux,
    log_bands,
    onset_strength,
    onset_times,
)
from sonoteca.features.onset_harmony import N_ROWS, HarmonyTrail

RATE = 22_050


def frames(samples: NDArray[np.float32], feature: BandMagnitude | HarmonyTrail) -> FrameSeries:
    computed = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=[feature]
    )
    return computed[feature]


def sine(hz: float, seconds: float) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def test_bands_rise_and_a_sine_stands_in_its_own_band() -> None:
    edges = band_edges(2048, RATE)
    assert len(edges) == N_BANDS + 1
    assert np.all(np.diff(edges) >= 1)
    bands = frames(sine(1000.0, 1.0), BandMagnitude()).values
    loudest = int(bands[:, 20].argmax())
    low_hz, high_hz = edges[loudest : loudest + 2] * RATE / 2048
    assert low_hz - 11 <= 1000.0 <= high_hz + 11


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4000), st.floats(1e-3, 1e3))
def test_gain_does_not_change_onset_strength(n: int, gain: float) -> None:
    rng = np.random.default_rng(n)
    bands = rng.gamma(2.0, 0.1, (N_BANDS, n % 60 + 4)).astype(np.float32)
    one, other = group_flux(log_bands(bands)), group_flux(log_bands(bands * np.float32(gain)))
    assert one.shape == (len(GROUPS), bands.shape[1])
    assert np.all(one >= 0)
    assert np.allclose(one, other, atol=1e-3)


def test_silence_has_no_onset_and_a_steady_tone_only_its_start() -> None:
    silence = frames(np.zeros(RATE, np.float32), BandMagnitude())
    assert not onset_strength(silence).values.any()
    assert len(onset_times(silence)) == 0
    # A tone cut off at once would click: it fades.
    fading = sine(440.0, 3.0) * np.linspace(1, 0, 3 * RATE, dtype=np.float32)
    tone = np.concatenate([np.zeros(RATE // 2, np.float32), fading])
    times = onset_times(frames(tone, BandMagnitude()))
    # Frames are 23 ms apart and the window reaches 46 ms to both sides.
    assert len(times) == 1
    assert abs(times[0] - 0.5) < 0.05


def test_onsets_are_found_where_they_are_also_across_blocks() -> None:
    seconds = 2.2 * BLOCK_LENGTH / RATE
    samples = np.zeros(int(seconds * RATE), np.float32)
    truth = np.arange(0.3, seconds - 0.3, 0.47)
    for at in truth:
        first = int(at * RATE)
        samples[first : first + 1500] += (0.5 * np.exp(-np.arange(1500) / 300) * np.sin(np.arange(1500) / 4)).astype(
            np.float32
        )
    times = onset_times(frames(samples, BandMagnitude()))
    assert len(times) == len(truth)
    assert np.abs(times - truth).max() < 0.03


def test_the_trail_turns_when_the_chord_changes() -> None:
    chords = [sum(sine(hz, 2.0) for hz in notes) for notes in ((261.6, 329.6, 392.0), (293.7, 370.0, 440.0))]
    trail = frames(np.concatenate(chords).astype(np.float32), HarmonyTrail()).values
    assert trail.shape[0] == N_ROWS
    unit = trail / np.linalg.norm(trail, axis=0)
    assert float(unit[:, 5] @ unit[:, 15]) > 0.99
    assert float(unit[:, 5] @ unit[:, 30]) < 0.8
