"""Felt energy: one number 1..10 for music, and a curve over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.audio.loudness import steps_between
from sonoteca.audio.recording import STEP_S
from sonoteca.domain.descriptor import ENERGY_CURVE, ENERGY_LEVEL, ONSET_DENSITY, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.spectral_shape import CENTROID_ROW, N_BANDS, SpectralShape

SHAPE = SpectralShape()
_SILENT_POWER = 1e-9
# Bands this far below the loud ones do not fill the sound.
_RANGE_DB = 40.0
# Rises smaller than this between frames 46 ms apart are the flutter of held notes and noise.
_FLUTTER_DB = 3.0
# Onsets per second, fullness 0..1, rise of band levels per second [dB/s] and brightness of the middle song, each
# with the levels that one doubling (or 0.1) is worth. Read off 50 rendered songs: they set the middle and the
# spread of the scale, not its order.
_ONSETS, _FULLNESS, _FLUX, _BRIGHTNESS = 2.9, 0.51, 54.0, 0.42
_PER_DOUBLED_ONSETS, _PER_TENTH_FULLER, _PER_DOUBLED_FLUX, _PER_TENTH_BRIGHTER = 1.9, 0.55, 0.4, 0.45
_MIDDLE_LEVEL = 5.5

_CURVE_RANGE_DB = 30.0
_MAX_CURVE = 1000


class EnergyLevel:
    """1 (a held pad) to 10 (dense, bright, driving), from how the sound moves and how full it is, not from its gain.

    A weighted sum of onsets per second, the share of the octave bands that is filled, how fast
    the bands rise, and brightness: event density, spectral fullness and flux are what
    explains most of perceived energy in music (Juslin and Laukka, "Expression, perception, and
    induction of musical emotions", JNMR 33, 2004, name tempo, density, level and high-frequency
    content). No confidence: there is no truth to be right about.
    """

    id: ClassVar[str] = "form.energy_level.motion"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (ENERGY_LEVEL,)
    requires: ClassVar[tuple[Descriptor, ...]] = (ONSET_DENSITY,)
    features: ClassVar[tuple[Feature, ...]] = (SHAPE,)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK, Kind.LOOP})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        frames = region.frames(SHAPE)
        power = frames.values[:N_BANDS].astype(np.float64)
        total = power.sum(axis=0)
        onsets_per_s = known[ONSET_DENSITY].value if ONSET_DENSITY in known else None
        if not isinstance(onsets_per_s, int | float) or total.max() < _SILENT_POWER or frames.n_frames < 20:
            return
        loud_db = 10.0 * np.log10(np.percentile(power.max(axis=0), 97) + 1e-16)
        level_db = np.maximum(10.0 * np.log10(power + 1e-16), loud_db - _RANGE_DB)
        fullness = float(np.minimum(1.0 + (level_db - loud_db) / _RANGE_DB, 1.0).mean())
        weights = np.sqrt(total)
        brightness = float((frames.values[CENTROID_ROW] * weights).sum() / weights.sum())
        level = (
            _MIDDLE_LEVEL
            + _PER_DOUBLED_ONSETS * math.log2(min(max(onsets_per_s, 0.5), 8.0) / _ONSETS)
            + _PER_DOUBLED_FLUX * math.log2(max(_flux(level_db, frames.frame_rate), 5.0) / _FLUX)
            + _PER_TENTH_FULLER * (fullness - _FULLNESS) / 0.1
            + _PER_TENTH_BRIGHTER * (brightness - _BRIGHTNESS) / 0.1
        )
        yield Observation(ENERGY_LEVEL, int(np.clip(round(level), 1, 10)), None, measured_by(self))


class EnergyCurve:
    """Loudness over time, one value a second: 1 at the loud parts of this sound, 0 from 30 dB below.

    Longer than 1,000 s, a value stands for more than a second, so that there are never more
    than 1,000. Relative to the sound itself: the gain of the file does not matter.
    """

    id: ClassVar[str] = "form.energy_curve.loudness"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (ENERGY_CURVE,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK, Kind.LOOP, Kind.FIELD_RECORDING})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        power = steps_between(region.measurements.kweighted_power, region.region.start_s, region.region.end_s)
        level = energy_curve(power, region.duration_s)
        if len(level):
            value: list[JsonValue] = [round(float(each), 3) for each in level]
            yield Observation(ENERGY_CURVE, value, confidence=None, provenance=measured_by(self))


def energy_curve(kweighted_power: NDArray[np.float64], duration_s: float) -> NDArray[np.float64]:
    """Values 0..1, one per ``curve_step_s`` seconds; empty for silence and for less than two steps."""
    n_steps = round(curve_step_s(duration_s) / STEP_S)
    n_values = -(-len(kweighted_power) // n_steps)
    if n_values < 2 or kweighted_power.max() < _SILENT_POWER:
        return np.zeros(0)
    starts = np.arange(n_values) * n_steps
    counts = np.minimum(starts + n_steps, len(kweighted_power)) - starts
    mean = np.add.reduceat(kweighted_power, starts) / counts
    level_db = 10.0 * np.log10(np.maximum(mean, 1e-12))
    return np.asarray(np.clip(1.0 + (level_db - np.percentile(level_db, 95)) / _CURVE_RANGE_DB, 0.0, 1.0))


def curve_step_s(duration_s: float) -> float:
    """Seconds one value of the energy curve stands for.

    >>> curve_step_s(75.0), curve_step_s(3600.0)
    (1.0, 4.0)
    """
    return float(max(1, math.ceil(duration_s / _MAX_CURVE)))


def _flux(level_db: NDArray[np.float64], frame_rate: float) -> float:
    """Mean rise of the octave bands in dB per second."""
    rise = level_db[:, 2:] - level_db[:, :-2]
    return float(np.where(rise > _FLUTTER_DB, rise, 0.0).mean() * frame_rate)
