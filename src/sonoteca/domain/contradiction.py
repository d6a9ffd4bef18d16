"""Whether a claimed tempo can be the tempo that was heard, and which of two that cannot both be right is believed.

Beats can be counted at several levels: 87 and 174 bpm are one drum and bass track, and which of them is
written is a convention that whoever wrote it knows better. So a claim at half, double or another level
stands, with a doubt. A claim that no way of counting reconciles with the sound is wrong or
the sound was misheard: the surer evidence is believed, also with a doubt.
Decision 0026 says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sonoteca.domain.certainty import EVIDENCE, THRESHOLDS
from sonoteca.domain.descriptor import BARS, KIND, METER, TEMPO, Descriptor
from sonoteca.domain.observation import JsonValue, Observation

# Whoever asks which tempo is believed loads what was said of all of these.
TEMPO_EVIDENCE: tuple[Descriptor, ...] = (TEMPO, BARS, METER, KIND, *EVIDENCE)
# Tags are rounded to whole numbers. The length of a loop is no estimate, so nothing else is let pass.
_ROUNDING_BPM = 0.5
# Within this a tempo that follows no loop's length counts as the same, as in the field's evaluations (MIREX).
_TEMPO_TOLERANCE = 0.04
# Of so many beats a loop may lack or exceed: encoders pad by some milliseconds.
_BEAT_TOLERANCE = 0.05
# Calibrated: of a hundred tempi said with this probability five are wrong.
SURE = 0.95


class TempoRelation(StrEnum):
    """How a claimed tempo stands to the heard one."""

    SAME = "same"
    HALF = "half"
    DOUBLE = "double"
    OTHER_COUNT = "other_count"  # thirds, quarters and their inverses: beats counted otherwise
    AGAINST_LENGTH = "against_length"  # no whole number of such beats fills the loop
    DIFFERENT = "different"


_LEVELS = {
    1.0: TempoRelation.SAME,
    0.5: TempoRelation.HALF,
    2.0: TempoRelation.DOUBLE,
    **dict.fromkeys((0.25, 1 / 3, 2 / 3, 1.5, 3.0, 4.0), TempoRelation.OTHER_COUNT),
}


def tempo_relation(claimed_bpm: float, heard_bpm: float, *, loop_beats: float | None = None) -> TempoRelation:
    """How ``claimed_bpm`` stands to ``heard_bpm``, of which ``loop_beats`` fill the sound exactly where it is a loop.

    >>> [str(tempo_relation(claimed, 128.0)) for claimed in (127.0, 64.0, 256.0, 192.0, 100.0)]
    ['same', 'half', 'double', 'other_count', 'different']
    >>> [str(tempo_relation(claimed, 124.0, loop_beats=16)) for claimed in (124.4, 126.0, 62.0, 93.0)]
    ['same', 'against_length', 'half', 'different']
    """
    for level, relation in _LEVELS.items():
        apart = abs(claimed_bpm - level * heard_bpm)
        if apart <= (_TEMPO_TOLERANCE * level * heard_bpm if loop_beats is None else _ROUNDING_BPM):
            return relation
    if loop_beats is not None:
        claimed_beats = loop_beats * claimed_bpm / heard_bpm
        if abs(claimed_beats - round(claimed_beats)) > _BEAT_TOLERANCE:
            return TempoRelation.AGAINST_LENGTH
    return TempoRelation.DIFFERENT


def relation_to_heard(claim: Observation, heard: Mapping[str, Observation]) -> TempoRelation | None:
    """How a claim of TEMPO stands to what analyzers say (by descriptor name); None where either says no number."""
    claimed_bpm = _number(claim.value, "bpm")
    heard_bpm = _number(heard[TEMPO.name].value, "bpm") if TEMPO.name in heard else None
    if claimed_bpm is None or heard_bpm is None:
        return None
    bars = _number(heard[BARS.name].value) if BARS.name in heard else None
    beats_per_bar = _number(heard[METER.name].value, "beats_per_bar") if METER.name in heard else None
    loop_beats = None if bars is None or beats_per_bar is None else bars * beats_per_bar
    return tempo_relation(claimed_bpm, heard_bpm, loop_beats=loop_beats)


def _number(value: JsonValue, field: str | None = None) -> float | None:
    if isinstance(value, dict) and field is not None:
        value = value.get(field)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def is_doubted(relation: TempoRelation | None, confidence: float | None) -> bool:
    """Whether a tempo heard with this probability makes a claim doubtful."""
    is_stated = confidence is not None and confidence >= THRESHOLDS[TEMPO.name].stated
    return is_stated and relation not in (None, TempoRelation.SAME)


def is_refuted(relation: TempoRelation | None, confidence: float | None) -> bool:
    """Whether a tempo heard with this probability is believed instead of a claim.

    >>> is_refuted(TempoRelation.HALF, 0.98), is_refuted(TempoRelation.DIFFERENT, 0.98)
    (False, True)
    >>> is_refuted(TempoRelation.DIFFERENT, 0.85), is_refuted(TempoRelation.AGAINST_LENGTH, 0.85)
    (False, True)
    """
    if relation is TempoRelation.AGAINST_LENGTH:
        return is_doubted(relation, confidence)
    return relation is TempoRelation.DIFFERENT and confidence is not None and confidence >= SURE
