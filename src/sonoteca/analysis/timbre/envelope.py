"""Attack and decay of a single sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.descriptor import ATTACK, DECAY, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature

# What lasts longer is no single sound.
_LONGEST_S = 30.0
# Power is averaged over 20 ms, longer than the period of a low note, for all that is slow ...
_COARSE = ANALYSIS_RATE // 50
# ... and over 1.5 ms for attacks that are faster.
_FINE = 33
_SILENT_PEAK = 1e-5
# The first rise ends where the envelope falls to this part of it.
_FALL = 0.7
_FIRST_PEAK = 0.5


class AttackDecay:
    """Time from 10 % to 90 % of the first rise, and from its peak to 20 dB below.

    On the analytic signal's power, which does not ripple with the period of a pure tone
    (Peeters, "A large set of audio features", IRCAM 2004, section 3.2). A sound that does not
    fall by 20 dB before its region ends has no decay. Single sounds only: a loop or a track
    has as many attacks as notes.
    """

    id: ClassVar[str] = "timbre.envelope.analytic"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (ATTACK, DECAY)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.ONE_SHOT, Kind.FIELD_RECORDING})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        if region.duration_s > _LONGEST_S:
            return
        samples = region.signal().samples[0]
        power = _power_envelope(samples)
        if len(power) < _COARSE or power.max() < _SILENT_PEAK**2:
            return
        coarse = np.sqrt(scipy.ndimage.uniform_filter1d(power, _COARSE, mode="constant"))
        peak = _first_peak(coarse)
        level = float(coarse[peak])
        attack = _rise(coarse[: peak + 1], level)
        if attack < 2 * _COARSE:
            # Faster than the coarse envelope can follow.
            fine = np.sqrt(scipy.ndimage.uniform_filter1d(power[: peak + _COARSE], _FINE, mode="nearest"))
            attack = _rise(fine, level)
        yield Observation(ATTACK, round(attack / ANALYSIS_RATE, 5), confidence=None, provenance=measured_by(self))
        fallen = np.flatnonzero(coarse[peak:] < 0.1 * level)
        if len(fallen):
            yield Observation(
                DECAY, round(int(fallen[0]) / ANALYSIS_RATE, 5), confidence=None, provenance=measured_by(self)
            )


def _rise(envelope: NDArray[np.float32], level: float) -> int:
    """Samples from the last time below 10 % of ``level`` to the first at 90 %, at the first rise."""
    reached = int(np.argmax(envelope >= 0.9 * level)) if (envelope >= 0.9 * level).any() else int(envelope.argmax())
    below = np.flatnonzero(envelope[: reached + 1] < 0.1 * level)
    return reached - (int(below[-1]) + 1 if len(below) else 0)


def _power_envelope(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared magnitude of the analytic signal, without direct current, shape as ``samples``."""
    n = len(samples)
    if n == 0:
        return np.zeros(0, np.float32)
    n_fft = scipy.fft.next_fast_len(n + 2 * _COARSE)
    spectrum = scipy.fft.rfft(samples - np.float32(samples.mean(dtype=np.float64)), n_fft)
    full = np.zeros(n_fft, np.complex64)
    full[: len(spectrum)] = 2.0 * spectrum
    analytic = scipy.fft.ifft(full)[:n]
    return np.asarray(np.square(analytic.real) + np.square(analytic.imag), np.float32)


def _first_peak(coarse: NDArray[np.float32]) -> int:
    """Sample at which the first substantial rise is highest."""
    so_far = np.maximum.accumulate(coarse)
    ended = np.flatnonzero((coarse < _FALL * so_far) & (so_far >= _FIRST_PEAK * so_far[-1]))
    return int(coarse[: int(ended[0]) + 1 if len(ended) else len(coarse)].argmax())
