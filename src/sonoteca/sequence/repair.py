"""The smallest repair of a playlist: drop what is there twice, swap neighbours, move one, replace one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonoteca.sequence.flags import (
    Fault,
    Flag,
    Judgement,
    count_flags,
    flags_of,
    judge,
    score_of,
)
from sonoteca.sequence.replacement_pool import ReplacementPool
from sonoteca.sequence.tracks import NO_ARTIST, Tracks

# Moves are judged in full, artists included, best ones first; more than these are not looked at.
_MOVES_JUDGED = 200


class EditKind(StrEnum):
    """What a change does."""

    DROP = "drop"
    SWAP = "swap"
    MOVE = "move"
    REPLACE = "replace"


# How much of a change each is: a swap leaves all but two transitions and all tracks, a replacement brings a
# track that nobody chose. Two flags cleared by one replacement are worth as much as one by a swap.
EFFORT = {EditKind.DROP: 1.0, EditKind.SWAP: 1.0, EditKind.MOVE: 1.5, EditKind.REPLACE: 2.0}


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of an order; places count from 0.

    ``place`` is the place that changes: the entry dropped, the first of two swapped, the entry moved
    or replaced. ``to`` is the place that a moved entry has afterwards, ``track`` the library's track
    that replaces one.
    """

    kind: EditKind
    place: int
    to: int | None = None
    track: int | None = None


def smallest_edit(
    judgement: Judgement,
    order: Sequence[int],
    items: Tracks,
    pool: ReplacementPool,
) -> Edit | None:
    """The change that clears most flags for its ``EFFORT``; among equals the one that clears most, then scores best.

    None if no single change leaves fewer flags.

    Parameters
    ----------
    order : sequence of int
        Places to items of ``judgement`` and ``items``.
    pool : ReplacementPool
        What may replace an entry.
    """
    flags = flags_of(judgement, order)
    if not flags:
        return None
    choices = []
    for edits in (_drops(flags), _swaps(order), _moves(judgement, order)):
        ranked = ((*_rank(judgement, changed(order, edit)), at, edit) for at, edit in enumerate(edits))
        left, worse, _, edit = min(ranked, default=(len(flags), 0.0, 0, None))
        choices.append((left, worse, edit))
    choices.append(_replacement(judgement, order, flags, items, pool))
    gains = [
        ((len(flags) - left) / EFFORT[edit.kind], -left, -worse, edit)
        for left, worse, edit in choices
        if edit is not None and left < len(flags)
    ]
    return max(gains, key=lambda gain: gain[:3])[-1] if gains else None


def changed(order: Sequence[int], edit: Edit, item: int | None = None) -> list[int]:
    """The order after a change; ``item`` takes the place of one that is replaced.

    >>> changed([7, 8, 9], Edit(EditKind.MOVE, 0, to=2)), changed([7, 8, 9], Edit(EditKind.SWAP, 1))
    ([8, 9, 7], [7, 9, 8])
    """
    after = list(order)
    match edit.kind:
        case EditKind.DROP:
            del after[edit.place]
        case EditKind.SWAP:
            after[edit.place], after[edit.place + 1] = after[edit.place + 1], after[edit.place]
        case EditKind.MOVE:
            assert edit.to is not None
            after.insert(edit.to, after.pop(edit.place))
        case EditKind.REPLACE:
            assert item is not None
            after[edit.place] = item
    return after


def _rank(judgement: Judgement, order: Sequence[int]) -> tuple[int, float]:
    """Flags, then score: less is better."""
    return count_flags(judgement, order), -(score_of(judgement, order) or 0.0)


def _drops(flags: Sequence[Flag]) -> Iterator[Edit]:
    """What is there twice goes; nothing else is ever dropped."""
    for flag in flags:
        if flag.fault in (Fault.DUPLICATE, Fault.NEAR_DUPLICATE):
            yield Edit(EditKind.DROP, flag.later)


