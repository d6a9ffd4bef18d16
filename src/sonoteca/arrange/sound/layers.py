"""Placed passes become layers: neighbours of one voice meet without a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sonoteca.arrange.sound.mixing import Layer, Samples
from sonoteca.arrange.sound.orders import PassOrder, PlacedPass
from sonoteca.arrange.sound.seam import ATTACK_S, MEET_S, SOFT_S, is_attack, look

Passes = Mapping[PassOrder, Samples]


def layers_of(placed: Sequence[PlacedPass], passes: Passes) -> list[Layer]:
    """Make layers of one voice, faded where they begin, end and meet, unless their fades are given.

    A pass that begins with an attack keeps it: what played before is faded out ahead of the bar
    line. Two that meet softly are crossfaded behind it.
    """
    layers: list[Layer] = []
    for number, each in enumerate(placed):
        gain = 10.0 ** (each.gain_db / 20.0)
        if each.fades is not None:
            layers.append(Layer(passes[each.order], each.begins, each.stop, gain, *each.fades))
            continue
        before = placed[number - 1] if number else None
        after = placed[number + 1] if number + 1 < len(placed) else None
        fades_in = _meets_softly(before, each, passes) if before else False
        rings_on = _meets_softly(each, after, passes) if after else False
        rate = each.order.sample_rate
        meet, soft, attack = (round(seconds * rate) for seconds in (MEET_S, SOFT_S, ATTACK_S))
        stop = each.stop + (meet if rings_on else 0)
        begins_with = attack if _begins_with_attack(each, passes) else soft
        quarter = max(1, (each.stop - each.start) // 4)
        layers.append(
            Layer(
                passes[each.order],
                each.begins,
                stop,
                gain,
                fade_in=min(meet if fades_in else begins_with, quarter),
                fade_out=min(meet if rings_on else soft, quarter),
            )
        )
    return layers


def _begins_with_attack(placed: PlacedPass, passes: Passes) -> bool:
    """Tell whether a pass begins with an attack as it goes round: a pad that begins as loud as it ends has none."""
    samples, n = passes[placed.order], look(placed.order.sample_rate)
    return is_attack(samples[:, -n:], samples[:, :n])


def _meets_softly(one: PlacedPass, other: PlacedPass, passes: Passes) -> bool:
    """Tell whether two passes touch and neither has an attack there, so that they can overlap for a moment."""
    if one.stop != other.start or _begins_with_attack(other, passes):
        return False
    n = look(one.order.sample_rate)
    layer = Layer(passes[one.order], one.begins, one.begins[-1])
    if one.stop + n > one.begins[-1] or one.stop - n < one.start:
        return False
    return not is_attack(layer.heard(one.stop - n, one.stop), layer.heard(one.stop, one.stop + n))
