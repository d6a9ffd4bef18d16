"""Melodies in, the tune that was hummed out.

Two stages: windows of the pitch contour propose places (``windows_index``), and an
alignment of the whole query judges each of them, twice: roughly where the windows said,
then again with the tempo, key and drift that the first alignment found. Melodies are kept
in segments: a large one and small ones for what was added since; removing marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.heard.same_recording import Recordings
from sonoteca.search.hum.alignment import Fits, Places, align, refined
from sonoteca.search.hum.answer import (
    FEWEST_NOTES,
    TOO_SHORT,
    HumMatch,
    TuneRanking,
    Verdict,
    advice,
    chance_of_first,
    verdict_of,
)
from sonoteca.search.hum.melody import Melody, PackedMelodies
from sonoteca.search.hum.query_notes import QueryNotes
from sonoteca.search.hum.windows_index import MANY_WINDOWS, Segment

_PLACES, _PLACES_OF_MANY, _SECOND_LOOK = 240, 480, 90
_GUESS_PITCH_SPREAD, _GUESS_PLACE_SPREAD_S, _GUESS_PARTNERS = 0.6, 1.2, 12
# Small segments are joined when there are more than this, and all when they hold a quarter of the notes.
_MOST_SEGMENTS = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Best alignment of one melody."""

    key: int
    score: float
    start_s: float
    end_s: float
    n_matched: int
    n_right: int
    scale: float
    transpose: float


