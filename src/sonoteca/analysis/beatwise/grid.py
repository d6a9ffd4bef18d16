"""The bar grid of a region: the borders of its beats from the first bar line on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known
from sonoteca.domain.beat_profile import MOST_BEATS
from sonoteca.domain.descriptor import BARS, BEATS, DOWNBEATS, METER, Descriptor
from sonoteca.domain.region import Region

# What has to be known for it.
REQUIRED: tuple[Descriptor, ...] = (BEATS, DOWNBEATS, METER, BARS)


def bar_grid(known: Known, region: Region) -> tuple[NDArray[np.float64], int, bool] | None:
    """Borders of the beats from the first bar line, beats per bar, and whether they fill the region.

    None where no beat is known, or nothing that a bar could begin with.
    """
    beats, meter, bars = (_value(known, each) for each in (BEATS, METER, BARS))
    if not isinstance(beats, list) or len(beats) < 2 or not isinstance(meter, dict):
        return None
    per_bar = meter.get("beats_per_bar")
    if not isinstance(per_bar, int) or per_bar < 1:
        return None
    if isinstance(bars, int | float) and bars >= 1:
        n_beats = round(bars * per_bar)
        edges = np.linspace(region.start_s, region.end_s, n_beats + 1)[: MOST_BEATS + 1]
        return edges, per_bar, True
    times = np.asarray(beats, np.float64)
    downbeats = _value(known, DOWNBEATS)
    first = float(downbeats[0]) if isinstance(downbeats, list) and downbeats else float(times[0])
    times = times[np.searchsorted(times, first - 0.01) :]
    if len(times) < 2:
        return None
    # The last beat is as long as the one before it, if the sound goes on so long.
    last = min(2.0 * times[-1] - times[-2], region.end_s)
    edges = np.append(times, last) if last - times[-1] > 0.5 * (times[-1] - times[-2]) else times
    return edges[: MOST_BEATS + 1], per_bar, False


def _value(known: Known, descriptor: Descriptor) -> object:
    held = known.get(descriptor)
    return None if held is None else held.value
