import numpy as np
import pytest

import synth
from sonoteca.audio.signal import AudioSignal
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.onset import BandMagnitude, onset_accents, onset_times

BANDS = BandMagnitude()


def bands_of(sound: AudioSignal) -> FrameSeries:
    recording = synth.recording(sound)
    frames = compute_features(recording.read, n_samples=recording.n_samples, sample_rate=22_050, features=(BANDS,))
    return frames[BANDS]


def test_kicks_and_snares_are_strong_and_hats_are_weak() -> None:
    places = [(0.25 * n, (synth.kick(), synth.hat(), synth.snare(), synth.hat())[n % 4]) for n in range(16)]
    bands = bands_of(synth.placed(places, 4.5))
    times = onset_times(bands)
    accents = onset_accents(bands, times)
    kind = np.rint(times / 0.25).astype(int) % 4
    assert len(times) >= 12
    assert accents[kind % 2 == 0].min() > 0.5
    assert accents[kind % 2 == 1].max() < 0.3


def test_gain_changes_no_accent() -> None:
    sound = synth.drums(120.0, 2)
    loud, quiet = bands_of(sound), bands_of(synth.gained(sound, -24.0))
    times = onset_times(loud)
    assert onset_accents(quiet, times) == pytest.approx(onset_accents(loud, times), abs=0.02)


def test_of_no_onset_there_is_no_accent() -> None:
    assert onset_accents(bands_of(synth.silence(1.0)), np.zeros(0)).shape == (0,)
