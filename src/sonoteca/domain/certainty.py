"""What is heard is stated, stated with a question mark, or not at all: decided here, from the stored probabilities.

Analyzers say what they heard and how probable it is, and all of it is kept. What lists, queries, matches and
screens speak of is decided when it is read, so a library analysed long ago says no more than one of today.
What a person or a file's tags state is believed as it is. How the thresholds were chosen, what they cost and
what they avoid is in ``docs/measured/certainty.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sonoteca.domain.descriptor import INSTRUMENT, KEY, KIND, METER, PITCH, ROLE, SOUND_CLASS, TEMPO


class Certainty(StrEnum):
    """How a value is said: as it is, as what is likely, or not at all."""

    STATED = "stated"
    LIKELY = "likely"
    UNKNOWN = "unknown"

    @property
    def mark(self) -> str:
        """What stands behind a value on a screen: "?" where it is only likely."""
        return "?" if self is Certainty.LIKELY else ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a label is said at all, and from which it is said without a question mark."""

    likely: float
    stated: float


# Of the kinds, classes and roles of real samples said with less than one half, most are wrong. Keys and tempi have
# more than two possible values, and one that is likely serves where none would.
THRESHOLDS: Final[Mapping[str, Thresholds]] = {
    KIND.name: Thresholds(0.5, 0.8),
    ROLE.name: Thresholds(0.5, 0.8),
    SOUND_CLASS.name: Thresholds(0.5, 0.8),
    INSTRUMENT.name: Thresholds(0.5, 0.8),
    TEMPO.name: Thresholds(0.4, 0.8),
    METER.name: Thresholds(0.5, 0.8),
    KEY.name: Thresholds(0.4, 0.8),
    PITCH.name: Thresholds(0.5, 0.8),
}


def certainty_of(name: str, confidence: float | None) -> Certainty:
    """How a value of the descriptor ``name`` is said that is right with this probability.

    None is the confidence of what a person or a file says, and of measurements: they are stated.

    >>> certainty_of("tempo", 0.95), certainty_of("tempo", 0.6).mark, certainty_of("sound_class", 0.3)
    (<Certainty.STATED: 'stated'>, '?', <Certainty.UNKNOWN: 'unknown'>)
    """
    thresholds = THRESHOLDS.get(name)
    if thresholds is None or confidence is None or confidence >= thresholds.stated:
        return Certainty.STATED
    return Certainty.LIKELY if confidence >= thresholds.likely else Certainty.UNKNOWN
