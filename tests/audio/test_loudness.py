"""The signals of EBU Tech 3341 and 3342, synthesised as the documents describe them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.handmade import tone
from sonoteca.audio import loudness
from sonoteca.audio.kweighting import KWeighting, channel_weights, default_channel_names, sections
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import AudioSignal

RATE = 48_000


def steps(*parts: tuple[float, float], rate: int = RATE) -> NDArray[np.float64]:
    """K-weighted power of a stereo 1 kHz tone that steps through (dBFS, seconds)."""
    mono = np.concatenate([tone(hz=1000, duration_s=seconds, dbfs=level, rate=rate) for level, seconds in parts])
    return power(np.stack([mono, mono]), rate)


def power(samples: NDArray[np.float32], rate: int = RATE) -> NDArray[np.float64]:
    with MemoryRecording.from_samples(AudioSignal(samples, rate)) as recording:
        return recording.measurements.kweighted_power


@pytest.mark.parametrize("rate", [1_000, 8_000, 44_100, 96_000])
def test_matrix_products_give_what_the_recursion_gives(rate: int) -> None:
    samples = np.random.default_rng(6).standard_normal((2, 9_999)).astype(np.float32)
    expected = scipy.signal.sosfilt(sections(rate), samples.astype(np.float64), axis=-1)
    np.testing.assert_allclose(KWeighting(rate, 2).push(samples), expected, atol=3e-5)


def test_the_filters_at_48_khz_are_those_of_the_recommendation() -> None:
    shelf, highpass = sections(48_000)
    np.testing.assert_allclose(shelf[:3], [1.53512485958697, -2.69169618940638, 1.19839281085285], atol=1e-8)
    np.testing.assert_allclose(shelf[4:], [-1.69065929318241, 0.73248077421585], atol=1e-8)
    np.testing.assert_allclose(highpass, [1, -2, 1, 1, -1.99004745483398, 0.99007225036621], atol=1e-8)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-23.0, 20.0)], -23.0, id="3341-1"),
        pytest.param([(-33.0, 20.0)], -33.0, id="3341-2"),
        pytest.param([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0, id="3341-3"),
        pytest.param([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0, id="3341-4"),
        pytest.param([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0, id="3341-5"),
    ],
)
def test_integrated_loudness(parts: list[tuple[float, float]], expected: float) -> None:
    assert loudness.integrated_lufs(steps(*parts)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000])
def test_loudness_does_not_depend_on_the_rate(rate: int) -> None:
    assert loudness.integrated_lufs(steps((-23.0, 3.0), rate=rate)) == pytest.approx(-23.0, abs=0.1)


def test_surround_channels_weigh_more_and_lfe_nothing() -> None:
    # 3341-6, as 5.1 with a loud LFE: L R C LFE Ls Rs.
    levels = (-28.0, -28.0, -24.0, 0.0, -30.0, -30.0)
    samples = np.stack([tone(hz=1000, duration_s=20, dbfs=level) for level in levels])
    assert loudness.integrated_lufs(power(samples)) == pytest.approx(-23.0, abs=0.1)
    np.testing.assert_array_equal(channel_weights(default_channel_names(6)), [1, 1, 1, 0, 1.41, 1.41])
    np.testing.assert_array_equal(channel_weights(("FL", "FR", "BL", "BR", "SL", "SR")), [1, 1, 1, 1, 1.41, 1.41])


def test_short_term_loudness_is_steady_over_its_own_period() -> None:
    # 3341-9.
    short_term = loudness.short_term_lufs(steps(*[(-20.0, 1.34), (-30.0, 1.66)] * 5))
    np.testing.assert_allclose(short_term, -23.0, atol=0.1)


def test_momentary_loudness_is_steady_over_its_own_period() -> None:
    # 3341-12.
    momentary = loudness.momentary_lufs(steps(*[(-20.0, 0.18), (-30.0, 0.22)] * 25))
    np.testing.assert_allclose(momentary[10:], -23.0, atol=0.1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-20.0, 20.0), (-30.0, 20.0)], 10.0, id="3342-1"),
        pytest.param([(-20.0, 20.0), (-15.0, 20.0)], 5.0, id="3342-2"),
        pytest.param([(-40.0, 20.0), (-20.0, 20.0)], 20.0, id="3342-3"),
        pytest.param([(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0, id="3342-4"),
    ],
)
def test_loudness_range(parts: list[tuple[float, float]], expected: float) -> None:
    assert loudness.loudness_range_lu(steps(*parts)) == pytest.approx(expected, abs=1.0)


def fade(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    """10 ms in and out: an abrupt start would have a true peak of its own."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(480) / 480)
    samples[:480] *= ramp
    samples[-480:] *= ramp[::-1]
    return np.stack([samples, samples]).astype(np.float32)


