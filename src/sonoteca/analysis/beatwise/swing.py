"""Measures how late the notes between the beats fall: swing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.beatwise.grid import REQUIRED, bar_grid
from sonoteca.analysis.rhythm.analyzers import BAND_MAGNITUDE
from sonoteca.domain.descriptor import METER, SWING, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.swing import OffBeats, Swing
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.onset import onset_peaks

# In beats: what is on the beat, what is the second eighth (up to past a triplet), the second and the fourth sixteenth.
_ON_BEAT = (-0.12, 0.12)
_SECOND_EIGHTH = (0.40, 0.70)
_SECOND_SIXTEENTH, _FOURTH_SIXTEENTH = (0.17, 0.40), (0.70, 0.92)
# What begins this long before a beat is heard as that beat.
_EARLIEST = -0.15
_FEWEST_ON_BEAT, _FEWEST_BETWEEN = 3, 2


class SwingOfRegion:
    """Median place of the second eighths and sixteenths of the beats, measured from where the notes on the beat fall.

    The share of a pair before its second note is the swing ratio of Friberg & Sundström, "Swing ratios and ensemble
    timing in jazz performance", Music Perception 19(3), 2002, as part of the whole. Measured against the part's own
    notes on the beat, because an instrument that speaks late does so everywhere. Compound meters have no swing, their
    beats are thirds.
    """

    id: ClassVar[str] = "beatwise.swing.places"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (SWING,)
    requires: ClassVar[tuple[Descriptor, ...]] = REQUIRED
    features: ClassVar[tuple[Feature, ...]] = (BAND_MAGNITUDE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS - {Kind.ONE_SHOT}

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        grid = bar_grid(known, region.region)
        meter = known.get(METER)
        if grid is None or (meter is not None and isinstance(meter.value, dict) and meter.value.get("beat_unit") == 8):
            return
        edges_s, _, _ = grid
        times_s, strength = onset_peaks(region.frames(BAND_MAGNITUDE))
        beat_s = float(edges_s[-1] - edges_s[0]) / (len(edges_s) - 1)
        inside = (times_s > edges_s[0] + _EARLIEST * beat_s) & (times_s < edges_s[-1] + _EARLIEST * beat_s)
        # Extended by a beat, so that what comes just before the first has a place too.
        borders = np.concatenate([[edges_s[0] - beat_s], edges_s])
        places = np.interp(times_s[inside], borders, np.arange(-1.0, len(edges_s)))
        swing = swing_of_places(places, strength[inside])
        if swing is not None:
            yield Observation(SWING, swing.as_json(), None, measured_by(self))


def swing_of_places(places: NDArray[np.float64], strength: NDArray[np.float32]) -> Swing | None:
    """Swing of notes at ``places`` in beats, each counting by its ``strength``; None where neither kind can be told."""
    within = (places - _EARLIEST) % 1.0 + _EARLIEST
    on_beat = _between(within, _ON_BEAT)
    if np.count_nonzero(on_beat) < _FEWEST_ON_BEAT:
        return None
    within = within - _weighted_median(within[on_beat], strength[on_beat])
    eighths = _between(within, _SECOND_EIGHTH)
    second, fourth = _between(within, _SECOND_SIXTEENTH), _between(within, _FOURTH_SIXTEENTH)
    swing = Swing(
        _off_beats(within[eighths], strength[eighths]),
        # The fourth sixteenth is the second of its own half beat.
        _off_beats(
            np.concatenate([2.0 * within[second], 2.0 * within[fourth] - 1.0]),
            np.concatenate([strength[second], strength[fourth]]),
        ),
    )
    return None if swing.eighths is None and swing.sixteenths is None else swing


def _between(values: NDArray[np.float64], span: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values > span[0]) & (values < span[1]), np.bool_)


def _off_beats(shares: NDArray[np.float64], strength: NDArray[np.float32]) -> OffBeats | None:
    return OffBeats(_weighted_median(shares, strength), len(shares)) if len(shares) >= _FEWEST_BETWEEN else None


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float32]) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order][np.searchsorted(below, 0.5 * below[-1])])
