"""What is wrong with an order of tracks: tempo cliffs, key clashes, energy drops, artists and tracks that come again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.same_recording import is_music_again, may_be_encoded_again
from sonoteca.sequence.axes import stretches_beyond
from sonoteca.sequence.tracks import NO_ARTIST, FloatColumn, Tracks
from sonoteca.sequence.transition import Transitions, TransitionStyle, transitions
from sonoteca.sequence.weights import LintLimits, Weights


class Fault(StrEnum):
    """What is flagged. The first three are faults of a transition."""

    TEMPO_CLIFF = "tempo_cliff"
    KEY_CLASH = "key_clash"
    ENERGY_DROP = "energy_drop"
    ARTIST_REPEAT = "artist_repeat"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"


@dataclass(frozen=True, slots=True)
class Flag:
    """A fault between the places ``earlier`` and ``later`` (from 0) of an order."""

    fault: Fault
    earlier: int
    later: int


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """All transitions and likenesses between n items, so that any order of them can be judged.

    An item is an entry of a playlist: a track that is there twice is two items.

    Attributes
    ----------
    totals : float32 (n, n)
        Score from one item to another, freshness left out.
    faults : mapping of fault to bool (n, n)
        For the faults of a transition.
    same, alike : bool (n, n)
        One content twice; two contents that sound like one recording. The diagonal is False.
    artist : int32 (n,)
    artist_gap : int
    """

    totals: FloatColumn
    faults: Mapping[Fault, NDArray[np.bool_]]
    same: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    artist: NDArray[np.int32]
    artist_gap: int

    @property
    def any_fault(self) -> NDArray[np.int64]:
        """How many faults each transition (n, n) has."""
        return np.asarray(np.sum([fault.astype(np.int64) for fault in self.faults.values()], axis=0), np.int64)


def transition_faults(
    scored: Transitions, ends: Tracks, starts: Tracks, limits: LintLimits
) -> dict[Fault, NDArray[np.bool_]]:
    """Which transitions (m, n) are at fault; what is not known is not."""
    drop = ends.energy_end[:, None] - starts.energy_start[None, :]
    return {
        Fault.TEMPO_CLIFF: stretches_beyond(scored.played.log2_ratio, limits.tempo_cliff_pct),
        Fault.KEY_CLASH: scored.parts["key"] < limits.key_clash,
        Fault.ENERGY_DROP: drop > limits.energy_drop,
    }


def sound_alike(tracks: Tracks, others: Tracks, limits: LintLimits) -> NDArray[np.bool_]:
    """Which tracks (m, n) are one recording: encoded again, or another edit (``domain.same_recording``)."""
    some, all_others = tracks.heard, others.heard
    again = is_music_again(some, all_others, alike=limits.same_sound)
    return np.asarray(again | may_be_encoded_again(some, all_others))


def judge(items: Tracks, weights: Weights, style: TransitionStyle) -> Judgement:
    """Judge every pair of n items, one row of ``items`` each."""
    scored = transitions(items, items, weights, style)
    apart = ~np.eye(len(items), dtype=bool)
    same = (items.content_hashes[:, None] == items.content_hashes[None, :]) & apart
    return Judgement(
        totals=scored.total,
        faults=transition_faults(scored, items, items, weights.lint),
        same=same,
        alike=sound_alike(items, items, weights.lint) & apart & ~same,
        artist=items.artist,
        artist_gap=weights.lint.artist_gap,
    )


def flags_of(judgement: Judgement, order: Sequence[int]) -> list[Flag]:
    """The flags of an order of items, each at most once, by place; what is there twice is a duplicate and no artist repeat."""
    items = np.asarray(order, np.intp)
    flags = []
    for fault, pairs in judgement.faults.items():
        flags += [Flag(fault, int(at), int(at) + 1) for at in np.flatnonzero(pairs[items[:-1], items[1:]])]
    is_twice = np.zeros(len(items), bool)
    for fault, pairs in ((Fault.DUPLICATE, judgement.same), (Fault.NEAR_DUPLICATE, judgement.alike)):
        again = np.triu(pairs[np.ix_(items, items)], 1)
        for later in np.flatnonzero(again.any(axis=0) & ~is_twice):
            flags.append(Flag(fault, int(again[:, later].argmax()), int(later)))
        is_twice |= again.any(axis=0)
    repeats = _artist_repeats(judgement, items) & ~is_twice[None, :]
    for later in np.flatnonzero(repeats.any(axis=0)):
        flags.append(Flag(Fault.ARTIST_REPEAT, int(later - 1 - repeats[:, later].argmax()), int(later)))
    return sorted(flags, key=lambda flag: (flag.later, flag.earlier, flag.fault))


def count_flags(judgement: Judgement, order: Sequence[int]) -> int:
    """``len(flags_of(judgement, order))``, faster."""
    items = np.asarray(order, np.intp)
    in_transitions = int(judgement.any_fault[items[:-1], items[1:]].sum())
    again = np.triu((judgement.same | judgement.alike)[np.ix_(items, items)], 1).any(axis=0)
    return in_transitions + int(again.sum()) + int((_artist_repeats(judgement, items).any(axis=0) & ~again).sum())


def _artist_repeats(judgement: Judgement, items: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the artist at each place (columns) was heard 1, 2 ... tracks before (rows)."""
    artists = judgement.artist[items]
    repeats = np.zeros((judgement.artist_gap, len(items)), bool)
    for ago in range(1, min(judgement.artist_gap, len(items) - 1) + 1):
        repeats[ago - 1, ago:] = (artists[ago:] == artists[:-ago]) & (artists[ago:] != NO_ARTIST)
    return repeats


def score_of(judgement: Judgement, order: Sequence[int]) -> float | None:
    """Mean transition of an order, freshness left out; None where there is no transition."""
    items = np.asarray(order, np.intp)
    return float(judgement.totals[items[:-1], items[1:]].mean()) if len(items) > 1 else None
