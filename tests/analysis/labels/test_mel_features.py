"""Mel bands, cepstrum, spectral traits and semitones against built truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import FLOOR_DB, LogMel, cepstrum, hz_to_mel, mel_filters, mel_to_hz
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import LOW_RANGE_HZ, OCTAVE_EDGES_HZ, SpectralTraits


def frames(sound: Any, feature: Feature) -> FrameSeries:
    return synth.features_of(synth.recording(sound), [feature])[feature]


@given(st.floats(0.0, 20_000.0))
def test_mel_and_back_is_the_same_frequency(hz: float) -> None:
    assert float(mel_to_hz(hz_to_mel(np.array(hz)))) == pytest.approx(hz, abs=1e-6)


def test_a_thousand_hertz_are_a_thousand_mel() -> None:
    assert float(hz_to_mel(np.array(1000.0))) == pytest.approx(1000.0, abs=0.1)


@pytest.mark.parametrize("n_bands", [20, 40, 128])
def test_no_band_is_empty_and_each_weighs_one(n_bands: int) -> None:
    weights = mel_filters(22_050, 2048, n_bands, 30.0, 11_025.0)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, atol=1e-5)


@pytest.mark.parametrize("hz", [110.0, 440.0, 3000.0])
def test_a_sine_is_loudest_in_the_band_around_it(hz: float) -> None:
    mel = frames(synth.sine(hz, 1.0), LogMel())
    feet = mel_to_hz(np.linspace(hz_to_mel(np.array(30.0)), hz_to_mel(np.array(11_025.0)), 42))
    band = int(mel.values[:, 10:-10].mean(axis=1).argmax())
    assert feet[band] < hz < feet[band + 2]


def test_silence_is_the_floor() -> None:
    assert (frames(synth.silence(0.5), LogMel()).values == FLOOR_DB).all()


@given(st.floats(-30.0, 0.0))
@settings(max_examples=10, deadline=None)
def test_a_gain_moves_only_the_first_cepstral_coefficient(gain_db: float) -> None:
    mel = np.random.default_rng(0).uniform(-60, -10, (40, 7)).astype(np.float32)
    before, after = cepstrum(mel), cepstrum(mel + np.float32(gain_db))
    np.testing.assert_allclose(after[1:], before[1:], atol=1e-3)
    np.testing.assert_allclose(after[0] - before[0], gain_db * np.sqrt(40), atol=1e-2)


def test_more_coefficients_than_bands_are_refused() -> None:
    with pytest.raises(ValueError, match="n_coefficients"):
        cepstrum(np.zeros((40, 2), np.float32), 41)


def test_a_sine_is_peaked_in_its_octave_and_noise_is_not() -> None:
    octave = int(np.searchsorted(OCTAVE_EDGES_HZ, 700.0)) - 1
    tonal = frames(synth.sine(700.0, 1.0), SpectralTraits()).values[octave, 10:-10]
    noisy = frames(synth.noise(1.0), SpectralTraits()).values[octave, 10:-10]
    assert tonal.min() > 15.0
    assert noisy.max() < 12.0


def test_the_lowest_peak_is_found_and_crossings_are_counted() -> None:
    values = frames(synth.sine(120.0, 1.0), SpectralTraits()).values[:, 10:-10]
    octaves = np.log2(120.0 / LOW_RANGE_HZ[0])
    np.testing.assert_allclose(values[-3], octaves, atol=0.1)
    # Two crossings per period.
    assert values[-1].mean() == pytest.approx(2 * 120.0 / 22_050, rel=0.1)


def test_traits_of_silence_are_zero() -> None:
    assert not frames(synth.silence(0.5), SpectralTraits()).values.any()


@pytest.mark.parametrize("midi", [40, 57, 69, 88])
def test_a_sine_stands_in_its_semitone(midi: int) -> None:
    settings_ = SemitoneSpectrum()
    hz = 440.0 * 2.0 ** ((midi - 69) / 12)
    values = frames(synth.sine(hz, 2.0, 0.5), settings_).values[:, 6:-6]
    assert set(values.argmax(axis=0).tolist()) == {midi - settings_.lowest_midi}
    np.testing.assert_allclose(values.max(axis=0), 0.5, rtol=0.2)


def test_semitones_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        SemitoneSpectrum(lowest_midi=10).open(22_050)
