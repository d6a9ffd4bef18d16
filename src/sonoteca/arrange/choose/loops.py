"""A loop can stand on a bar grid where a span of it is a whole number of bars and it has a role to play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.columns import Columns
from sonoteca.domain.vocabulary import Kind
from sonoteca.match.region_table import ROLES, RegionTable

# A loop whose beats miss a whole number of bars by more than this was cut elsewhere.
_OFF_BAR = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Loops:
    """A table of n loops, each with a span of whole bars.

    Attributes
    ----------
    regions : RegionTable
        Of the n regions.
    roles : tuple of str
        What each plays: its most probable role.
    start_s, end_s : float64 (n,) [s]
        The span that is repeated.
    bars, beats_per_bar : float64 (n,)
        Whole bars of the span, in the loop's own counting.
    is_cut : bool (n,)
        The span is a part of the region, between its bar lines: a lead-in or tail is left out.
    """

    regions: RegionTable
    roles: tuple[str, ...]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    bars: NDArray[np.float64]
    beats_per_bar: NDArray[np.float64]
    is_cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.regions)

    @property
    def tempo_bpm(self) -> NDArray[np.float64]:
        """Compute the felt beats per minute over the span, shape (n,)."""
        return 60.0 * self.bars * self.beats_per_bar / (self.end_s - self.start_s)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Loops:
        """The loops at ``indices``, in that order."""
        at = np.asarray(indices, np.int64)
        return Loops(
            regions=self.regions.take(at),
            roles=tuple(self.roles[i] for i in at),
            start_s=self.start_s[at],
            end_s=self.end_s[at],
            bars=self.bars[at],
            beats_per_bar=self.beats_per_bar[at],
            is_cut=self.is_cut[at],
        )

    def joined(self, other: Loops) -> Loops:
        """These, then others of the same library."""
        columns = {each.name: _joined(getattr(self, each.name), getattr(other, each.name)) for each in fields(Loops)}
        return Loops(**columns)


def _joined(one: Any, other: Any) -> Any:
    """Two columns, or two tables of columns, one after the other; what both have in common stays."""
    if isinstance(one, np.ndarray):
        return np.concatenate([one, other])
    if isinstance(one, tuple):
        return one + other
    return one.joined(other) if isinstance(one, Columns) else one


def find_loops(regions: RegionTable) -> Loops:
    """Find the regions that are loops with a role and at least one whole bar, in the order of their content hashes.

    A loop that its beats fill is used whole. Of one with a lead-in or a tail, the span from its
    first bar line over the largest power of two of bars is used, the lengths in which loops are made.
    A sound that is there in several regions is used as a whole.
    """
    beats = np.where(regions.beat_s > 0, regions.duration_s() / regions.beat_s, np.nan)
    bars = beats / regions.profile_beats_per_bar
    is_whole = regions.fills & (np.abs(bars - np.round(bars)) < _OFF_BAR) & (bars > 0.5)
    heard_bars = regions.n_beats // np.where(
        regions.profile_beats_per_bar >= 1, np.nan_to_num(regions.profile_beats_per_bar, nan=1.0), 1.0
    )
    cut_bars = np.where(heard_bars >= 1, 2.0 ** np.floor(np.log2(np.maximum(heard_bars, 1.0))), np.nan)
    bars = np.where(is_whole, np.round(bars), cut_bars)
    start_s = np.where(is_whole, regions.start_s, regions.profile_start_s)
    end_s = np.where(is_whole, regions.end_s, start_s + bars * regions.profile_beats_per_bar * regions.beat_s)
    best = regions.best_roles()
    usable = np.array([kind == Kind.LOOP for kind in regions.kinds], np.bool_) & (best >= 0) & ~regions.failed
    usable &= np.isfinite(end_s) & (end_s > start_s) & (start_s >= 0) & (end_s <= regions.end_s + 1e-6)
    wholes = {regions.content_hashes[i] for i in np.flatnonzero(usable & (regions.numbers == 0))}
    chosen = [
        int(i) for i in np.flatnonzero(usable) if regions.numbers[i] == 0 or regions.content_hashes[i] not in wholes
    ]
    # Row numbers differ from library to library, contents do not: so does the order that ties are broken in.
    chosen.sort(key=lambda i: (regions.content_hashes[i], float(start_s[i])))
    at = np.array(chosen, np.int64)
    return Loops(
        regions=regions.take(at),
        roles=tuple(str(ROLES[best[i]]) for i in chosen),
        start_s=start_s[at],
        end_s=np.minimum(end_s, regions.end_s)[at],
        bars=bars[at],
        beats_per_bar=regions.profile_beats_per_bar[at],
        is_cut=~is_whole[at],
    )
