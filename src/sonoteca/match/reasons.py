"""Reasons say why a candidate fits, in three short sentences that a musician agrees with."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sonoteca.domain.music import Key, KeyRelation, key_relation, stretch_percent
from sonoteca.domain.tempo_words import level_words, tempo_number
from sonoteca.match.axes import swing_of_pairs
from sonoteca.match.fit import Fits
from sonoteca.match.region_table import ROLES, RegionTable

# Logits: straight with straight, which is most pairs, stays below.
_CLEAR_SWING = 0.9

_RISKS = {
    "clipped": "the recording is clipped",
    "noisy": "hiss or hum is audible",
    "low_confidence": "its tempo is not certain",
    "no_bars": "it has no bars to lay beside yours",
    "other_meter": "its bars do not have as many beats as yours",
    "truncated_bar": "it does not end on a bar line",
    "wide_stretch": "the stretch will be audible",
    "wide_shift": "the pitch shift will be audible",
    "far_key": "the keys are far apart",
    "unsure_role": "it may play another role than the one asked for",
}


def risks_of(fits: Fits, i: int) -> list[str]:
    """Say what speaks against candidate ``i``, in plain words."""
    return sentences_of_flags(name for name, found in fits.flags.items() if found[i])


def sentences_of_flags(names: Iterable[str]) -> list[str]:
    """Say each flag of ``weights.FLAGS`` in plain words."""
    return [_RISKS[name] for name in names]


def reasons_of(one: RegionTable, candidates: RegionTable, fits: Fits, i: int) -> list[str]:
    """Write three sentences about candidate ``i``: tempo, pitch, rhythm."""
    return [_tempo(candidates, fits, i), _pitch(one, candidates, fits, i), _rhythm(one, candidates, fits, i)]


def _tempo(candidates: RegionTable, fits: Fits, i: int) -> str:
    ratio, level = float(fits.tempo_ratio[i]), float(fits.tempo_level[i])
    if not np.isfinite(ratio):
        own = float(candidates.tempo_bpm[i])
        return (
            f"It keeps its own tempo ({tempo_number(own)} bpm)." if np.isfinite(own) else "It has no tempo to follow."
        )
    feel = level_words(level)
    percent = stretch_percent(ratio)
    if abs(percent) < 0.5:
        told = feel[0].upper() + feel[1:] if feel else "Same tempo"
        return f"{told}, {tempo_number(float(candidates.tempo_bpm[i]))} bpm."
    return f"Play it {abs(percent):.1f} % {'faster' if percent > 0 else 'slower'}{feel and ', ' + feel}."


def _pitch(one: RegionTable, candidates: RegionTable, fits: Fits, i: int) -> str:
    shift = int(fits.semitone_shift[i])
    chord = float(fits.axes["chord"][i])
    if not np.isfinite(fits.axes["interval"][i]) and not np.isfinite(chord):
        return "Pitch does not matter here."
    move = f"Shifted {shift:+d} semitone{'s' if abs(shift) != 1 else ''}, " if shift else ""
    if np.isfinite(chord) and chord >= 0.65:
        text = "its chords change with yours."
    elif (relation := _relation(one, candidates, i, shift)) in (KeyRelation.SAME, KeyRelation.RELATIVE):
        text = f"it is in your {'key' if relation is KeyRelation.SAME else 'relative key'}."
    elif (interval := float(fits.axes["interval"][i])) >= 0.6:
        text = "it uses the same notes."
    elif interval >= 0.5:
        text = "it shares some of your notes."
    else:
        text = "its notes rub against yours."
    return move + (text if move else text[0].upper() + text[1:])


def _relation(one: RegionTable, candidates: RegionTable, i: int, shift: int) -> KeyRelation | None:
    numbers = float(one.key_number[0]), float(candidates.key_number[i])
    if not np.isfinite(numbers).all():
        return None
    mine, other = (Key.of_number(each) for each in numbers)
    return key_relation(mine, other.transpose(shift))


def _rhythm(one: RegionTable, candidates: RegionTable, fits: Fits, i: int) -> str:
    if fits.flags["other_meter"][i]:
        return f"It counts {candidates.beats_per_bar[i]:g} beats in a bar, yours {one.beats_per_bar[0]:g}."
    rhythm = float(fits.axes["rhythm"][i])
    if not np.isfinite(rhythm):
        return f"It plays {ROLES[fits.roles[i]].value}." if fits.roles[i] >= 0 else "What it plays is not known."
    swing = float(swing_of_pairs(one, candidates, np.array([i]), float(fits.tempo_level[i]))[0])
    if abs(swing) > _CLEAR_SWING:
        return "They swing alike." if swing > 0 else "They do not swing alike."
    if rhythm >= 0.6:
        return "Its accents lock with yours."
    return "Its accents fall beside yours." if rhythm <= 0.45 else "Their rhythms share the bar."