@pytest.mark.parametrize(
    ("divisor", "phase_degrees", "amplitude", "expected"),
    [
        pytest.param(4, 0.0, 0.5, -6.0, id="3341-15"),
        pytest.param(4, 45.0, 0.5, -6.0, id="3341-16"),
        pytest.param(6, 60.0, 0.5, -6.0, id="3341-17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="3341-18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="3341-19"),
    ],
)
def test_true_peak(divisor: int, phase_degrees: float, amplitude: float, expected: float) -> None:
    phase = 2 * np.pi * np.arange(RATE) / divisor + np.radians(phase_degrees)
    with MemoryRecording.from_samples(AudioSignal(fade(amplitude * np.sin(phase)), RATE)) as recording:
        true_peak = recording.measurements.true_peak_dbtp
    assert true_peak is not None
    # Tech 3341: +0.2 and -0.4 dB.
    assert expected - 0.4 <= true_peak <= expected + 0.2


def test_silence_has_no_loudness() -> None:
    silence = np.zeros(100)
    assert loudness.integrated_lufs(silence) is None
    assert loudness.loudness_range_lu(silence) is None
    assert loudness.integrated_lufs(np.zeros(0)) is None
    assert loudness.loudness_range_lu(np.zeros(0)) is None
    assert np.isneginf(loudness.momentary_lufs(silence)).all()


def test_a_constant_offset_is_not_loud() -> None:
    # The high-pass takes it away, but for the step at the start.
    assert loudness.integrated_lufs(power(np.full((1, 10 * RATE), 0.5, np.float32))[10:]) is None


def test_a_one_shot_shorter_than_a_gating_block_has_a_loudness() -> None:
    stroke = tone(hz=1000, duration_s=0.2, dbfs=-23)
    assert loudness.integrated_lufs(power(np.stack([stroke, stroke]))) == pytest.approx(-23.0, abs=0.2)
    assert loudness.loudness_range_lu(power(stroke.reshape(1, -1))) is None


def test_a_span_is_measured_from_the_steps_it_touches() -> None:
    whole = steps((-36.0, 5.0), (-23.0, 5.0))
    assert loudness.integrated_lufs(loudness.steps_between(whole, 0.0, 5.0)) == pytest.approx(-36.0, abs=0.1)
    assert loudness.integrated_lufs(loudness.steps_between(whole, 5.0, 10.0)) == pytest.approx(-23.0, abs=0.1)
    assert len(loudness.steps_between(whole, 0.3, 0.6)) == 3
    assert len(loudness.steps_between(whole, 0.35, 0.6)) == 3
    assert len(loudness.steps_between(whole, 9.99, 10.0)) == 1
    assert len(loudness.steps_between(whole, 10.0, 10.0)) == 1
    assert len(loudness.steps_between(np.zeros(0), 0.0, 1.0)) == 0


@given(st.floats(-40.0, 20.0))
def test_gain_moves_loudness_by_as_much(gain_db: float) -> None:
    base = 10 ** ((np.random.default_rng(3).uniform(-25.0, -15.0, 200) + 0.691) / 10)
    before, after = loudness.integrated_lufs(base), loudness.integrated_lufs(base * 10 ** (gain_db / 10))
    assert before is not None
    assert after == pytest.approx(before + gain_db, abs=1e-6)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.sampled_from([1_000, 8_000, 44_100, 192_000]))
def test_k_weighting_does_not_depend_on_how_the_sound_is_cut(lengths: list[int], rate: int) -> None:
    samples = np.random.default_rng(5).standard_normal((2, sum(lengths))).astype(np.float32)
    whole = KWeighting(rate, 2).push(samples)
    running = KWeighting(rate, 2)
    parts = [running.push(part) for part in np.split(samples, np.cumsum(lengths)[:-1], axis=1)]
    # float32 states lose -90 dB at 192 kHz, far below the gate at -70 LUFS.
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=3e-5)
