"""Why a transition scores as it does, in a musician's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sonoteca.domain.certainty import certainty_of
from sonoteca.domain.descriptor import KEY
from sonoteca.domain.music import Key, KeyRelation, key_relation, stretch_percent, wheel_steps
from sonoteca.domain.tempo_words import level_words, tempo_number
from sonoteca.search.result_row import RegionFacts
from sonoteca.sequence.axes import Stretch, heard_shift
from sonoteca.sequence.tracks import NO_KEY, Tracks
from sonoteca.sequence.transition import Transitions, TransitionStyle
from sonoteca.sequence.weights import AXES

_KEPT_PCT = 0.25
_HEARD_CENTS = 15.0
# Half of what tables show.
_SAME_BPM = 0.05
_FRESH = 0.5
_RELATION_WORDS = {
    KeyRelation.SAME: "same key",
    KeyRelation.RELATIVE: "relative key",
    KeyRelation.FIFTH: "neighbouring key",
    KeyRelation.DIAGONAL: "key one step off and in the other mode",
    KeyRelation.TWO_STEPS: "key a whole tone away",
    KeyRelation.PARALLEL: "other mode of the same tonic",
    KeyRelation.SEMITONE: "key a semitone away",
    KeyRelation.OTHER: "keys clash",
}
_MAY_CLASH = "keys may clash"
# What is missing where an axis has no evidence.
_EVIDENCE_WORDS = {axis: axis for axis in AXES} | {"freshness": "artist"}
# Whether a track gives an axis evidence where it ends, and where it starts.
_HAS_EVIDENCE: Mapping[str, tuple[Callable[[Tracks], bool], Callable[[Tracks], bool]]] = {
    "tempo": (lambda end: not np.isnan(end.tempo_end[0]), lambda start: not np.isnan(start.tempo_start[0])),
    "key": (lambda end: end.key_end[0] != NO_KEY, lambda start: start.key_start[0] != NO_KEY),
    "energy": (lambda end: not np.isnan(end.energy_end[0]), lambda start: not np.isnan(start.energy_start[0])),
    "timbre": (lambda end: bool(end.timbre_end.any()), lambda start: bool(start.timbre_start.any())),
    "rhythm": (lambda end: bool(end.rhythm_end.any()), lambda start: bool(start.rhythm_start.any())),
}
_LIKENESS = ((0.75, "very alike"), (0.5, "alike"), (0.25, "related"))


@dataclass(frozen=True, slots=True)
class TransitionFacts:
    """One transition as a person reads it.

    ``tempo_ratio`` is what the next track's tempo is multiplied by; None if unknown. ``key_clash``: its keys clash, and a
    list that holds it is flagged for that. ``missing`` are the axes without evidence, ``missing_words`` say of which track.
    """

    score: float
    parts: Mapping[str, float | None]
    tempo_ratio: float | None
    tempo: str | None
    key: str | None
    energy: str | None
    likeness: str | None
    missing: tuple[str, ...]
    key_clash: bool = False
    missing_words: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is known, in sentences."""
        again = self.parts["freshness"] is not None and self.parts["freshness"] < _FRESH
        sentences = (self.tempo, self.key, self.energy, self.likeness, "the same artist again" if again else None)
        return tuple(sentence for sentence in sentences if sentence is not None)

    @property
    def may_clash(self) -> bool:
        """Whether its keys clash if they were heard rightly, which is not sure enough to flag it."""
        return self.key is not None and self.key.startswith(_MAY_CLASH)

    @property
    def stretch_pct(self) -> float | None:
        return None if self.tempo_ratio is None else stretch_percent(self.tempo_ratio)


def transition_facts(
    scored: Transitions,
    ends: Tracks,
    starts: Tracks,
    at: tuple[int, int],
    style: TransitionStyle,
    *,
    clash_below: float,
    wholes: tuple[RegionFacts, RegionFacts] | None = None,
) -> TransitionFacts:
    """Score, parts and reasons of the transition in row and column ``at``.

    Energy is told of the tracks as wholes, in the levels that tables show. ``wholes`` are what tables show of both; where
    a track ends or starts at another tempo or in another key, that is said. Keys clash where the key part is below
    ``clash_below``, which is also when a list is flagged (``weights.lint.key_clash``).
    """
    parts = {name: None if np.isnan(value := scored.parts[name][at]) else float(value) for name in AXES}
    log2_ratio = float(scored.played.log2_ratio[at])
    end, start = ends.take([at[0]]), starts.take([at[1]])
    whole_bpms = (None, None) if wholes is None else (wholes[0].tempo_bpm, wholes[1].tempo_bpm)
    whole_keys = (None, None) if wholes is None else (wholes[0].key, wholes[1].key)
    missing = tuple(name for name in AXES if parts[name] is None)
    clashes = bool(scored.parts["key"][at] < clash_below)
    return TransitionFacts(
        score=float(scored.total[at]),
        parts=parts,
        tempo_ratio=None if np.isnan(log2_ratio) else float(2.0**log2_ratio),
        tempo=_tempo(end, start, log2_ratio, float(scored.played.octave[at]), whole_bpms),
        key=_key(scored, end, start, at, style, whole_keys, clashes=clashes),
        energy=_energy(end, start, style.direction),
        likeness=_likeness(parts),
        missing=missing,
        key_clash=clashes,
        missing_words=tuple(_missing(name, end, start) for name in missing),
    )


