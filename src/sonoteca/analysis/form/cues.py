"""Cue points of a track: where it starts, where the intro ends, drops, and where the outro begins.

| type | where | name |
|---|---|---|
| ``start`` | the first bar with sound | Start |
| ``intro_end`` | the first section at the level of the body, after a thinner one | Intro ends |
| ``drop`` | a section whose bass and level rise at once to the level of the body | Drop |
| ``outro`` | the last section or two, if thinner than the body | Outro |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.domain.descriptor import CUES, DOWNBEATS, SECTIONS, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.spectral_shape import N_BANDS, SpectralShape

SHAPE = SpectralShape()
_SILENT_POWER = 1e-9
# Sound begins where the level comes within this of the loud parts.
_AUDIBLE_DB = 45.0
# Sections this far below the loudest ones are an intro, a breakdown, an outro.
_THIN_DB = 3.0
# A drop brings back the bass ...
_DROP_BASS_DB = 6.0
# ... and the level.
_DROP_LEVEL_DB = 2.0
# Looked at on either side of a border: about four bars.
_AROUND_S = 8.0


@dataclass(frozen=True, slots=True)
class _Span:
    start_s: float
    end_s: float
    level_db: float


class SectionCues:
    """Cues on section borders, told from how the level and the bass change there."""

    id: ClassVar[str] = "form.cues.sections"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (CUES,)
    requires: ClassVar[tuple[Descriptor, ...]] = (SECTIONS, DOWNBEATS)
    features: ClassVar[tuple[Feature, ...]] = (SHAPE,)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        frames = region.frames(SHAPE)
        if frames.values[:N_BANDS].sum(axis=0).max() < _SILENT_POWER:
            return
        downbeats = known[DOWNBEATS].value if DOWNBEATS in known else []
        starts = (
            [float(each) for each in downbeats if isinstance(each, int | float)] if isinstance(downbeats, list) else []
        )
        cues = [(_first_sound_s(frames, starts, region.region.start_s), "start", "Start")]
        if SECTIONS in known:
            spans = _spans(known[SECTIONS].value, frames)
            cues += _section_cues(spans, frames)
        value: list[JsonValue] = [
            {"at_s": round(at_s, 4), "type": kind, "name": name} for at_s, kind, name in sorted(cues)
        ]
        yield Observation(CUES, value, confidence=None, provenance=measured_by(self))


def _first_sound_s(frames: FrameSeries, downbeats_s: list[float], start_s: float) -> float:
    """The downbeat at which sound begins, or the moment itself where none is near."""
    level = _level_db(frames)
    first = int(np.argmax(level > np.percentile(level, 95) - _AUDIBLE_DB))
    heard_s = float(frames.times_s[first])
    near = [each for each in downbeats_s if -0.1 <= each - heard_s < 2.0]
    # The window before an onset already sees it: half a window is the doubt.
    return near[0] if near else max(start_s, heard_s)


def _spans(sections: JsonValue, frames: FrameSeries) -> list[_Span]:
    found = []
    for section in sections if isinstance(sections, list) else []:
        if isinstance(section, dict):
            start_s, end_s = float(str(section["start_s"])), float(str(section["end_s"]))
            found.append(_Span(start_s, end_s, _mean_db(frames.between(start_s, end_s))))
    return found


def _section_cues(spans: list[_Span], frames: FrameSeries) -> list[tuple[float, str, str]]:
    if len(spans) < 2:
        return []
    body_db = max(span.level_db for span in spans)
    is_full = [span.level_db > body_db - _THIN_DB for span in spans]
    cues: list[tuple[float, str, str]] = []
    first_full = is_full.index(True)
    if first_full > 0:
        cues.append((spans[first_full].start_s, "intro_end", "Intro ends"))
    last_full = len(is_full) - 1 - is_full[::-1].index(True)
    if last_full < len(spans) - 1:
        cues.append((spans[last_full + 1].start_s, "outro", "Outro"))
    for number in range(1, len(spans)):
        at_s = spans[number].start_s
        before = frames.between(max(spans[number - 1].start_s, at_s - _AROUND_S), at_s)
        after = frames.between(at_s, min(spans[number].end_s, at_s + _AROUND_S))
        bass_rise = _mean_db(after, bass_only=True) - _mean_db(before, bass_only=True)
        level_rise = _mean_db(after) - _mean_db(before)
        if is_full[number] and bass_rise > _DROP_BASS_DB and level_rise > _DROP_LEVEL_DB:
            cues.append((at_s, "drop", "Drop"))
    return cues


def _level_db(frames: FrameSeries) -> NDArray[np.float32]:
    return np.asarray(10.0 * np.log10(frames.values[:N_BANDS].sum(axis=0) + 1e-14), np.float32)


def _mean_db(frames: FrameSeries, *, bass_only: bool = False) -> float:
    rows = slice(0, 1) if bass_only else slice(0, N_BANDS)
    return float(10.0 * np.log10(frames.values[rows].sum(axis=0).mean() + 1e-14))
