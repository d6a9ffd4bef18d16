"""What happens to native samples: they are measured, mixed to mono, resampled and spooled."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from types import TracebackType

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.audio.measure import LARGEST_SAMPLE, NativeMeter, sanitize, step_boundary, steps_per_block
from sonoteca.audio.mixdown import MonoMix, ToRate, resampled_length
from sonoteca.audio.recording import MAX_READ_S, NativeMeasurements
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.audio.spool import SampleSpool
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim

# Samples around a span that its resampling hears: longer than the filter of soxr.
_SURROUNDINGS = 2048
# Channels that cancel for a moment are no news.
_LEAST_SHARE = 0.01


class SpooledRecording:
    """A ``Recording`` (see ``audio.recording``) whose samples lie in a spool; close it."""

    def __init__(
        self,
        info: AudioInfo,
        measurements: NativeMeasurements,
        spools: Mapping[int, SampleSpool],
        *,
        claims: tuple[Claim, ...] = (),
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.info = info
        self.measurements = measurements
        self.claims = claims
        self.warnings = warnings
        self._spools = spools
        self._spool = spools[ANALYSIS_RATE]

    @property
    def n_samples(self) -> int:
        return self._spool.n_samples

    def read(self, first_sample: int, n_samples: int) -> NDArray[np.float32]:
        return self._spool.read(first_sample, n_samples)

    def signal(self, start_s: float, end_s: float, *, sample_rate: int = ANALYSIS_RATE) -> AudioSignal:
        if end_s - start_s > MAX_READ_S:
            raise ValueError(f"at most {MAX_READ_S} s can be read at once, got {start_s} s to {end_s} s")
        spool = self._spools.get(sample_rate)
        if spool is None:
            return self._resampled(start_s, end_s, sample_rate)
        first = min(max(0, round(start_s * sample_rate)), spool.n_samples)
        stop = min(max(first, round(end_s * sample_rate)), spool.n_samples)
        return AudioSignal(spool.read(first, stop - first).reshape(1, -1), sample_rate)

    def _resampled(self, start_s: float, end_s: float, sample_rate: int) -> AudioSignal:
        """A lower rate, made of the samples at the analysis rate: nothing is missing from it."""
        if sample_rate > ANALYSIS_RATE:
            raise ValueError(f"samples at {sample_rate} Hz were not asked for when the file was decoded")
        first = min(max(0, round(start_s * ANALYSIS_RATE)), self.n_samples)
        stop = min(max(first, round(end_s * ANALYSIS_RATE)), self.n_samples)
        # What surrounds the span is heard too, so that its edges are those of the sound.
        low, high = max(0, first - _SURROUNDINGS), min(self.n_samples, stop + _SURROUNDINGS)
        around = soxr.resample(self.read(low, high - low), ANALYSIS_RATE, sample_rate)
        at = resampled_length(first - low, ANALYSIS_RATE, sample_rate)
        wanted = resampled_length(stop - first, ANALYSIS_RATE, sample_rate)
        samples = np.zeros((1, wanted), np.float32)
        given = around[at : at + wanted]
        samples[0, : len(given)] = given
        return AudioSignal(samples, sample_rate)

    def close(self) -> None:
        for spool in self._spools.values():
            spool.close()

    def __enter__(self) -> SpooledRecording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Intake:
    """Everything that happens to native samples: measure, mix, resample, spool."""

    def __init__(
        self,
        sample_rate: int,
        channel_names: tuple[str, ...],
        *,
        rates: Collection[int] = (),
        spool_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_channels = len(channel_names)
        self._n_steps = 0
        self._steps_per_block = steps_per_block(sample_rate, self.n_channels)
        self._meter = NativeMeter(sample_rate, channel_names)
        self._mix = MonoMix(self.n_channels)
        wanted = dict.fromkeys([ANALYSIS_RATE, *(rate for rate in rates if rate > ANALYSIS_RATE)])
        self._resamplers = {rate: ToRate(sample_rate, rate) for rate in wanted}
        self._spools = {rate: SampleSpool(spool_dir) for rate in wanted}
        self.n_samples = 0

    @property
    def wanted(self) -> int:
        """How many samples the next block has to hold (fewer only if it is the last)."""
        stop = step_boundary(self._n_steps + self._steps_per_block, self.sample_rate)
        return stop - step_boundary(self._n_steps, self.sample_rate)

    def push(self, block: NDArray[np.float32], *, is_raw_float: bool) -> None:
        """The next block, float32 (n_channels, ``wanted``); it may be changed in place."""
        # NaN, infinities and absurd values all make this sum fail the comparison.
        is_sane = float(np.vdot(block, block)) < LARGEST_SAMPLE**2
        if is_raw_float or not is_sane:
            self._meter.n_invalid_samples += sanitize(block)
        mono = self._mix.push(block)
        self._meter.push(block)
        for rate, resampler in self._resamplers.items():
            self._spools[rate].append(resampler.push(mono))
        self.n_samples += block.shape[1]
        self._n_steps += self._steps_per_block

    def finish(self) -> tuple[NativeMeasurements, Mapping[int, SampleSpool], list[str]]:
        """Measurements, a sealed spool per rate (at least one sample), and what a person should know."""
        for rate, spool in self._spools.items():
            spool.append(self._resamplers[rate].finish())
            if spool.n_samples == 0:
                spool.append(np.zeros(1, dtype=np.float32))
            spool.seal()
        measurements = self._meter.finish()
        warnings = []
        if measurements.n_invalid_samples:
            warnings.append(
                f"{measurements.n_invalid_samples} samples were not numbers or beyond any scale: they count as silence."
            )
        share = self._mix.n_cancelled / max(1, self.n_samples)
        if share >= _LEAST_SHARE:
            warnings.append(
                f"The channels cancel each other in {share:.0%} of the sound: there the louder one stands for all."
            )
        return measurements, self._spools, warnings

    def discard(self) -> None:
        for spool in self._spools.values():
            spool.close()
