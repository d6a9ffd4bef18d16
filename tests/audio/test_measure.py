"""What is measured at the native rate, on signals that were built to have it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.handmade import tone
from sonoteca.audio.measure import step_boundary
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.mixdown import resampled_length
from sonoteca.audio.recording import NativeMeasurements
from sonoteca.audio.signal import AudioSignal


def measure(samples: NDArray[np.floating], rate: int = 44_100) -> NativeMeasurements:
    samples = np.atleast_2d(samples).astype(np.float32)
    with MemoryRecording.from_samples(AudioSignal(samples, rate)) as recording:
        return recording.measurements


@settings(deadline=None, max_examples=30)
@given(n=st.integers(0, 40_000), rate=st.sampled_from([1_000, 8_000, 11_025, 22_050, 44_100, 96_000, 768_000]))
def test_lengths_are_exact(n: int, rate: int) -> None:
    with MemoryRecording.from_samples(AudioSignal(np.full((1, n), 0.1, np.float32), rate)) as recording:
        assert recording.n_samples == max(1, resampled_length(n, rate))
        assert abs(resampled_length(n, rate) - n * 22_050 / rate) <= 0.5
        assert len(recording.read(0, recording.n_samples)) == recording.n_samples
        measured = recording.measurements
        n_steps = sum(step_boundary(step, rate) < n for step in range(n * 10 // rate + 2))
        assert len(measured.step_peak) == len(measured.kweighted_power) == len(measured.clipped_samples) == n_steps
        assert measured.step_power.shape == (n_steps, 1)


def test_a_step_is_a_tenth_of_a_second() -> None:
    samples = np.zeros((2, 44_100), np.float32)
    samples[0, 4410 * 3 : 4410 * 4] = 0.5
    samples[1, 4410 * 3] = -0.75
    measured = measure(samples)
    expected = np.zeros(10)
    expected[3] = 0.75
    np.testing.assert_array_equal(measured.step_peak, expected.astype(np.float32))
    expected[3] = 0.25
    np.testing.assert_allclose(measured.step_power[:, 0], expected)
    assert measured.step_power[3, 1] == pytest.approx(0.75**2 / 4410)


def test_dc_is_measured_per_channel() -> None:
    measured = measure(np.array([[0.25], [-0.5]]) + 0.1 * tone(hz=100, duration_s=2, dbfs=0, rate=44_100))
    np.testing.assert_allclose(measured.dc_offset, [0.25, -0.5], atol=1e-5)


@pytest.mark.parametrize(("gain", "expected"), [(1.0, 1.0), (-1.0, -1.0), (0.3, 1.0)])
def test_correlation_of_scaled_channels(gain: float, expected: float) -> None:
    left = np.random.default_rng(1).standard_normal(44_100) * 0.1 + 0.2
    assert measure(np.stack([left, gain * left])).stereo_correlation == pytest.approx(expected, abs=1e-5)


def test_independent_channels_do_not_correlate() -> None:
    noise = np.random.default_rng(2).standard_normal((2, 200_000)) * 0.1
    assert measure(noise).stereo_correlation == pytest.approx(0.0, abs=0.01)


def test_mono_and_silent_channels_have_no_correlation() -> None:
    noise = np.random.default_rng(2).standard_normal(44_100) * 0.1
    assert measure(noise).stereo_correlation is None
    assert measure(np.stack([noise, 0 * noise])).stereo_correlation is None
    assert measure(np.stack([noise, 0 * noise + 0.5])).stereo_correlation is None


def test_clipping_counts_runs_at_the_ceiling() -> None:
    samples = np.full(44_100, 0.1)
    samples[1000:1005] = 1.0  # a run of 5 in step 0
    samples[5000:5002] = 1.0  # too short
    samples[9000:9003] = -1.0  # a run of 3 in step 2
    np.testing.assert_array_equal(measure(samples).clipped_samples, [5, 0, 3, 0, 0, 0, 0, 0, 0, 0])


def test_a_plateau_below_full_scale_is_not_clipping() -> None:
    assert measure(np.full(44_100, 0.9)).clipped_samples.sum() == 0


def test_the_ceiling_is_the_files_own() -> None:
    # Clipped at 2.0 in float, and long before, harmlessly, at 1.0: another block of the decode.
    samples = np.full(10 * 44_100, 0.1)
    samples[1000:1100] = 1.0
    samples[9 * 44_100 : 9 * 44_100 + 50] = 2.0
    clipped = measure(samples).clipped_samples
    assert clipped.sum() == 50
    assert clipped[90] == 50


def test_the_spectrum_shows_power_where_the_tone_is() -> None:
    measured = measure(tone(hz=44_100 * 100 / 4096, duration_s=2, dbfs=-20, rate=44_100))
    assert int(measured.spectrum.argmax()) == 100
    # Scaled so that a full-scale sine has power 1.
    assert measured.spectrum[100] == pytest.approx(0.01, rel=1e-3)
    assert measured.spectrum[2000] < 1e-12


def test_a_short_sound_has_a_spectrum_too() -> None:
    measured = measure(tone(hz=5_000, duration_s=0.02, dbfs=0, rate=44_100))
    assert len(measured.spectrum) == 2049
    assert abs(int(measured.spectrum.argmax()) * 44_100 / 4096 - 5_000) < 50


def test_one_sample_has_no_spectrum() -> None:
    assert len(measure(np.array([0.5])).spectrum) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e38])
def test_what_is_no_number_counts_as_silence(value: float) -> None:
    samples = np.full((2, 44_100), 0.1, np.float32)
    samples[:, 1000:1100] = value
    with MemoryRecording.from_samples(AudioSignal(samples, 44_100)) as recording:
        assert recording.measurements.n_invalid_samples == 200
        assert any("200 samples" in warning for warning in recording.warnings)
        assert np.isfinite(recording.read(0, recording.n_samples)).all()
        assert np.isfinite(recording.measurements.kweighted_power).all()
        assert recording.measurements.true_peak_dbtp == pytest.approx(-20.0, abs=2.0)


def test_denormals_become_zero_without_a_word() -> None:
    measured = measure(np.full((1, 44_100), 1e-40))
    assert measured.n_invalid_samples == 0
    assert measured.true_peak_dbtp is None


def test_integers_left_unscaled_in_float_survive() -> None:
    measured = measure(tone(hz=440, duration_s=1, dbfs=0, rate=44_100) * 2.0**31)
    assert measured.n_invalid_samples == 0
    assert measured.true_peak_dbtp == pytest.approx(186.6, abs=0.5)


def test_channels_that_cancel_leave_the_louder_one() -> None:
    left = tone(hz=440, duration_s=2, dbfs=-6, rate=44_100)
    with MemoryRecording.from_samples(AudioSignal(np.stack([left, -0.9 * left]), 44_100)) as recording:
        assert any("cancel" in warning for warning in recording.warnings)
        assert np.abs(recording.read(1000, 20_000)).max() == pytest.approx(0.5, abs=0.02)


def test_channels_that_begin_to_cancel_are_faded_over() -> None:
    rate = 22_050
    left = tone(hz=110, duration_s=8, dbfs=-6, rate=rate)
    right = np.where(np.arange(len(left)) < 3.2 * rate, left, -left).astype(np.float32)
    with MemoryRecording.from_samples(AudioSignal(np.stack([left, right]), rate)) as recording:
        mono = recording.read(0, recording.n_samples)
    assert np.abs(mono).min() < 0.01
    assert np.abs(mono[-rate:]).max() == pytest.approx(0.5, abs=0.02)
    # A 110 Hz sine moves at most this far in a sample; a seam would jump.
    assert np.abs(np.diff(mono)).max() < 0.5 * 2 * np.pi * 110 / rate * 1.2


def test_the_mono_mix_is_the_mean() -> None:
    samples = np.random.default_rng(4).uniform(-0.5, 0.5, (3, 22_050)).astype(np.float32)
    with MemoryRecording.from_samples(AudioSignal(samples, 22_050)) as recording:
        np.testing.assert_allclose(recording.read(0, 22_050), samples.mean(axis=0), atol=1e-6)
        assert recording.warnings == ()
