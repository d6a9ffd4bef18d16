"""Recordings that never were a file: sound made by tests and by other parts of the program."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

import xxhash

from sonoteca.audio.intake import Intake, SpooledRecording
from sonoteca.audio.kweighting import default_channel_names
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim


class MemoryRecording(SpooledRecording):
    """A ``Recording`` of samples in memory, measured by the same code as files are."""

    @classmethod
    def from_samples(
        cls,
        signal: AudioSignal,
        *,
        codec: str = "pcm_f32",
        container: str = "memory",
        claims: tuple[Claim, ...] = (),
        rates: Collection[int] = (),
    ) -> Self:
        """Measure, mix and resample ``signal``; any rate and number of channels.

        A signal without a sample gives one zero at the analysis rate and ``duration_s`` 0,
        like an empty file.
        """
        samples = signal.samples
        intake = Intake(signal.sample_rate, default_channel_names(len(samples)), rates=rates)
        first = 0
        while first < signal.n_samples:
            block = samples[:, first : first + intake.wanted].copy()
            first += block.shape[1]
            intake.push(block, is_raw_float=True)
        measurements, spools, warnings = intake.finish()
        head = f"{signal.sample_rate}/{samples.shape}/"
        info = AudioInfo(
            duration_s=signal.duration_s,
            sample_rate=signal.sample_rate,
            channels=len(samples),
            codec=codec,
            container=container,
            n_samples=signal.n_samples,
            content_hash=f"mem1:{xxhash.xxh3_128_hexdigest(head.encode() + samples.tobytes())}",
        )
        return cls(info, measurements, spools, claims=claims, warnings=tuple(warnings))
