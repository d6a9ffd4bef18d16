"""A pool of replacements says what each track of the library would do at each place of a playlist."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoteca.sequence.flags import sound_alike, transition_faults
from sonoteca.sequence.tracks import FloatColumn, Tracks
from sonoteca.sequence.transition import Transitions, TransitionStyle, transitions
from sonoteca.sequence.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """Transitions between one entry and every track (n,) of the pool: how many faults, and scores."""

    faults: NDArray[np.int64]
    scores: FloatColumn


@dataclass(slots=True)
class ReplacementPool:
    """Tracks of the library that may take the place of entries of a playlist.

    Transitions between an entry and all tracks are computed once and kept; entries are named by
    their number among all items.

    Attributes
    ----------
    tracks : Tracks (n,)
    weights : Weights
    style : TransitionStyle
    taken : bool (n,)
        Tracks that cannot be chosen (any more): a repair changes it when it takes one in.
    """

    tracks: Tracks
    weights: Weights
    style: TransitionStyle
    taken: NDArray[np.bool_] = field(init=False)
    _after: dict[int, Beside] = field(default_factory=dict)
    _before: dict[int, Beside] = field(default_factory=dict)
    _alike: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = np.zeros(len(self.tracks), bool)

    def after(self, item: int, entry: Tracks) -> Beside:
        """Judge every track as coming after an entry."""
        if item not in self._after:
            scored = transitions(entry, self.tracks, self.weights, self.style)
            self._after[item] = self._beside(scored, entry, self.tracks)
        return self._after[item]

    def before(self, item: int, entry: Tracks) -> Beside:
        """Judge every track as coming before an entry."""
        if item not in self._before:
            scored = transitions(self.tracks, entry, self.weights, self.style)
            self._before[item] = self._beside(scored, self.tracks, entry)
        return self._before[item]

    def is_same(self, item: int, entry: Tracks) -> NDArray[np.bool_]:
        """Mark tracks that are an entry, or sound like the same recording, bool (n,)."""
        if item not in self._alike:
            self._alike[item] = sound_alike(entry, self.tracks, self.weights.lint)[0] | (
                self.tracks.content_hashes == entry.content_hashes[0]
            )
        return self._alike[item]

    def _beside(self, scored: Transitions, ends: Tracks, starts: Tracks) -> Beside:
        faults = transition_faults(scored, ends, starts, self.weights.lint)
        count = np.sum([found.ravel().astype(np.int64) for found in faults.values()], axis=0)
        return Beside(np.asarray(count, np.int64), scored.total.ravel())
