"""Peaks on the pitch axis: sines at known pitches, at any place between the bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.features.chroma_spectrum import (
    BAND_ROWS,
    BINS_PER_SEMITONE,
    LOWEST_MIDI,
    N_PITCH_BINS,
    N_ROWS,
    TUNING_ROWS,
    PitchSpectrum,
)
from sonoteca.features.feature_pass import compute_features

FEATURE = PitchSpectrum()


def rows_of(samples: np.ndarray) -> np.ndarray:
    samples = samples.astype(np.float32)
    series = compute_features(
        lambda first, n: samples[first : first + n],
        n_samples=len(samples),
        sample_rate=ANALYSIS_RATE,
        features=(FEATURE,),
    )
    return series[FEATURE].values


def sine(midi: float, *, level: float = 0.5, duration_s: float = 2.0) -> np.ndarray:
    t = np.arange(int(duration_s * ANALYSIS_RATE)) / ANALYSIS_RATE
    return np.asarray(level * np.sin(2 * np.pi * 440.0 * 2 ** ((midi - 69) / 12) * t))


@settings(max_examples=25, deadline=None)
@given(midi=st.floats(26.0, 106.0))
def test_a_sine_stands_at_its_pitch_to_five_cents(midi: float) -> None:
    # Below E1 (midi 28) a period fills a tenth of the window, and the image at negative frequency disturbs.
    power = rows_of(sine(midi))[:N_PITCH_BINS, 10] ** 2
    centre = LOWEST_MIDI + float(np.average(np.arange(N_PITCH_BINS), weights=power)) / BINS_PER_SEMITONE
    assert centre == pytest.approx(midi, abs=0.05)


@pytest.mark.parametrize("cents", [-40, -10, 0, 25])
def test_the_tuning_phasor_turns_once_per_semitone(cents: int) -> None:
    cosine, sine_sum = rows_of(sine(69 + cents / 100))[TUNING_ROWS].sum(axis=1)
    assert np.degrees(np.arctan2(sine_sum, cosine)) / 3.6 == pytest.approx(cents, abs=1.5)


def test_noise_leaves_little_on_the_pitch_axis_and_much_in_the_bands() -> None:
    noise = np.random.default_rng(4).standard_normal(4 * ANALYSIS_RATE) * 0.1
    tonal, noisy = rows_of(sine(69, level=0.1)), rows_of(noise)
    share = [float((rows[:N_PITCH_BINS] ** 4).sum() / (rows[BAND_ROWS] ** 4).sum()) for rows in (tonal, noisy)]
    assert share[1] < 0.1 * share[0]


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-40.0, 0.0))
def test_pitch_rows_follow_the_square_root_of_gain(gain_db: float) -> None:
    gain = 10 ** (gain_db / 20)
    loud, quiet = rows_of(sine(57.3)), rows_of(gain * sine(57.3))
    np.testing.assert_allclose(quiet[:N_PITCH_BINS], np.sqrt(gain) * loud[:N_PITCH_BINS], atol=2e-3)


@pytest.mark.parametrize("n_samples", [1, 100, 2047, 2048, 2049, 2**18 + 5])
def test_every_length_has_its_number_of_finite_frames(n_samples: int) -> None:
    rows = rows_of(np.random.default_rng(n_samples).standard_normal(n_samples) * 0.1)
    assert rows.shape == (N_ROWS, -(-n_samples // FEATURE.hop_length))
    assert np.isfinite(rows).all()


def test_silence_and_constant_have_no_peaks() -> None:
    for level in (0.0, 0.5):
        assert not rows_of(np.full(3 * ANALYSIS_RATE, level))[:N_PITCH_BINS, 4:-4].any()
