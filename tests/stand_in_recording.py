"""Stands in for audio/memory.py until it is there: plain measurements, no true peak, no K-weighting."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.audio.recording import STEP_S, AudioInfo, NativeMeasurements
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal


class StandInRecording:
    claims = ()
    warnings = ()

    def __init__(self, sound: AudioSignal) -> None:
        samples, rate = sound.samples, sound.sample_rate
        mono = samples.mean(axis=0)
        if rate != ANALYSIS_RATE:
            mono = soxr.resample(mono, rate, ANALYSIS_RATE)
        n_samples = max(1, round(sound.duration_s * ANALYSIS_RATE))
        self._mono = np.zeros(n_samples, np.float32)
        self._mono[: len(mono)] = mono[:n_samples]
        n = sound.n_samples
        self.info = AudioInfo(sound.duration_s, rate, samples.shape[0], "pcm_f32le", "memory", n, "raw1:00")
        step = round(STEP_S * rate)
        starts = np.arange(0, n, step)
        squares = np.square(samples.astype(np.float64))
        counts = np.diff(np.append(starts, n))
        step_power = (np.add.reduceat(squares, starts, axis=1) / counts).T
        peak = np.maximum.reduceat(np.abs(samples).max(axis=0), starts).astype(np.float32)
        clipped = np.add.reduceat((np.abs(samples) >= 0.999).any(axis=0).astype(np.int64), starts)
        top = float(np.abs(samples).max())
        spectrum = np.zeros(0)
        if n >= 8192:
            frames = np.lib.stride_tricks.sliding_window_view(mono_native(samples), 8192)[::8192]
            spectrum = np.mean(np.square(np.abs(np.fft.rfft(frames * np.hanning(8192), axis=-1))), axis=0)
        self.measurements = NativeMeasurements(
            rate, step_power.sum(axis=1), peak, 20 * float(np.log10(top)) if top > 0 else None, step_power, clipped,
            samples.astype(np.float64).mean(axis=1),
            float(np.corrcoef(samples[:2])[0, 1]) if samples.shape[0] > 1 and samples[:2].std(axis=1).min() > 0 else None,
            spectrum, np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32),
        )  # fmt: skip

    @property
    def n_samples(self) -> int:
        return len(self._mono)

    def read(self, first_sample: int, n_samples: int) -> NDArray[np.float32]:
        return self._mono[first_sample : first_sample + n_samples]

    def signal(self, start_s: float, end_s: float) -> AudioSignal:
        first, stop = round(start_s * ANALYSIS_RATE), round(end_s * ANALYSIS_RATE)
        return AudioSignal(self._mono[np.newaxis, first : max(stop, first + 1)], ANALYSIS_RATE)

    def close(self) -> None:
        pass


def mono_native(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples.mean(axis=0)
