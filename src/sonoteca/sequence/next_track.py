"""What comes next: tracks of the library ranked by the transition into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.music import Key, transposed_key_numbers
from sonoteca.errors import RequestError
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts
from sonoteca.search.selection import selected_ids
from sonoteca.sequence.axes import heard_shift, stretch, stretches_beyond
from sonoteca.sequence.candidates import candidate_regions
from sonoteca.sequence.freshness import freshness_axis
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.reasons import EVIDENCE_WORDS, TransitionFacts, transition_facts
from sonoteca.sequence.tracks import NO_KEY, Tracks
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import AXES, Weights, default_weights

MODE = "next"
Energy = Literal["up", "down", "hold"]
DIRECTIONS: Mapping[str | None, int] = {"up": 1, "down": -1, "hold": 0, None: 0}
# Energy holds within one of the ten levels.
_ONE_LEVEL = 1.0 / 9.0 + 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """What may come next at all, decided before anything is ranked. None: no limit.

    ``tempo_pct`` is the widest stretch either way. ``keys`` are those that the next
    track may start in, as it then sounds; ``"compatible"`` are the same, the relative and the
    neighbouring keys of the one that ends. ``energy`` compares the levels of the whole tracks.
    """

    tempo_pct: float | None = 6.0
    keys: tuple[Key, ...] | Literal["compatible"] | None = None
    energy: Energy | None = None


@dataclass(frozen=True, slots=True)
class NextRow:
    """A result row, and how the track is played to fit."""

    row: ResultRow
    transition: TransitionFacts

    def as_json(self) -> dict[str, Any]:
        ratio = self.transition.tempo_ratio
        return self.row.as_json() | {
            "tempo_ratio": None if ratio is None else round(ratio, 5),
            "missing": list(self.transition.missing),
        }


@dataclass(frozen=True, slots=True)
class NextAnswer:
    """Tracks, best first; ``notes`` say which limits could not be applied."""

    found: tuple[NextRow, ...]
    notes: tuple[str, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[ResultRow, ...]:
        return tuple(each.row for each in self.found)

    def as_json(self) -> dict[str, Any]:
        return {"query": {**self.query, "notes": list(self.notes)}, "results": [each.as_json() for each in self.found]}


def parse_keys(text: str) -> tuple[Key, ...] | Literal["compatible"] | None:
    """``compatible``, ``any``, or keys separated by commas.

    >>> parse_keys("8A, C"), parse_keys("any")
    ((Key(tonic=9, mode='minor'), Key(tonic=0, mode='major')), None)

    Raises
    ------
    RequestError
        One of them is not a key.
    """
    word = text.strip().lower()
    if word == "any":
        return None
    if word == "compatible":
        return "compatible"
    try:
        return tuple(Key.parse(item) for item in text.split(","))
    except ValueError as error:
        raise RequestError(f"--keys: {error}.", "Write compatible, any, or for example 8A,9A,8B.") from error


def find_next(
    library: Library,
    name: str,
    *,
    limits: Limits | None = None,
    only: str | None = None,
    played: Sequence[int] = (),
    weights: Weights | None = None,
    double_time: bool = True,
    key_lock: bool = True,
    k: int = 10,
    query: Mapping[str, Any] | None = None,
) -> NextAnswer:
    """The ``k`` tracks that the sound ``name`` goes into best.

    Parameters
    ----------
    name : str
        A sound of the library by any of its names.
    limits : Limits, optional
        Applied, with ``only``, before ranking. What is not known satisfies no limit.
    only : str, optional
        A query that answers have to satisfy. Unless it speaks of kinds, answers are of the kind of ``name``.
    played : sequence of int
        Row numbers of sounds heard before, latest last: they do not come again, and their artists are not fresh.
    weights : Weights, optional
    double_time, key_lock : bool
        See ``axes``.
    query : mapping, optional
        What else to print as the question.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    RequestError
        The sound was not analysed.
    """
    limits, weights = limits or Limits(), weights or default_weights()
    with library.read() as connection:
        sound = resolve_sound(connection, name)
        region_id = whole_regions(connection, [sound.id])[sound.id]
        kind = region_facts(connection, [region_id])[region_id].kind
        where = candidate_regions(connection, only, kind=kind)
        loaded = load_tracks(library, connection, where, also_sounds=[sound.id, *played])
        at = loaded.index_of_sounds()
        candidates = _candidate_rows(loaded, selected_ids(connection, where), {sound.id, *played})
    current = loaded.take([at[sound.id]])
    style = TransitionStyle(double_time, key_lock, DIRECTIONS[limits.energy])
    allowed, notes = within(limits, current, candidates, style)
    candidates = candidates.take(np.flatnonzero(allowed))
    heard = [int(loaded.artist[at[each]]) for each in played if each in at] + [int(current.artist[0])]
    scored = transitions(
        current,
        candidates,
        weights,
        style,
        freshness=freshness_axis(candidates, heard, weights.freshness.artist_gap),
    )
    # Tracks stand in order of their ids, and a stable sort keeps that among equals.
    best = np.argsort(-scored.total[0], kind="stable")[:k]
    with library.read() as connection:
        facts = region_facts(connection, candidates.region_ids[best].tolist())
    found = [
        next_row(facts[region_id], transition_facts(scored, current, candidates, (0, int(column)), style), MODE)
        for column, region_id in zip(best, candidates.region_ids[best].tolist(), strict=True)
        if region_id in facts
    ]
    asked = {
        "mode": MODE,
        "sound": sound.public_id,
        **(query or {}),
        "k": k,
        "candidates": int(allowed.sum()),
        "weights": {axis: getattr(weights.axes, axis) for axis in AXES},
    }
    return NextAnswer(tuple(found), tuple(notes), asked)


def next_row(facts: RegionFacts, transition: TransitionFacts, mode: str) -> NextRow:
    """The row of a track that a transition leads to."""
    reasons = list(transition.reasons)
    if transition.missing:
        reasons.append(f"not known: {', '.join(EVIDENCE_WORDS[axis] for axis in transition.missing)}")
    row = ResultRow.of(
        facts,
        start_s=facts.start_s,
        end_s=facts.end_s,
        score=transition.score,
        mode=mode,
        parts=transition.parts,
        reasons=reasons,
    )
    return NextRow(row, transition)


def _candidate_rows(loaded: Tracks, region_ids: NDArray[np.int64], left_out: set[int]) -> Tracks:
    is_candidate = np.isin(loaded.region_ids, region_ids) & ~np.isin(loaded.sound_ids, list(left_out))
    return loaded.take(np.flatnonzero(is_candidate))


def within(
    limits: Limits, current: Tracks, candidates: Tracks, style: TransitionStyle
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which candidates (n,) are within all limits, and a sentence per limit that ``current`` gives no measure for."""
    allowed = np.ones(len(candidates), bool)
    notes = []
    played = stretch(current, candidates, double_time=style.double_time)
    if limits.tempo_pct is not None:
        if np.isnan(current.tempo_end[0]):
            notes.append("This sound has no known tempo, so any tempo may follow.")
        else:
            ratio = played.log2_ratio[0]
            allowed &= ~np.isnan(ratio) & ~stretches_beyond(ratio, limits.tempo_pct)
    if limits.keys is not None:
        if limits.keys == "compatible" and current.key_end[0] == NO_KEY:
            notes.append("This sound has no known key, so any key may follow.")
        else:
            keys = Key.of_number(int(current.key_end[0])).compatible() if limits.keys == "compatible" else limits.keys
            semitones, _ = heard_shift(current, candidates, played, key_lock=style.key_lock)
            allowed &= _sounds_in(candidates.key_start, semitones[0], keys)
    if limits.energy is not None:
        rise = candidates.level - current.level[0]
        if np.isnan(current.level[0]):
            notes.append("This sound has no known energy, so any energy may follow.")
        elif limits.energy == "hold":
            allowed &= np.abs(rise) <= _ONE_LEVEL
        else:
            allowed &= rise * DIRECTIONS[limits.energy] > 1e-6
    return allowed, notes


def _sounds_in(key_start: NDArray[np.int8], semitones: NDArray[np.int8], keys: Sequence[Key]) -> NDArray[np.bool_]:
    sounding = transposed_key_numbers(key_start.astype(np.int64), semitones.astype(np.int64))
    return np.asarray((key_start != NO_KEY) & np.isin(sounding, [key.number for key in keys]), bool)
