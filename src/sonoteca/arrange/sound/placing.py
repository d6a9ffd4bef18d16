"""Clips are put on a time line of samples: what has to be made for each, and where it is repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from sonoteca.arrange.arrangement import SAME_BAR, Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.sound.orders import PassOrder, PlacedPass
from sonoteca.audio.stretch_range import Material
from sonoteca.domain.vocabulary import Role


def material_of(role: str) -> Material:
    """Say what a role must not lose when it is stretched."""
    return "percussive" if role == Role.DRUMS else "tonal"


def place_clips(grid: BarGrid, clips: Iterable[Clip], *, loops: bool = True) -> dict[str, list[PlacedPass]]:
    """Place clips with their passes, by role, in time order.

    Parameters
    ----------
    grid : BarGrid
    clips : iterable of Clip
        Those whose sounds are there. A clip that goes on with the same loop where another ends
        becomes one with it.
    loops : bool
        Passes are loops: their ends are joined to their starts.
    """
    placed: dict[str, list[PlacedPass]] = {}
    for clip in _joined(grid, sorted(clips, key=lambda clip: (clip.role, clip.start_bar))):
        bars = grid.pass_bars(clip)
        start = Fraction(clip.start_bar)
        # One repetition more than fills the clip: a neighbour may want to hear it ring on.
        n_passes = -(-Fraction(clip.bars) // bars) + 1
        order = PassOrder(
            content_hash=clip.content_hash,
            start_s=clip.start_s,
            end_s=clip.end_s,
            tempo_ratio=clip.tempo_ratio,
            semitones=float(clip.semitone_shift),
            n_samples=max(1, grid.sample(bars)),
            sample_rate=grid.sample_rate,
            material=material_of(clip.role),
            loops=loops,
        )
        begins = tuple(grid.sample(start + number * bars) for number in range(int(n_passes) + 1))
        stop = grid.sample(start + Fraction(clip.bars))
        placed.setdefault(clip.role, []).append(PlacedPass(order, begins, stop, clip.gain_db))
    return placed


def _joined(grid: BarGrid, clips: Sequence[Clip]) -> list[Clip]:
    """Join neighbours of one role that are one loop going on to one clip."""
    out: list[Clip] = []
    for clip in clips:
        before = out[-1] if out else None
        if before is not None and _goes_on(grid, before, clip):
            out[-1] = replace(before, bars=clip.end_bar - before.start_bar)
        else:
            out.append(clip)
    return out


def _goes_on(grid: BarGrid, one: Clip, other: Clip) -> bool:
    same = ("role", "content_hash", "start_s", "end_s", "tempo_ratio", "semitone_shift", "gain_db")
    if (
        any(getattr(one, name) != getattr(other, name) for name in same)
        or abs(other.start_bar - one.end_bar) > SAME_BAR
    ):
        return False
    passes = one.bars / float(grid.pass_bars(one))
    return abs(passes - round(passes)) < SAME_BAR
