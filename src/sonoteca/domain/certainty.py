"""What is heard is stated, stated with a question mark, or not at all: decided here, from the stored probabilities.

Analyzers say what they heard and how probable it is, and all of it is kept. What lists, queries, matches and
screens speak of is decided when it is read, so a library analysed long ago says no more than one of today.
What a person or a file's tags state is believed as it is. How the thresholds were chosen, what they cost and
what they avoid is in ``docs/measured/certainty.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.descriptor import (
    ATTACK,
    BARS,
    BEATS,
    DECAY,
    GRID,
    INSTRUMENT,
    KEY,
    KEY_SEGMENTS,
    KIND,
    METER,
    OF_A_BEAT,
    ONSET_DENSITY,
    ONSETS,
    PITCH,
    PULSE_CLARITY,
    ROLE,
    SOUND_CLASS,
    TEMPO,
    Descriptor,
)
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind, Role, SoundClass, Source


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
    KEY.name: Thresholds(0.3, 0.8),
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


# --- one region, decided ---------------------------------------------------------------------------

# What has no meaning without the value it was derived from.
_FOLLOWING: Final[Mapping[str, tuple[Descriptor, ...]]] = {
    TEMPO.name: (TEMPO, *OF_A_BEAT),
    SOUND_CLASS.name: (SOUND_CLASS, INSTRUMENT),
    KEY.name: (KEY, KEY_SEGMENTS),
}
# A drum is struck at once, and falls silent again. One that was cut before it fell still begins with the strike; what
# takes longer to rise, or is a cycle or two of a low tone, was never struck.
_SLOWEST_STRIKE_S = 0.005
_FEW_CYCLES_S = 0.12
_STRUCK = frozenset(
    {
        SoundClass.KICK,
        SoundClass.SNARE,
        SoundClass.HAT,
        SoundClass.CYMBAL,
        SoundClass.TOM,
        SoundClass.CLAP,
        SoundClass.PERCUSSION,
    }
)
# One cycle of 50 Hz: what is shorter is a wave shape, of which no ear could tell a class.
SHORTEST_CLASSED_S = 0.02
# A beat that repeats. Where something starts on every second beat or more often, the tempo was read from that.
# Where less does, the length of the sound is what speaks: then it has to speak clearly, or what starts has to start
# on beats, or the loop has to be a certain one that whole bars fill.
_ONSETS_A_BEAT = 0.5
_ON_A_BEAT_S = 0.05
_MOST_ON_BEATS = 0.7
_FEWEST_ONSETS = 3
_CLEAR_TEMPO = 0.9
_CLEAR_LOOP = 0.9
# Birds, crowds and voices start all the time, on no beat; a loop taken for a field recording has a pulse.
_CLEAR_PULSE = 0.3
_FEWEST_ONSETS_IN_THE_FIELD = 6
# So much of the time between first and last beat has one steady tempo where that is the tempo of all.
_MOST_OF_IT = 0.5
# What evidence the decision looks at besides the values that it is about.
EVIDENCE: Final[tuple[Descriptor, ...]] = (ATTACK, DECAY, BEATS, GRID, ONSETS, ONSET_DENSITY, PULSE_CLARITY)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of a region: ``stated`` by descriptor name, and ``withheld``, heard but not said."""

    stated: Mapping[str, Observation]
    withheld: Mapping[str, Observation] = field(default_factory=dict)

    def certainty(self, descriptor: Descriptor) -> Certainty:
        """How the value of a descriptor is said."""
        if (held := self.stated.get(descriptor.name)) is None or held.value is None:
            return Certainty.UNKNOWN
        return certainty_of(descriptor.name, held.confidence)


