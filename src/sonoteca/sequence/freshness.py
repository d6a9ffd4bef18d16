"""Freshness: whether an artist was heard a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonoteca.sequence.axes import Axis
from sonoteca.sequence.tracks import NO_ARTIST, FloatColumn, Tracks


def freshness_axis(starts: Tracks, played_artists: Sequence[int], artist_gap: int) -> Axis:
    """Score how fresh the artists of tracks are after those that were played, latest last, shape (1, n).

    0 for the artist who plays now, 1 for one heard more than ``artist_gap`` tracks ago or not at all;
    between them it rises fast, then slowly, so that spreading artists evenly is best. Tracks without
    an artist are unknown.
    """
    fresh = fresh_artists(played_artists, int(starts.artist.max(initial=NO_ARTIST)) + 1, artist_gap)
    return Axis(fresh[starts.artist][None, :], (starts.artist != NO_ARTIST)[None, :])


def fresh_artists(played_artists: Sequence[int] | NDArray[np.int32], n_artists: int, artist_gap: int) -> FloatColumn:
    """Score how fresh each artist is, by number; the last entry is for ``NO_ARTIST`` (-1).

    >>> fresh_artists([2, 0, 1], 4, artist_gap=4).tolist()
    [0.4375, 0.0, 0.75, 1.0, 1.0]
    """
    fresh = np.ones(n_artists + 1, np.float32)
    recent = [int(artist) for artist in played_artists[-artist_gap:]]
    for ago, artist in enumerate(reversed(recent)):
        if artist != NO_ARTIST and artist < n_artists:
            fresh[artist] = min(fresh[artist], 1.0 - (1.0 - ago / artist_gap) ** 2)
    return fresh
