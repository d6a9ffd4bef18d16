"""The representative place of a sound is where a stranger should begin to listen, told from what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# A drop is heard best after some of what leads to it.
_BEFORE_DROP = 0.25
# Where nothing is known, intros are over.
_USUAL_SHARE = 1 / 3


def representative_start_s(facts: Mapping[str, Any], length_s: float, duration_s: float) -> float:
    """Where to begin a clip of ``length_s`` in a sound of ``duration_s``, in seconds.

    A drop, a person's before one that was heard, with a quarter of the clip before it; else where a section begins from
    which on the clip has the most energy; else where it has the most energy; else a third into the sound. It is moved back
    to the last bar line, if bars are known, and never so late that the clip would be shorter.

    Parameters
    ----------
    facts : mapping
        The sound object (docs/sound-object.md): ``cues``, ``sections``, ``energy_curve`` and ``downbeats_s`` are read.

    Examples
    --------
    >>> facts = {"cues": [{"at_s": 62.0, "type": "drop", "source": "analyzer"}], "downbeats_s": [52.0, 54.0, 56.0]}
    >>> representative_start_s(facts, 30.0, 200.0), representative_start_s({}, 30.0, 12.0)
    (54.0, 0.0)
    """
    latest_s = duration_s - length_s
    if latest_s <= 0.0:
        return 0.0
    drops = [cue for cue in facts.get("cues") or () if cue["type"] == "drop"]
    drops.sort(key=lambda cue: cue.get("source") != "user")
    if drops:
        start_s = float(drops[0]["at_s"]) - _BEFORE_DROP * length_s
    else:
        start_s = _most_energetic_s(facts, length_s, duration_s, latest_s)
    start_s = min(max(0.0, start_s), latest_s)
    return max((float(at) for at in facts.get("downbeats_s") or () if at <= start_s), default=start_s)


def _most_energetic_s(facts: Mapping[str, Any], length_s: float, duration_s: float, latest_s: float) -> float:
    curve: Sequence[float] = facts.get("energy_curve") or ()
    if not curve:
        return _USUAL_SHARE * duration_s
    step_s = duration_s / len(curve)
    n_window = max(1, round(length_s / step_s))
    sums = [0.0]
    for value in curve:
        sums.append(sums[-1] + (value or 0.0))

    def energy(start_s: float) -> float:
        first = min(int(start_s / step_s), len(curve) - n_window)
        return sums[first + n_window] - sums[first]

    sections = [float(each["start_s"]) for each in facts.get("sections") or () if each["start_s"] <= latest_s]
    starts = sections or [index * step_s for index in range(len(curve) - n_window + 1)]
    # The first of equals.
    return max(starts, key=energy)