def decide(believed: Mapping[str, Observation], duration_s: float | None) -> Decision:
    """Decide what is said of a region from the statements that are believed (``domain.precedence``).

    Parameters
    ----------
    believed : mapping of descriptor name to Observation
        The winning statements, ``EVIDENCE`` among them as far as it is known. What is missing decides nothing.
    duration_s : float, optional
        Length of the region.

    Notes
    -----
    Of what analyzers heard, the following is not said:

    - a label less probable than ``THRESHOLDS`` ask for;
    - the class of a wave shape: a drum that rises slowly or lasts for a few cycles, and does not fall by 20 dB before
      it ends, and any class of less than 20 ms;
      nor the role of a one-shot without a class;
    - a role of a track: whatever stands out in it, as a whole it is a mix;
    - the tempo, and all that is counted in beats, of what has no beat that repeats;
    - the key's segments where the key is not said.

    And the tempo of music of which one steady stretch is the most is that stretch's: tones before the beat, or a
    last bar that slows down, do not bend it. ``TEMPO_CURVE`` still tells of them.
    """
    withheld: dict[str, Observation] = {}
    stated = dict(believed)

    def withhold(name: str) -> None:
        for each in _FOLLOWING.get(name, (Descriptor(name, ""),)):
            if (held := _heard(stated, each)) is not None:
                withheld[each.name] = held
                del stated[each.name]

    if _is_wave_shape(believed, duration_s):
        withhold(SOUND_CLASS.name)
    if not _has_beat(believed):
        withhold(TEMPO.name)
    if (steady := _of_steady_stretch(believed)) is not None and TEMPO.name in stated:
        stated[TEMPO.name] = steady
    for name in THRESHOLDS:
        held = stated.get(name)
        if held is not None and _is_heard(held) and certainty_of(name, held.confidence) is Certainty.UNKNOWN:
            withhold(name)
    kind = believed.get(KIND.name)
    if KIND.name in stated and kind is not None and kind.value == Kind.TRACK:
        if (role := _heard(stated, ROLE)) is not None:
            if _label(role.value) != Role.MIX:
                withheld[ROLE.name] = role
            stated[ROLE.name] = replace(role, value=_only(Role.MIX), confidence=kind.confidence)
    elif kind is not None and kind.value == Kind.ONE_SHOT and SOUND_CLASS.name in withheld:
        withhold(ROLE.name)
    return Decision(stated, withheld)


def _is_heard(statement: Observation) -> bool:
    return statement.provenance.source is Source.ANALYZER and statement.value is not None


def _heard(statements: Mapping[str, Observation], descriptor: Descriptor) -> Observation | None:
    """What an analyzer says, and nobody else."""
    held = statements.get(descriptor.name)
    return held if held is not None and _is_heard(held) else None


def _label(value: JsonValue) -> JsonValue:
    return value.get("value") if isinstance(value, dict) else value


def _only(role: Role) -> JsonValue:
    scores: dict[str, JsonValue] = {each.value: float(each is role) for each in Role}
    return {"value": role.value, "scores": scores}


def said_role(value: JsonValue, kind: str | None, role: str | None) -> JsonValue:
    """What a stored value of ``ROLE`` is worth beside the kind and role that are said of its region: None for nothing.

    A track is a mix. A role that was probable and still is not said was withheld for what else was heard; where
    none was probable, the chances that it plays this or that still hold.
    """
    if kind == Kind.TRACK and role == Role.MIX:
        return _only(Role.MIX)
    scores = value.get("scores") if isinstance(value, dict) else None
    if role is not None or not isinstance(scores, dict):
        return value
    best = max((each for each in scores.values() if isinstance(each, int | float)), default=0.0)
    return None if best >= THRESHOLDS[ROLE.name].likely else value


def _is_wave_shape(believed: Mapping[str, Observation], duration_s: float | None) -> bool:
    sound_class = _heard(believed, SOUND_CLASS)
    if sound_class is None:
        return False
    if duration_s is not None and 0.0 < duration_s < SHORTEST_CLASSED_S:
        return True
    attack_s = _number(believed, ATTACK)
    if attack_s is None or DECAY.name in believed or _label(sound_class.value) not in _STRUCK:
        return False
    # An envelope was measured, and nothing fell in it.
    return attack_s > _SLOWEST_STRIKE_S or (duration_s is not None and duration_s <= _FEW_CYCLES_S)


