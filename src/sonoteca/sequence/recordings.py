"""Which tracks are one recording, found track by track when it is asked: a set or a walk holds each recording once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sonoteca.domain.same_recording import (
    EDIT_OCTAVES,
    LENGTH_AGREES_S,
    SAME_TEMPO,
    is_music_again,
    may_be_encoded_again,
)
from sonoteca.sequence.tracks import Tracks


@dataclass(slots=True)
class Copies:
    """Other encodings and edits of each of these tracks, by their place in the columns.

    Attributes
    ----------
    tracks : Tracks
    alike : float
        A cosine of two whole tracks above this: one piece of music (``lint.same_sound``).
    """

    tracks: Tracks
    alike: float
    _found: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def of(self, index: int) -> tuple[int, ...]:
        """The places of all other tracks that are this recording, rising."""
        if index not in self._found:
            self._found[index] = self._find(index)
        return self._found[index]

    def _find(self, index: int) -> tuple[int, ...]:
        tracks = self.tracks
        # Lengths and tempi first: vectors are compared of few tracks only.
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.abs(tracks.duration_s - tracks.duration_s[index])
            octaves = np.abs(np.log2(tracks.duration_s / tracks.duration_s[index]))
        tempo = np.abs(tracks.tempo_start - tracks.tempo_start[index])
        is_near = (length <= LENGTH_AGREES_S) | ((octaves <= EDIT_OCTAVES) & (tempo <= SAME_TEMPO))
        is_near[index] = False
        near = np.flatnonzero(is_near)
        if not len(near):
            return ()
        one, others = tracks.heard.take([index]), tracks.heard.take(near)
        same = is_music_again(one, others, alike=self.alike) | may_be_encoded_again(one, others)
        return tuple(near[same[0]].tolist())