def _swaps(order: Sequence[int]) -> Iterator[Edit]:
    for place in range(len(order) - 1):
        yield Edit(EditKind.SWAP, place)


def _moves(judgement: Judgement, order: Sequence[int]) -> Iterator[Edit]:
    """The moves that gain most among transitions, found without building every order."""
    n = len(order)
    if n < 3:
        return
    items = np.asarray(order, np.intp)
    faults, totals = judgement.any_fault.astype(np.float64), judgement.totals.astype(np.float64)
    # A fault outweighs any score.
    cost = 10.0 * faults - totals

    def between(one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.float64]:
        """Cost of transitions between places; -1 and n are the outside, where there is none."""
        inside = (one >= 0) & (other < n)
        return np.where(inside, cost[items[np.maximum(one, 0)], items[np.minimum(other, n - 1)]], 0.0)

    place, to = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    # Taken out at ``place``, an entry comes to stand before or after the one now at ``to``.
    before = np.where(to > place, to, to - 1)
    after = before + 1
    gain = (
        between(place - 1, place) + between(place, place + 1) - between(place - 1, place + 1)
        + between(before, after) - between(before, place) - between(place, after)
    )  # fmt: skip
    # Neighbours are swapped, not moved.
    gain[np.abs(place - to) < 2] = -np.inf
    for at in np.argsort(-gain, kind="stable")[:_MOVES_JUDGED]:
        if np.isfinite(gain[at]):
            yield Edit(EditKind.MOVE, int(place[at]), to=int(to[at]))


def _replacement(
    judgement: Judgement, order: Sequence[int], flags: Sequence[Flag], items: Tracks, pool: ReplacementPool
) -> tuple[int, float, Edit | None]:
    """The replacement of one flagged entry that leaves fewest flags, and of those the one that fits best.

    Returns flags left, how badly it fits (less is better), and the change.
    """
    none = len(flags), 0.0, None
    choosable = ~pool.taken
    for item in order:
        choosable &= ~pool.is_same(item, items.take([item]))
    if not choosable.any():
        return none
    offers: list[tuple[int, float, Edit]] = []
    for place in sorted({place for flag in flags for place in (flag.earlier, flag.later)}):
        left = _flags_left(judgement, order, flags, place, pool.tracks)
        value = pool.weights.lint.likeness * (pool.tracks.whole @ items.whole[order[place]])
        for neighbour, is_before in ((place - 1, True), (place + 1, False)):
            if 0 <= neighbour < len(order):
                item = order[neighbour]
                entry = items.take([item])
                beside = pool.after(item, entry) if is_before else pool.before(item, entry)
                left = left + beside.faults
                value = value + beside.scores
        # A flag outweighs any score.
        at = int(np.argmin(np.where(choosable, 10.0 * left - value, np.inf)))
        if left[at] < len(flags):
            offers.append((int(left[at]), -float(value[at]), Edit(EditKind.REPLACE, place, track=at)))
    for _, worse, edit in sorted(offers, key=lambda offer: offer[:2]):
        # What the replaced entry hid may be flagged now, so the new order is judged as a whole.
        assert edit.track is not None
        judged = judge(items.joined(pool.tracks.take([edit.track])), pool.weights, pool.style)
        remaining = count_flags(judged, changed(order, edit, len(items)))
        if remaining < len(flags):
            return remaining, worse, edit
    return none


def _flags_left(
    judgement: Judgement, order: Sequence[int], flags: Sequence[Flag], place: int, library: Tracks
) -> NDArray[np.int64]:
    """Flags (n,) that remain when the entry at ``place`` gives way to each track of the library, its transitions aside."""
    others = [flag for flag in flags if place not in (flag.earlier, flag.later)]
    gap = judgement.artist_gap
    near = [order[at] for at in range(max(0, place - gap), min(len(order), place + gap + 1)) if at != place]
    artists = [artist for artist in judgement.artist[near].tolist() if artist != NO_ARTIST]
    return np.asarray(len(others) + np.isin(library.artist, artists), np.int64)
