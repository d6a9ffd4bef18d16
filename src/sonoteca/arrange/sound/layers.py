"""Clips become layers: their passes are ordered and repeated, and neighbours meet without a click."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import SAME_BAR, Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.sound.material import PassOrder, material_of
from sonoteca.arrange.sound.mixing import Layer
from sonoteca.arrange.sound.seam import ATTACK_S, MEET_S, SOFT_S, is_attack, look


@dataclass(frozen=True, slots=True)
class PlacedClip:
    """A clip on the time line: where each pass begins, where it ends, and what has to be made for it."""

    clip: Clip
    order: PassOrder
    begins: tuple[int, ...]
    stop: int

    @property
    def start(self) -> int:
        return self.begins[0]


def place_clips(
    grid: BarGrid, clips: Iterable[Clip], paths: Mapping[str, Path], *, loops: bool = True
) -> list[PlacedClip]:
    """Place clips with their passes, in time order per role.

    Parameters
    ----------
    grid : BarGrid
    clips : iterable of Clip
        Those whose sounds are there. A clip that goes on with the same loop where another ends
        becomes one with it.
    paths : mapping of content hash to Path
        Where each content is.
    loops : bool
        Passes are loops: their ends are joined to their starts.
    """
    placed: list[PlacedClip] = []
    for clip in _joined(grid, sorted(clips, key=lambda clip: (clip.role, clip.start_bar))):
        bars = grid.pass_bars(clip)
        start = Fraction(clip.start_bar)
        # One repetition more than fills the clip: a neighbour may want to hear it ring on.
        n_passes = -(-Fraction(clip.bars) // bars) + 1
        order = PassOrder(
            path=str(paths[clip.content_hash]),
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
        placed.append(PlacedClip(clip, order, begins, grid.sample(start + Fraction(clip.bars))))
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


def layers_of(placed: Sequence[PlacedClip], passes: Mapping[PassOrder, NDArray[np.float32]]) -> dict[str, list[Layer]]:
    """Make layers per role, faded where they begin, end and meet.

    A clip that begins with an attack keeps it: what played before is faded out ahead of the bar
    line. Two clips that meet softly are crossfaded behind it.
    """
    layers: dict[str, list[Layer]] = {}
    for number, each in enumerate(placed):
        before = placed[number - 1] if number else None
        after = placed[number + 1] if number + 1 < len(placed) else None
        fades_in = _meets_softly(before, each, passes) if before else False
        rings_on = _meets_softly(each, after, passes) if after else False
        rate = each.order.sample_rate
        meet, soft, attack = (round(seconds * rate) for seconds in (MEET_S, SOFT_S, ATTACK_S))
        stop = each.stop + (meet if rings_on else 0)
        begins_with = attack if _begins_with_attack(each, passes) else soft
        quarter = max(1, (each.stop - each.start) // 4)
        layers.setdefault(each.clip.role, []).append(
            Layer(
                passes[each.order],
                each.begins,
                stop,
                gain=10.0 ** (each.clip.gain_db / 20.0),
                fade_in=min(meet if fades_in else begins_with, quarter),
                fade_out=min(meet if rings_on else soft, quarter),
            )
        )
    return layers


def _begins_with_attack(placed: PlacedClip, passes: Mapping[PassOrder, NDArray[np.float32]]) -> bool:
    """Tell whether a pass begins with an attack as it goes round: a pad that begins as loud as it ends has none."""
    samples, n = passes[placed.order], look(placed.order.sample_rate)
    return is_attack(samples[:, -n:], samples[:, :n])


def _meets_softly(one: PlacedClip, other: PlacedClip, passes: Mapping[PassOrder, NDArray[np.float32]]) -> bool:
    """Tell whether two clips touch and neither has an attack there, so that they can overlap for a moment."""
    if one.clip.role != other.clip.role or one.stop != other.start or _begins_with_attack(other, passes):
        return False
    n = look(one.order.sample_rate)
    layer = Layer(passes[one.order], one.begins, one.begins[-1])
    if one.stop + n > one.begins[-1] or one.stop - n < one.start:
        return False
    return not is_attack(layer.heard(one.stop - n, one.stop), layer.heard(one.stop, one.stop + n))
