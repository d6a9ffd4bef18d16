"""The search for the true peak skips most of the sound and must still find the peak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonoteca.audio.true_peak import _TAPS, TruePeak, _phases, oversampling_factor


def by_brute_force(samples: NDArray[np.float32], factor: int) -> float:
    filters, _ = _phases(factor)
    padded = np.pad(samples, ((0, 0), (_TAPS - 1, _TAPS - 1)))
    between = np.lib.stride_tricks.sliding_window_view(padded, _TAPS, axis=1) @ filters
    return float(max(np.abs(between).max(), np.abs(samples).max()))


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 700), min_size=1, max_size=5),
    smoothing=st.integers(1, 20),
    rate=st.sampled_from([44_100, 96_000]),
)
def test_nothing_is_missed_however_the_sound_is_cut(seed: int, lengths: list[int], smoothing: int, rate: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((2, sum(lengths) + smoothing))
    smooth = np.lib.stride_tricks.sliding_window_view(noise, smoothing, axis=1).mean(axis=2)[:, : sum(lengths)]
    samples = smooth.astype(np.float32)
    meter = TruePeak(rate, 2)
    for part in np.split(samples, np.cumsum(lengths)[:-1], axis=1):
        meter.push(part, float(np.abs(part).max()))
    meter.finish()
    assert meter.linear == pytest.approx(by_brute_force(samples, oversampling_factor(rate)), rel=1e-5)


def test_above_192_khz_the_samples_are_close_enough() -> None:
    meter = TruePeak(192_000, 1)
    meter.push(np.array([[0.5, -0.75]], np.float32), 0.75)
    meter.finish()
    assert meter.linear == 0.75


def test_silence_peaks_at_zero() -> None:
    meter = TruePeak(44_100, 1)
    meter.push(np.zeros((1, 1000), np.float32), 0.0)
    meter.finish()
    assert meter.linear == 0.0