def _has_beat(believed: Mapping[str, Observation]) -> bool:
    """Whether the beats that were heard are those of a beat that repeats; true where nothing speaks against it."""
    beats = _heard(believed, BEATS)
    beat_s = _times(beats)
    if beats is None or not len(beat_s):
        return True
    onset_s = _times(believed.get(ONSETS.name))
    n_onsets = len(onset_s) or _counted(believed, float(beat_s[-1] - beat_s[0]))
    kind = believed.get(KIND.name)
    if kind is not None and kind.value == Kind.FIELD_RECORDING:
        is_on_beats = len(onset_s) >= _FEWEST_ONSETS_IN_THE_FIELD and _share_near(onset_s, beat_s) >= _MOST_ON_BEATS
        return is_on_beats or (_number(believed, PULSE_CLARITY) or 0.0) >= _CLEAR_PULSE
    confidence = (_heard(believed, TEMPO) or beats).confidence
    if n_onsets is None or n_onsets >= _ONSETS_A_BEAT * len(beat_s) or confidence is None or confidence >= _CLEAR_TEMPO:
        return True
    is_loop = kind is None or kind.confidence is None or kind.confidence >= _CLEAR_LOOP
    fills_bars = is_loop and BARS.name in believed
    return n_onsets >= _FEWEST_ONSETS and (fills_bars or _share_near(onset_s, beat_s) >= _MOST_ON_BEATS)


def _of_steady_stretch(believed: Mapping[str, Observation]) -> Observation | None:
    """The tempo that was heard, as it is in the one steady stretch that lasts for most of the beats; None without one."""
    tempo, grid = _heard(believed, TEMPO), _heard(believed, GRID)
    segments = grid.value.get("segments") if grid is not None and isinstance(grid.value, dict) else None
    if tempo is None or not isinstance(tempo.value, dict) or not isinstance(segments, list) or len(segments) < 2:
        return None
    beat_s = _times(_heard(believed, BEATS))
    if len(beat_s) < 2:
        return None
    stretches = [(each["start_s"], each["bpm"]) for each in segments if isinstance(each, dict)]
    starts = [start for start, _ in stretches if isinstance(start, int | float)]
    lengths = np.diff([*starts, float(beat_s[-1])])
    if len(stretches) < 2 or len(starts) < len(stretches) or lengths.max() < _MOST_OF_IT * (beat_s[-1] - starts[0]):
        return None
    return replace(tempo, value={**tempo.value, "bpm": stretches[int(lengths.argmax())][1]})


def _times(statement: Observation | None) -> NDArray[np.float64]:
    """The numbers of a list of times, shape (n,)."""
    value = None if statement is None else statement.value
    return np.array([each for each in value if isinstance(each, int | float)] if isinstance(value, list) else [], float)


def _number(believed: Mapping[str, Observation], descriptor: Descriptor) -> float | None:
    held = believed.get(descriptor.name)
    return float(held.value) if held is not None and isinstance(held.value, int | float) else None


def _counted(believed: Mapping[str, Observation], seconds: float) -> int | None:
    """How many onsets there are in so long a time where their times are not kept: none, or very many."""
    density = _number(believed, ONSET_DENSITY)
    return None if density is None else round(density * seconds)


def _share_near(onset_s: NDArray[np.float64], beat_s: NDArray[np.float64]) -> float:
    """The share of onsets that fall on a beat; 0 where there are none. ``beat_s`` rises."""
    if not len(onset_s):
        return 0.0
    after = np.searchsorted(beat_s, onset_s)
    before = beat_s[np.maximum(after - 1, 0)]
    following = beat_s[np.minimum(after, len(beat_s) - 1)]
    off = np.minimum(np.abs(onset_s - before), np.abs(following - onset_s))
    return float((off < _ON_A_BEAT_S).mean())
