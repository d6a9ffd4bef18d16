"""Profiles say what goes together, as learned from parts of the same songs: intervals of pitches, places of onsets.

Two parts are compared by correlation: a profile says how much each kind of coincidence speaks for them.
For pitch that is one number per interval (how often does the other part sound so many semitones above
what this one plays, more than elsewhere in the piece), for rhythm one per pair of registers and distance in
steps. The numbers are logits of a softmax over candidates, so they add up across axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.vocabulary import Role
from sonoteca.models.files import load_document

# What a role is to the ear that compares pitch, and to the one that compares rhythm.
PARTS: Mapping[Role, str] = {
    Role.DRUMS: "drums",
    Role.BASS: "bass",
    Role.HARMONY: "harmony",
    Role.MELODY: "melody",
    Role.VOCAL: "melody",
    Role.FX: "melody",
    Role.MIX: "harmony",
}
DRUMS = "drums"
ORDER = (DRUMS, "bass", "harmony", "melody")
_FILE = "match_profiles.json"


@dataclass(frozen=True, slots=True, eq=False)
class PitchProfile:
    """A profile of pitch says what each interval is worth, from the query up to the candidate, 0..11 semitones.

    ``content`` (12,) for what sounds over the whole, ``changes`` (12,) for what sounds at the same moment.
    """

    content: NDArray[np.float32]
    changes: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RhythmProfile:
    """A profile of rhythm says what onsets that coincide are worth.

    ``places`` float32 (2, lags, registers, registers): by the mean bar and by what departs from it, by
    distance in steps (the candidate's later is positive), register of the query and of the candidate.
    """

    places: NDArray[np.float32]


def pitch_profile(query: str, candidate: str) -> PitchProfile:
    """Look up what coinciding pitches say for two parts that have pitch."""
    first, second = _in_order(query, candidate)
    stored = _stored()["pitch"][f"{first} {second}"]
    content, changes = (np.array(stored[name], np.float32) for name in ("content", "changes"))
    if (first, second) != (query, candidate):
        # An interval up from one is as many semitones down from the other.
        content, changes = (np.roll(each[::-1], 1) for each in (content, changes))
    return PitchProfile(content, changes)


def rhythm_profile(query: str, candidate: str) -> RhythmProfile:
    """Look up what coinciding onsets say for any two parts."""
    first, second = _in_order(query, candidate)
    stored = _stored()["rhythm"][f"{first} {second}"]
    places = np.array(stored["places"], np.float32)
    if (first, second) != (query, candidate):
        places = places[:, ::-1].transpose(0, 1, 3, 2)
    return RhythmProfile(np.ascontiguousarray(places))


def by_shift(query: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute what a candidate's rows are multiplied with for each shift of it, shape (12, n_rows, 12).

    Row by row the sum over ``(12, n_rows, 12)[s] * candidate`` is that over all pairs of pitch classes of
    query times candidate moved up by ``s`` times the profile at their interval.
    """
    interval = (np.arange(12)[None, :] - np.arange(12)[:, None]) % 12
    expected = query @ profile[interval]
    return np.stack([np.roll(expected, -shift, axis=1) for shift in range(12)]).astype(np.float32)


def _in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if ORDER.index(one) <= ORDER.index(other) else (other, one)


def _stored() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    stored: Mapping[str, Mapping[str, Mapping[str, Any]]] = load_document(_FILE)
    return stored
