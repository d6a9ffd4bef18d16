import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt

from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.music import midi_to_hz
from sonoteca.search.hum.query_pitch import query_notes, track_pitch, without_rumble

RATE = 22_050
TUNE = [(0, 0.5), (4, 0.4), (7, 0.5), (5, 0.3), (2, 0.6), (-1, 0.4), (0, 0.9)]


def hum(base: float, *, partials: int = 6, snr_db: float | None = None, phone: bool = False) -> AudioSignal:
    """The tune on ``base``, gliding within 30 ms, with an optional noise and telephone band."""
    pitch = np.concatenate([np.full(int(length * RATE), base + step) for step, length in TUNE])
    glide = int(0.03 * RATE)
    pitch = np.convolve(np.pad(pitch, glide, mode="edge"), np.ones(glide) / glide, mode="same")[glide:-glide]
    phase = 2 * np.pi * np.cumsum([midi_to_hz(p) for p in pitch]) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, partials + 1)) * 0.2
    wave = np.pad(wave, int(0.3 * RATE))
    if snr_db is not None:
        wave += np.random.default_rng(1).standard_normal(len(wave)) * wave.std() * 10 ** (-snr_db / 20)
    if phone:
        wave = sosfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), wave)
    return AudioSignal(wave[None].astype(np.float32), RATE)


def check_notes(signal: AudioSignal, base: float) -> None:
    notes = query_notes(signal)
    onsets = 0.3 + np.cumsum([0.0] + [length for _, length in TUNE[:-1]])
    assert len(notes) == len(TUNE)
    assert notes.midi == pytest.approx([base + step for step, _ in TUNE], abs=0.3)
    assert notes.starts_s == pytest.approx(onsets, abs=0.07)


@given(base=st.floats(40, 84))
@settings(max_examples=8, deadline=None)
def test_a_voice_comes_back_as_its_notes(base: float) -> None:
    check_notes(hum(base), base)


@pytest.mark.parametrize("base", [42, 50, 57])
def test_a_voice_on_the_telephone_in_noise_keeps_its_octave(base: int) -> None:
    check_notes(hum(base, partials=12, snr_db=15, phone=True), base)


@pytest.mark.parametrize("base", [72, 84, 90])
def test_a_whistle_in_noise(base: int) -> None:
    check_notes(hum(base, partials=1, snr_db=12), base)


def test_rate_and_channels_do_not_matter() -> None:
    one = hum(57)
    stereo = AudioSignal(np.repeat(one.samples, 2, axis=0), RATE)
    first, second = query_notes(one), query_notes(stereo)
    assert second.midi == pytest.approx(first.midi, abs=0.01)
    slower = AudioSignal(one.samples, RATE // 2)  # the same samples played at half speed are an octave lower
    assert query_notes(slower).midi == pytest.approx(first.midi - 12, abs=0.2)


@pytest.mark.parametrize("n", [0, 1, 300, RATE])
def test_silence_has_no_notes(n: int) -> None:
    assert len(query_notes(AudioSignal(np.zeros((1, n), np.float32), RATE))) == 0


def test_noise_has_hardly_a_note() -> None:
    noise = 0.2 * np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    assert len(query_notes(AudioSignal(noise[None], RATE))) <= 2


def test_not_a_number_is_no_sound() -> None:
    samples = hum(57).samples.copy()
    samples[0, 1000:1010] = np.nan
    assert np.isfinite(track_pitch(AudioSignal(samples, RATE)).level_db).all()
    assert len(query_notes(AudioSignal(samples, RATE))) == len(TUNE)


@pytest.mark.parametrize("n_samples", [1024, 50_001])
def test_rumble_is_taken_away_as_a_butterworth_filter_does_sample_by_sample(n_samples: int) -> None:
    samples = np.random.default_rng(1).normal(0.0, 0.3, n_samples).astype(np.float32)
    highpass = scipy.signal.butter(2, 55.0, "highpass", fs=RATE, output="sos")
    np.testing.assert_allclose(without_rumble(samples), scipy.signal.sosfilt(highpass, samples), rtol=0, atol=2e-7)
