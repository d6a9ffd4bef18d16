"""A decoded file: facts, native measurements, and mono samples at the analysis rate.

``decode.open_recording(path)`` makes one; it owns a temporary spool file and has to be
closed (it is a context manager). ``from_samples`` makes one in memory, for tests and for
sound that never was a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim

MAX_READ_S = 600.0
# NativeMeasurements count time in steps of this length.
STEP_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class NativeMeasurements:
    """What was measured on native-rate blocks during the one decode.

    Attributes
    ----------
    kweighted_power : float64 (n_steps,)
        BS.1770 K-weighted, channel-weighted mean square per 100 ms step (the last may be partial).
    step_peak : float32 (n_steps,)
        Largest absolute sample per 100 ms step over all channels, linear.
    true_peak_dbtp : float or None
        Of the whole file; None for digital silence.
    step_power : float64 (n_steps, n_channels)
        Plain mean square per 100 ms step and channel.
    clipped_samples : int64 (n_steps,)
        Samples per step in runs of at least 3 at the file's own ceiling (0.999 or more).
    dc_offset : float64 (n_channels,)
        Mean sample value per channel.
    stereo_correlation : float or None
        Pearson correlation of the first two channels over the file; None for mono or silence.
    spectrum : float64 (n_bins,)
        Long-term mean power from 0 Hz to Nyquist, channel mean; empty if too short.
    n_invalid_samples : int
        NaN or infinite samples that were replaced by 0.
    """

    sample_rate: int
    kweighted_power: NDArray[np.float64]
    step_peak: NDArray[np.float32]
    true_peak_dbtp: float | None
    step_power: NDArray[np.float64]
    clipped_samples: NDArray[np.int64]
    dc_offset: NDArray[np.float64]
    stereo_correlation: float | None
    spectrum: NDArray[np.float64]
    n_invalid_samples: int = 0


class Recording(Protocol):
    """Random access to one decoded sound."""

    info: AudioInfo
    measurements: NativeMeasurements
    claims: tuple[Claim, ...]
    warnings: tuple[str, ...]

    @property
    def n_samples(self) -> int:
        """Length at the analysis rate (22,050 Hz mono), at least 1."""
        ...

    def read(self, first_sample: int, n_samples: int) -> NDArray[np.float32]:
        """Mono samples at the analysis rate, shape (n_samples,)."""
        ...

    def signal(self, start_s: float, end_s: float, *, sample_rate: int = ANALYSIS_RATE) -> AudioSignal:
        """Mono samples of a span of at most ``MAX_READ_S`` seconds; ValueError for a longer one.

        A rate above the analysis rate has to be among those the sound was decoded with (ValueError else), because
        the samples at 22,050 Hz hold nothing above 11 kHz.
        """
        ...

    def close(self) -> None: ...
