import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.domain.music import midi_to_hz
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.pitch_levels import FLOOR_DB, NoteLevels
from sonoteca.features.pitch_period import between_lags, period_evidence

RATE = 22_050
LEVELS = NoteLevels(n_fft=4096, hop_length=1024, low_midi=40, high_midi=110)


def levels_of(samples: np.ndarray) -> np.ndarray:
    samples = samples.astype(np.float32)
    found = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(LEVELS,)
    )
    return found[LEVELS].values


@given(midi=st.integers(52, 105), cents=st.floats(-35, 35))
@settings(max_examples=40, deadline=None)
def test_a_full_scale_sine_is_0_db_at_its_note_in_any_tuning(midi: int, cents: float) -> None:
    values = levels_of(np.sin(2 * np.pi * midi_to_hz(midi + cents / 100) * np.arange(RATE) / RATE))
    frame = values[:, 8]
    # A line between two bins of a Hann window reads 1.4 dB low, between coarse points a little more.
    assert -2.5 < frame[midi - 40] <= 0.1
    assert frame[midi - 40] >= frame.max() - 0.6


def test_silence_is_the_floor_and_a_second_has_its_frames() -> None:
    values = levels_of(np.zeros(RATE))
    assert values.shape == (71, -(-RATE // 1024))
    assert np.all(values == FLOOR_DB)


def test_notes_must_rise() -> None:
    with pytest.raises(ValueError, match=r"70\.\.60"):
        NoteLevels(n_fft=2048, hop_length=512, low_midi=70, high_midi=60)


@given(period=st.integers(20, 180))
@settings(max_examples=30, deadline=None)
def test_a_periodic_frame_has_evidence_one_at_its_period(period: int) -> None:
    cycle = np.random.default_rng(period).standard_normal(period)
    frame = np.tile(cycle, 1000 // period + 2)[:1000].astype(np.float32)[None]
    evidence = period_evidence(frame, 200)
    assert evidence[0, period] == pytest.approx(1.0, abs=1e-3)
    assert np.all(np.abs(evidence) <= 1.001)


def test_silence_has_no_evidence() -> None:
    assert not period_evidence(np.zeros((3, 100), np.float32), 50).any()


def test_lags_are_found_between_samples() -> None:
    hz, rate = 431.7, 22_050
    frame = np.sin(2 * np.pi * hz * np.arange(1200) / rate).astype(np.float32)[None]
    lag, clarity = between_lags(period_evidence(frame, 120), np.array([51]))
    assert rate / lag[0] == pytest.approx(hz, rel=1e-3)
    assert clarity[0] == pytest.approx(1.0, abs=0.01)