class MelodyIndex:
    """A searchable set of melodies, each under the caller's key. Not safe for two writers at once."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._segments = list(segments)

    @classmethod
    def build(cls, melodies: Sequence[Melody], *, seed: int = 0) -> MelodyIndex:
        """An index of ``melodies``; keys must differ. ``seed`` fixes the partition of large sets."""
        _refuse_repeated([melody.key for melody in melodies])
        return cls([Segment.build(PackedMelodies.pack(melodies), seed=seed)] if melodies else [])

    def __len__(self) -> int:
        return sum(int(segment.alive.sum()) for segment in self._segments)

    def keys(self) -> NDArray[np.int64]:
        """Keys held, rising."""
        parts = [segment.melodies.keys[segment.alive] for segment in self._segments]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *parts]))

    def add(self, melodies: Sequence[Melody]) -> None:
        """Add melodies; one whose key is held already replaces it."""
        if not melodies:
            return
        _refuse_repeated([melody.key for melody in melodies])
        self.remove([melody.key for melody in melodies])
        self._segments.append(Segment.build(PackedMelodies.pack(melodies)))
        self._join_small_segments()

    def remove(self, keys: Iterable[int]) -> int:
        """Take melodies out; how many were held."""
        gone = np.fromiter(keys, np.int64)
        count = 0
        for segment in self._segments:
            hit = segment.alive & np.isin(segment.melodies.keys, gone)
            count += int(hit.sum())
            segment.alive[hit] = False
        return count

    def _join_small_segments(self) -> None:
        sizes = [segment.melodies.n_notes for segment in self._segments]
        if len(sizes) > 1 and sum(sizes[1:]) > max(sizes[0], 4) // 4:
            low = 0
        elif len(sizes) > _MOST_SEGMENTS:
            low = 1
        else:
            return
        joined = self._segments[low].melodies.only(self._segments[low].alive)
        for segment in self._segments[low + 1 :]:
            joined = joined.joined(segment.melodies.only(segment.alive))
        self._segments[low:] = [Segment.build(joined)]

    def search(
        self,
        query: QueryNotes,
        k: int = 10,
        *,
        where: Iterable[int] | None = None,
        recordings: Callable[[Sequence[int]], Recordings] | None = None,
    ) -> TuneRanking:
        """Rank the melodies by how well the query fits somewhere in them.

        Parameters
        ----------
        query : QueryNotes
            From ``query_pitch.query_notes``, or built from any notes.
        k : int
            Most answers wanted.
        where : iterable of int, optional
            Only these keys may answer; the others are left out before anything is ranked.
        recordings : callable, optional
            Says of keys, best first, which are of one recording: it answers once, and how sure the first is
            is measured against the best that is another. Without one every key is a recording.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if len(query) < FEWEST_NOTES:
            return TuneRanking(Verdict.HUM_AGAIN, 0.0, (), (), len(query), TOO_SHORT)
        wanted = None if where is None else np.unique(np.fromiter(where, np.int64))
        found: dict[int, _Found] = {}
        for segment in self._segments:
            allowed = None if wanted is None else np.isin(segment.melodies.keys, wanted)
            for candidate in _search_segment(segment, query, max(_places(segment), 2 * k), allowed):
                if candidate.key not in found or candidate.score > found[candidate.key].score:
                    found[candidate.key] = candidate
        ranked = sorted(found.values(), key=lambda one: (-one.score, one.key))
        if not ranked:
            return TuneRanking(Verdict.HUM_AGAIN, 0.0, (), (), len(query), advice(Verdict.HUM_AGAIN))
        known = Recordings({}, {}) if recordings is None else recordings([one.key for one in ranked])
        first = known.recording(ranked[0].key)
        others = (one.score for one in ranked if known.recording(one.key) != first)
        second = next(others, ranked[0].score - 12.0)
        ranked = [one for one in ranked if not known.is_copy(one.key)]
        chance = chance_of_first(ranked[0].score, second, len(query))
        verdict = verdict_of(chance)
        matches = tuple(_match(one, len(query)) for one in ranked[:k])
        return TuneRanking(verdict, chance, tuple(m.key for m in matches), matches, len(query), advice(verdict))

    def copy(self) -> MelodyIndex:
        """One with the same melodies; what is added to it or removed does not touch this one."""
        return MelodyIndex([segment.copy() for segment in self._segments])

    # --- as arrays ------------------------------------------------------------------------------

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays, named by segment: ``0.keys``, ``0.offsets`` ..."""
        return {
            f"{number}.{name}": array
            for number, segment in enumerate(self._segments)
            for name, array in segment.to_arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> MelodyIndex:
        """The index that ``to_arrays`` told of; ValueError or KeyError for arrays that are none."""
        by_segment: dict[int, dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            number, _, rest = name.partition(".")
            by_segment.setdefault(int(number), {})[rest] = array
        return cls([Segment.from_arrays(by_segment[number]) for number in sorted(by_segment)])


def _refuse_repeated(keys: list[int]) -> None:
    if len(set(keys)) < len(keys):
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {repeated} stands for more than one melody")


def _places(segment: Segment) -> int:
    return _PLACES if segment.n_windows < MANY_WINDOWS else _PLACES_OF_MANY


def _search_segment(segment: Segment, query: QueryNotes, most: int, allowed: NDArray[np.bool_] | None) -> list[_Found]:
    places, _ = segment.propose(query, most, allowed)
    if not len(places):
        return []
    starts, midi, melodies = query.starts_s, query.midi, segment.melodies
    rough = align(
        starts,
        midi,
        melodies,
        segment.costs,
        places,
        pitch_spread=_GUESS_PITCH_SPREAD,
        place_spread_s=_GUESS_PLACE_SPREAD_S,
        partners=_GUESS_PARTNERS,
    )
    order = np.argsort(-rough.score, kind="stable")[:_SECOND_LOOK]
    places, rough = places.take(order), Fits(rough.score[order], rough.partner[order])
    places = refined(starts, midi, melodies, places, rough)
    fits = align(starts, midi, melodies, segment.costs, places)
    return [_best_fit(segment, query, places, fits, k) for k in np.argsort(fits.score)]


def _best_fit(segment: Segment, query: QueryNotes, places: Places, fits: Fits, at: np.intp) -> _Found:
    melodies = segment.melodies
    partner = fits.partner[at]
    matched = np.flatnonzero(partner >= 0)
    notes = partner[matched]
    time = query.starts_s[matched] - query.starts_s[0]
    wanted = query.midi[matched] + places.transpose[at] + places.drift[at] * time
    right = int((np.abs(melodies.midi[notes] - wanted) < 0.75).sum())
    return _Found(
        int(melodies.keys[places.melody[at]]),
        float(fits.score[at]),
        float(melodies.starts_s[notes[0]]),
        float(melodies.ends_s[notes[-1]]),
        len(matched),
        right,
        float(places.scale[at]),
        float(places.transpose[at]),
    )


def _match(found: _Found, n_notes: int) -> HumMatch:
    per_note = found.score / n_notes
    score = float(1.0 / (1.0 + np.exp(-3.0 * (per_note + 0.1))))
    semitones = round(-found.transpose)
    key = (
        "in the same key"
        if semitones % 12 == 0
        else f"{abs(semitones)} semitone{'' if abs(semitones) == 1 else 's'} {'up' if semitones > 0 else 'down'}"
    )
    reasons = (
        f"{found.n_right} of {n_notes} notes fit",
        f"hummed at {found.scale:.2f} of its tempo",
        f"hummed {key}",
    )
    return HumMatch(found.key, found.start_s, found.end_s, score, reasons)