def _missing(axis: str, end: Tracks, start: Tracks) -> str:
    """What is not known where an axis has no evidence; and of which track, unless it is the one that starts."""
    words = _EVIDENCE_WORDS[axis]
    if axis not in _HAS_EVIDENCE:
        return words
    of_end, of_start = _HAS_EVIDENCE[axis]
    if of_end(end):
        return words
    return f"{words} of the one before" if of_start(start) else f"{words} of both"


def _tempo(
    end: Tracks, start: Tracks, log2_ratio: float, octave: float, whole_bpms: tuple[float | None, float | None]
) -> str | None:
    if np.isnan(log2_ratio):
        return None
    own_bpm, other_bpm = 2.0 ** float(start.tempo_start[0]), 2.0 ** float(end.tempo_end[0])
    pct = stretch_percent(2.0**log2_ratio)
    level = level_words(2.0 ** round(octave))
    other, ends_apart = _edge_bpm(other_bpm, whole_bpms[0])
    own, starts_apart = _edge_bpm(own_bpm, whole_bpms[1])
    if abs(pct) < _KEPT_PCT:
        return f"{level or 'same tempo'}, {'starts at ' if starts_apart else ''}{own} bpm"
    words = f"{level}, " if level else ""
    told = f"starts at {own} bpm, {pct:+.1f} %" if starts_apart else f"{pct:+.1f} % from {own} bpm"
    return f"{words}{told} to fit {'the one before, which ends at ' if ends_apart else ''}{other}"


def _edge_bpm(edge: float, whole: float | None) -> tuple[str, bool]:
    """A tempo at an edge as tables show it, and whether that differs from the whole track's.

    >>> _edge_bpm(86.0501, 86.0499), _edge_bpm(86.2, 85.7), _edge_bpm(120.0, None)
    (('86', False), ('86.2', True), ('120', False))
    """
    drifts = whole is not None and abs(edge - whole) >= _SAME_BPM
    return tempo_number(edge if drifts or whole is None else whole), drifts


def _key(
    scored: Transitions,
    end: Tracks,
    start: Tracks,
    at: tuple[int, int],
    style: TransitionStyle,
    whole_keys: tuple[Key | None, Key | None],
    *,
    clashes: bool,
) -> str | None:
    if end.key_end[0] == NO_KEY or start.key_start[0] == NO_KEY:
        return None
    played = scored.played
    one = Stretch(played.log2_ratio[at].reshape(1, 1), played.octave[at].reshape(1, 1))
    semitones, detuned = heard_shift(end, start, one, key_lock=style.key_lock)
    shift, cents = int(semitones[0, 0]), float(detuned[0, 0])
    before, named = Key.of_number(int(end.key_end[0])), Key.of_number(int(start.key_start[0]))
    after = named.transpose(shift)
    relation = key_relation(before, after)
    ends_in, starts_in = _named_key(before, end), _named_key(named, start)
    ends_apart = whole_keys[0] is not None and whole_keys[0] != before
    starts_apart = whole_keys[1] is not None and whole_keys[1] != named
    told = _RELATION_WORDS[relation]
    if relation is KeyRelation.OTHER:
        is_sure = "?" not in ends_in + starts_in
        told = _MAY_CLASH if not clashes else told if is_sure else f"{told}?"
    elif clashes:
        told = f"{_RELATION_WORDS[KeyRelation.OTHER]}: {told}"
    words = f"{told} ({starts_in}" if ends_in == starts_in else f"{told} ({ends_in} to {starts_in}"
    if ends_apart or starts_apart:
        words = f"{told} (the one before ends in {ends_in}, this one starts in {starts_in}"
    if shift:
        words += f", sounding as {after.camelot}"
    if relation is KeyRelation.FIFTH:
        words += f", {wheel_steps(before, after):+d}"
    words += ")"
    return f"{words}, {abs(cents):.0f} cents out of tune" if abs(cents) >= _HEARD_CENTS else words


def _named_key(key: Key, track: Tracks) -> str:
    """A key as lists show it: with a question mark where it is only likely."""
    return key.camelot + certainty_of(KEY.name, float(track.key_confidence[0])).mark


def _energy(end: Tracks, start: Tracks, direction: int) -> str | None:
    """Levels 1..10 rounded once, as tables show them."""
    before, after = 1.0 + 9.0 * float(end.level[0]), 1.0 + 9.0 * float(start.level[0])
    if np.isnan(before) or np.isnan(after):
        return None
    shown = f"{before:.0f}", f"{after:.0f}"
    word = "rises" if after > before else "falls"
    if shown[0] != shown[1]:
        return f"energy {word} from {shown[0]} to {shown[1]}"
    return f"energy {word} a little, within {shown[1]}" if direction else f"energy holds at {shown[1]}"


def energy_where_they_meet(end: Tracks, start: Tracks) -> str | None:
    """How energy goes from the end of one track to the beginning of the next, by which drops are flagged."""
    before, after = 1.0 + 9.0 * float(end.energy_end[0]), 1.0 + 9.0 * float(start.energy_start[0])
    if np.isnan(before) or np.isnan(after):
        return None
    return f"energy {'rises' if after > before else 'falls'} where they meet, from {before:.1f} to {after:.1f}"


def _likeness(parts: Mapping[str, float | None]) -> str | None:
    found = []
    for name in ("timbre", "rhythm"):
        value = parts[name]
        word = None if value is None else next((word for least, word in _LIKENESS if value >= least), None)
        if word is not None:
            found.append(f"{name} {word}")
    return ", ".join(found) or None
