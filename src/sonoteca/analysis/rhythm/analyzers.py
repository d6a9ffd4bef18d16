"""The rhythm analyzers: bars (tempo, beats, meter, grid), pulse clarity, onset density."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.rhythm.bar_model import WEIGHTS_FILE
from sonoteca.analysis.rhythm.evidence import autocorrelation
from sonoteca.analysis.rhythm.long_rhythm import hear_rhythm
from sonoteca.analysis.rhythm.presence import CONFIDENCE_FILE
from sonoteca.analysis.rhythm.rhythm import Rhythm
from sonoteca.domain.descriptor import (
    ACCENTS,
    BARS,
    BEATS,
    DOWNBEATS,
    GRID,
    KIND,
    METER,
    ONSET_DENSITY,
    ONSETS,
    PULSE_CLARITY,
    TEMPO,
    TEMPO_CURVE,
    Descriptor,
)
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.onset import BandMagnitude, band_flux, onset_accents, onset_times
from sonoteca.features.onset_harmony import HarmonyTrail

BAND_MAGNITUDE = BandMagnitude()
HARMONY_TRAIL = HarmonyTrail()


class BarRhythm:
    """Tempo, beats, bars and meter together, by ranking bar hypotheses; silent for what has no beat.

    Candidate periods and phases come from the onset curve's periodicity and, for loops, from
    the exact length (a whole number of bars fills it); a small network trained on rendered
    music ranks how the onsets fold onto each possible bar. See ``hypotheses`` and
    ``bar_model``. Ideas: folding onsets onto metrical templates after Goto, "An Audio-based
    Real-time Beat Tracking System", JNMR 30, 2001; joint choice of period, phase and bar
    after Krebs, Böck & Widmer, "An Efficient State-Space Model for Joint Tempo and Meter
    Tracking", ISMIR 2015.
    """

    id: ClassVar[str] = "rhythm.bars.hypotheses"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (TEMPO, TEMPO_CURVE, GRID, BEATS, DOWNBEATS, METER, BARS)
    requires: ClassVar[tuple[Descriptor, ...]] = (KIND,)
    features: ClassVar[tuple[Feature, ...]] = (BAND_MAGNITUDE, HARMONY_TRAIL)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE, CONFIDENCE_FILE)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS - {Kind.ONE_SHOT}

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        said = known.get(KIND)
        kind = Kind(str(said.value)) if said is not None else None
        if kind is Kind.ONE_SHOT:
            return
        rhythm = hear_rhythm(region.frames(BAND_MAGNITUDE), region.frames(HARMONY_TRAIL), region.duration_s, kind)
        if rhythm is None:
            return
        made_by = measured_by(self)
        start_s = region.region.start_s

        def seconds(times: NDArray[np.float64]) -> list[JsonValue]:
            return [round(float(t) + start_s, 4) for t in times]

        alternatives: list[JsonValue] = [round(bpm, 2) for bpm in rhythm.alternatives_bpm]
        tempo: dict[str, JsonValue] = {"bpm": round(rhythm.tempo_bpm, 3), "alternatives_bpm": alternatives}
        yield Observation(TEMPO, tempo, rhythm.tempo_confidence, made_by)
        yield Observation(BEATS, seconds(rhythm.beat_s), rhythm.beat_confidence, made_by)
        yield Observation(DOWNBEATS, seconds(rhythm.downbeat_s), rhythm.bar_confidence, made_by)
        meter: dict[str, JsonValue] = {"beats_per_bar": rhythm.beats_per_bar, "beat_unit": rhythm.beat_unit}
        yield Observation(METER, meter, rhythm.meter_confidence, made_by)
        segments: list[JsonValue] = [
            {"start_s": round(at + start_s, 4), "bpm": round(bpm, 3)} for at, bpm in rhythm.grid_segments
        ]
        yield Observation(GRID, {"segments": segments, "drift_bpm": round(rhythm.drift_bpm, 3)}, None, made_by)
        if rhythm.tempo_curve:
            curve: list[JsonValue] = [
                {"at_s": round(at + start_s, 3), "bpm": round(bpm, 2)} for at, bpm in rhythm.tempo_curve
            ]
            yield Observation(TEMPO_CURVE, curve, None, made_by)
        is_loop = kind in (None, Kind.LOOP)
        if rhythm.whole_bars is not None and is_loop:
            yield Observation(BARS, rhythm.whole_bars, rhythm.bar_confidence, made_by)


class PulseClarity:
    """How regular the onsets are: the highest autocorrelation of onset strength at any beat period.

    After Lartillot et al., "Multi-Feature Modeling of Pulse Clarity", ISMIR 2008 (their "maximum
    autocorrelation").
    """

    id: ClassVar[str] = "rhythm.pulse_clarity.autocorrelation"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (PULSE_CLARITY,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (BAND_MAGNITUDE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS - {Kind.ONE_SHOT}

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        bands = region.frames(BAND_MAGNITUDE)
        if bands.n_frames < 32:
            return
        flux = band_flux(bands.values).mean(axis=0)
        if float(flux.mean()) < 1e-3:
            return
        shortest, longest = int(0.25 * bands.frame_rate), int(1.5 * bands.frame_rate)
        acf = autocorrelation(np.asarray(flux, np.float32), longest + 1)[shortest:]
        if len(acf):
            yield Observation(PULSE_CLARITY, round(float(np.clip(acf.max(), 0.0, 1.0)), 4), None, measured_by(self))


# A quarter of an hour of sixteenths at 140 bpm; nobody taps a rhythm out of more.
MOST_ONSETS = 8_000


class OnsetDensity:
    """Onsets, their accents and their number per second: local peaks of log spectral flux well above their surroundings.

    After Bello et al., "A Tutorial on Onset Detection in Music Signals", IEEE TSAP 13(5), 2005.
    """

    id: ClassVar[str] = "rhythm.onset_density.flux"
    version: ClassVar[int] = 3
    produces: ClassVar[tuple[Descriptor, ...]] = (ONSET_DENSITY, ONSETS, ACCENTS)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (BAND_MAGNITUDE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        if region.duration_s < 0.05:
            return
        bands = region.frames(BAND_MAGNITUDE)
        times = onset_times(bands)
        yield Observation(ONSET_DENSITY, round(len(times) / region.duration_s, 4), None, measured_by(self))
        if 0 < len(times) <= MOST_ONSETS:
            accents = onset_accents(bands, times)
            yield Observation(ONSETS, [round(float(each), 3) for each in times], None, measured_by(self))
            yield Observation(ACCENTS, [round(float(each), 2) for each in accents], None, measured_by(self))


__all__ = ["BarRhythm", "OnsetDensity", "PulseClarity", "Rhythm"]
