"""How a track starts and ends: tempo, key and energy of its outermost ``EDGE_S`` seconds.

Each function takes values as they are stored (docs/sound-object.md) and gives the pair (start, end), or
None where the values say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import Key
from sonoteca.sequence.tracks import EDGE_S

# One unit of an energy curve is 30 dB; what is 10 dB weaker is felt half as loud (Stevens, "The
# measurement of loudness", JASA 27(5), 1955).
_DOUBLINGS_PER_UNIT = 3.0


def edge_keys(segments: object) -> tuple[Key, Key] | None:
    """The keys that hold longest within the edges, from ``key_segments``.

    >>> edge_keys([{"start_s": 0, "end_s": 90, "name": "A minor"}, {"start_s": 90, "end_s": 200, "name": "C major"}])
    (Key(tonic=9, mode='minor'), Key(tonic=0, mode='major'))
    """
    spans = [each for each in segments if isinstance(each, dict)] if isinstance(segments, list) else []
    if not spans:
        return None
    first_s, last_s = float(spans[0]["start_s"]), float(spans[-1]["end_s"])
    start = max(spans, key=lambda span: _common_s(span, first_s, first_s + EDGE_S))
    end = max(spans, key=lambda span: _common_s(span, last_s - EDGE_S, last_s))
    return Key.parse(start["name"]), Key.parse(end["name"])


def _common_s(span: Mapping[str, Any], start_s: float, end_s: float) -> float:
    return min(float(span["end_s"]), end_s) - max(float(span["start_s"]), start_s)


def edge_tempos(curve: object) -> tuple[float, float] | None:
    """The tempi [bpm] at the edges of music that drifts, from ``tempo_curve``.

    >>> edge_tempos([{"at_s": 0, "bpm": 100}, {"at_s": 60, "bpm": 104}, {"at_s": 120, "bpm": 108}])
    (100.0, 108.0)
    """
    points = [each for each in curve if isinstance(each, dict)] if isinstance(curve, list) else []
    if not points:
        return None
    first_s, last_s = float(points[0]["at_s"]), float(points[-1]["at_s"])
    start = [float(each["bpm"]) for each in points if float(each["at_s"]) <= first_s + EDGE_S]
    end = [float(each["bpm"]) for each in points if float(each["at_s"]) >= last_s - EDGE_S]
    return float(np.median(start)), float(np.median(end))


def edge_loudness(curve: object, duration_s: float) -> tuple[float, float] | None:
    """How loud the edges are felt beside the middle loudness of the track (1), from ``energy_curve``.

    Silence and what is more than 30 dB below the loud parts is no edge: nobody mixes there.

    >>> [round(each, 3) for each in edge_loudness([0.0, *[0.5] * 30, *[1.0] * 60], 91.0)]
    [0.354, 1.0]
    """
    if not isinstance(curve, list) or len(curve) < 2 or duration_s <= 0:
        return None
    values = np.asarray(curve, np.float64)
    sounding = np.flatnonzero(values > 0.0)
    if not len(sounding):
        return None
    audible = values[sounding[0] : sounding[-1] + 1]
    count = max(1, round(EDGE_S * len(values) / duration_s))
    middle = float(np.median(audible))
    start, end = (
        2.0 ** (_DOUBLINGS_PER_UNIT * (float(np.mean(edge)) - middle)) for edge in (audible[:count], audible[-count:])
    )
    return start, end


def energy_at(level: NDArray[np.float32], loudness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Energy 0..1 of a moment: the felt level 1..10 of the whole track times how loud the moment is felt; NaN stays.

    >>> energy_at(np.array([10.0, 4.0], np.float32), np.array([1.0, 0.25], np.float32)).tolist()
    [1.0, 0.0]
    """
    return np.asarray(np.clip((level * loudness - 1.0) / 9.0, 0.0, 1.0), np.float32)
