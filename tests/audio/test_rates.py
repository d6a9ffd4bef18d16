"""Samples at other rates than the one of analysis: what a rate can hold is there, and nothing is invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import synth
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_wav
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import AudioSignal

HIGH_HZ, LOW_HZ = 15_000.0, 440.0
NATIVE = 44_100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two seconds of a high and a low tone."""
    path = tmp_path / "tones.wav"
    write_wav(path, synth.mix(synth.sine(HIGH_HZ, 2.0, 0.3, NATIVE), synth.sine(LOW_HZ, 2.0, 0.3, NATIVE)))
    return path


def level_at(hz: float, signal: AudioSignal) -> float:
    """Amplitude of a tone, away from the edges."""
    inner: NDArray[np.float64] = signal.samples[0, signal.sample_rate // 10 : -signal.sample_rate // 10].astype(float)
    times = np.arange(len(inner)) / signal.sample_rate
    return float(2.0 * np.abs(np.exp(-2j * np.pi * hz * times) @ inner) / len(inner))


def test_a_higher_rate_comes_from_the_same_decode_and_holds_what_analysis_cannot_hear(file: Path) -> None:
    with open_recording(file, rates=(48_000,)) as recording:
        high, usual = recording.signal(0.0, 2.0, sample_rate=48_000), recording.signal(0.0, 2.0)
    assert (high.sample_rate, high.n_samples) == (48_000, 96_000)
    assert level_at(HIGH_HZ, high) == pytest.approx(0.3, abs=0.01)
    assert level_at(LOW_HZ, high) == pytest.approx(0.3, abs=0.01)
    # 15 kHz would be heard at 22,050 - 15,000 = 7,050 Hz if it folded back.
    assert level_at(22_050 - HIGH_HZ, usual) < 0.001


def test_a_higher_rate_that_nobody_asked_for_is_refused(file: Path) -> None:
    with open_recording(file) as recording, pytest.raises(ValueError, match="48000 Hz were not asked for"):
        recording.signal(0.0, 1.0, sample_rate=48_000)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050])
def test_a_span_at_a_lower_rate_is_that_of_the_whole_sound_up_to_its_edges(file: Path, rate: int) -> None:
    with open_recording(file) as recording:
        span, whole = recording.signal(0.5, 1.5, sample_rate=rate), recording.signal(0.0, 2.0, sample_rate=rate)
    assert (span.sample_rate, span.n_samples) == (rate, rate)
    first = round(0.5 * rate)
    assert np.abs(span.samples[0] - whole.samples[0, first : first + span.n_samples]).max() < 0.02
    assert level_at(LOW_HZ, span) == pytest.approx(0.3, abs=0.01)


def test_a_span_beyond_the_end_ends_with_the_sound() -> None:
    with MemoryRecording.from_samples(synth.sine(LOW_HZ, 1.0), rates=(32_000,)) as recording:
        assert recording.signal(0.5, 3.0, sample_rate=32_000).n_samples == 16_000
        assert recording.signal(0.5, 3.0, sample_rate=16_000).n_samples == 8_000


def test_an_empty_sound_has_a_sample_at_every_rate() -> None:
    with MemoryRecording.from_samples(AudioSignal(np.zeros((1, 0), np.float32), NATIVE), rates=(48_000,)) as recording:
        assert recording.signal(0.0, 1.0, sample_rate=48_000).samples.tolist() == [[0.0]]
