"""Loudness of a region by EBU R 128, from what the one decode measured at the native rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.audio.loudness import integrated_lufs, loudness_range_lu, steps_between
from sonoteca.domain.descriptor import LOUDNESS, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature


class Loudness:
    """Integrated loudness, loudness range and true peak.

    ITU-R BS.1770-4 gating over the 100 ms steps the region touches, range after EBU Tech
    3342. ``integrated_lufs`` is null below the gate at -70 LUFS, ``range_lu`` for less than
    3 s. ``true_peak_dbtp`` is measured while decoding, for the whole sound; an event region
    has its own sample peak's step instead only if that step holds the sound's peak, so for
    others it is null rather than an underestimate.
    """

    id: ClassVar[str] = "level.loudness.r128"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (LOUDNESS,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        measured = region.measurements
        start_s, end_s = region.region.start_s, region.region.end_s
        power = steps_between(measured.kweighted_power, start_s, end_s)
        integrated = integrated_lufs(power)
        true_peak = measured.true_peak_dbtp if _holds_the_peak(region) else None
        if integrated is None and true_peak is None:
            return  # digital silence has no loudness
        range_lu = loudness_range_lu(power)
        value: dict[str, JsonValue] = {
            "integrated_lufs": None if integrated is None else round(integrated, 2),
            "range_lu": None if range_lu is None else round(range_lu, 2),
            "true_peak_dbtp": None if true_peak is None else round(float(true_peak), 2),
        }
        yield Observation(LOUDNESS, value, confidence=None, provenance=measured_by(self))


def _holds_the_peak(region: RegionView) -> bool:
    """Whether the sound's largest sample lies in this region: then its true peak is the region's."""
    if region.region.is_whole:
        return True
    peaks = region.measurements.step_peak
    inside = steps_between(peaks.astype(np.float64), region.region.start_s, region.region.end_s)
    return bool(len(inside) and inside.max() >= peaks.max())
