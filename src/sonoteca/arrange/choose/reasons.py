"""Three short sentences say why a clip was chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonoteca.arrange.choose.grid import is_tonal
from sonoteca.arrange.choose.pairwise_fit import PairwiseFit
from sonoteca.arrange.choose.place import Placements
from sonoteca.domain.music import Key, KeyRelation, key_relation, stretch_percent
from sonoteca.domain.tempo_words import level_words, tempo_number

# Axes of a match lie around 0.5 where nothing is known; so far out is one pair of twenty.
_FOR, _AGAINST = 0.6, 0.46


def reasons_of(
    number: int, beside: Sequence[int], placements: Placements, pairwise: PairwiseFit, key: Key | None
) -> tuple[str, ...]:
    """Tell what was done to a placement, and what it goes with best of those that play ``beside`` it."""
    return (_tempo(number, placements), _pitch(number, placements, key), _partner(number, beside, placements, pairwise))


def _tempo(number: int, placements: Placements) -> str:
    percent = stretch_percent(float(placements.tempo_ratio[number]))
    feel = level_words(float(placements.level[number]))
    also = f", {feel}" if feel else ""
    own = f"{tempo_number(float(placements.loops.tempo_bpm[number]))} bpm"
    if abs(percent) < 0.05:
        return f"Plays at its own tempo{also}."
    return f"Recorded at {own}, plays {abs(percent):.1f} % {'faster' if percent > 0 else 'slower'}{also}."


def _pitch(number: int, placements: Placements, key: Key | None) -> str:
    if key is None or not is_tonal(placements.loops.roles[number]):
        return "Its pitch does not matter."
    shift = int(placements.semitone_shift[number])
    value = float(placements.loops.regions.key_number[number])
    move = f"{shift:+d} semitone{'' if abs(shift) == 1 else 's'}"
    if not np.isfinite(value):
        return f"Its key is not known; its notes suit {key.name}" + (f" at {move}." if shift else ".")
    own = Key.of_number(value)
    now = own.transpose(shift)
    relation = {KeyRelation.SAME: "", KeyRelation.RELATIVE: f", the relative of {key.name}"}.get(
        key_relation(key, now), f", near {key.name}"
    )
    return f"Shifted {move} from {own.name} to {now.name}{relation}." if shift else f"In {now.name}{relation}."


def _partner(number: int, beside: Sequence[int], placements: Placements, pairwise: PairwiseFit) -> str:
    if not beside:
        return "Nothing else plays with it."
    roles = placements.loops.roles
    # What is pitched stands and falls with what is pitched too.
    peers = [other for other in beside if is_tonal(roles[other])] if is_tonal(roles[number]) else []
    best = max(peers or beside, key=lambda other: (float(pairwise.total[number, other]), -other))
    role = roles[best]
    score = float(pairwise.total[number, best])
    chord, rhythm = (float(pairwise.axes[name][number, best]) for name in ("chord", "rhythm"))
    if np.isfinite(chord) and chord >= _FOR:
        why = "their chords change together"
    elif np.isfinite(rhythm) and rhythm >= _FOR:
        why = "both accent the same steps of the bar"
    elif np.isfinite(rhythm) and rhythm <= _AGAINST:
        why = "each leaves room where the other plays"
    else:
        why = "they share the bar"
    return f"Goes best with the {role} ({score:.2f}): {why}."


def mean_fit(number: int, beside: Sequence[int], pairwise: PairwiseFit) -> float | None:
    """Compute the mean match with what plays beside it, 0..1; None where nothing does."""
    return round(float(np.mean([pairwise.total[number, other] for other in beside])), 4) if beside else None
