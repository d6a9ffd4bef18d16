"""Which regions of a library are most like given vectors, aspect by aspect, with the moment that matched.

The index proposes embeddings by the weighted inner product; those proposed are scored
again, aspect by aspect, from their stored vectors, collapsed to one answer per region, and
explained. A filter is handed to the index as ids, so that it narrows before ranking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace
from sonoteca.catalogue.heard.same_recording import MOST_COMPARED, HeardSounds, Recordings, recordings_of
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.music import stretch_percent
from sonoteca.domain.page import page_of
from sonoteca.domain.tempo_words import tempo_number
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.index.filter import Filter
from sonoteca.index.vector_index import Neighbours, VectorIndex
from sonoteca.search.candidates import Candidates, Compared, candidates_of, compare
from sonoteca.search.distinct import copies_by_region
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts

MODE = "similar"
# Windows of one region crowd the first places: so many embeddings are asked for per answer.
_OVERSAMPLE = 12
_MAX_PROPOSED = 20_000
# Vectors are whitened, so unrelated sounds have cosines around 0; a rejected example pushes half as hard.
_MINUS_WEIGHT = 0.5
# Two regions this alike in every aspect are one sound twice.
DUPLICATE_COSINE = 0.999
# Tempi that far apart are named as one, and beside each other.
_SAME_PCT, _NEAR_PCT = 0.5, 3.0
_CLOSENESS = ((0.9, "almost the same"), (0.75, "very close"), (0.5, "close"), (0.25, "related"))
_ASPECT_WORDS = {"timbre": "timbre", "rhythm": "rhythm", "harmony": "harmony", "dynamics": "loudness shape"}


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A vector to be near to, or away from; ``region_id`` is None for a file that is not in the library."""

    vector: NDArray[np.float32]
    facts: RegionFacts | None = None


@dataclass(frozen=True, slots=True)
class Diversity:
    """Limits on how many answers may share something; None is no limit.

    ``collapse_duplicates``: vectors that are almost one answer once. ``with_copies``: other encodings of one
    recording answer each, those of the examples too; without it one of them stands for all.
    """

    max_per_file: int | None = None
    max_per_artist: int | None = None
    collapse_duplicates: bool = False
    with_copies: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """Result rows, best first, and the region of each; ``exact`` and ``notes`` are those of the index.

    The rest is told by ``domain.page``.
    """

    rows: tuple[ResultRow, ...]
    region_ids: tuple[int, ...]
    exact: bool
    notes: tuple[str, ...] = ()
    total: int | None = None
    next_offset: int | None = None


def rank_by_likeness(
    connection: Connection,
    space: StoredSpace,
    index: VectorIndex,
    examples: Sequence[Example],
    *,
    minus: Sequence[Example] = (),
    k: int = 10,
    offset: int = 0,
    aspects: Mapping[str, float] | None = None,
    where: Filter | None = None,
    diversity: Diversity | None = None,
) -> Likeness:
    """The ``k`` regions that sound most like the examples.

    Parameters
    ----------
    examples, minus : sequence of Example
        Vectors to be near to (at least one) and to be away from. Their own sounds are not
        among the answers.
    k : int >= 1
    offset : int >= 0
        So many of the best are left out first.
    aspects : mapping of str to float >= 0, optional
        Weight per part of the space; 1 where absent.
    where : Filter, optional
        What may answer.
    diversity : Diversity, optional
        Limits per file and artist, what sounds almost alike collapsed; copies of one recording answer once.

    Returns
    -------
    Likeness
        Fewer than ``k`` rows only where fewer regions exist.
    """
    if not examples:
        raise RequestError("There is no example to compare with.", "Name at least one sound that could be embedded.")
    given = (*examples, *minus)
    search = _Search(
        connection,
        space,
        index,
        weights={part.name: 1.0 for part in space.space.aspects} | dict(aspects or {}),
        where=where,
        own_sounds=frozenset(example.facts.sound_id for example in given if example.facts is not None),
    )
    target = _target(examples, minus)
    if not any(search.weights[part.name] and target[part.start : part.stop].any() for part in space.space.aspects):
        lacking = ", ".join(name for name, weight in search.weights.items() if weight)
        raise RequestError(f"The example has none of the aspects asked for ({lacking}).", "Give another one a weight.")
    ranking = search.nearest(target, offset + k + 1, diversity or Diversity())
    page = page_of(ranking.chosen, k, offset, is_all=ranking.is_all)
    shown = ranking.candidates.take(page.rows)
    compared = ranking.compared.take(page.rows)
    # Only of what is shown more is read than what it is chosen by.
    ids = shown.region_ids.tolist()
    facts = region_facts(connection, ids)
    copies = copies_by_region(connection, ranking.known, ids)
    rows = {
        region_id: _row(
            facts[region_id],
            (float(shown.start_s[place]), float(shown.end_s[place])),
            float(compared.score[place]),
            compared.parts_of(place, space.space),
            search.weights,
            examples[0].facts,
        ).standing_for(copies[region_id])
        for place, region_id in enumerate(ids)
        if region_id in facts
    }
    neighbours = ranking.neighbours
    return Likeness(tuple(rows.values()), tuple(rows), neighbours.exact, neighbours.notes, page.total, page.next_offset)


def _target(examples: Sequence[Example], minus: Sequence[Example]) -> NDArray[np.float32]:
    total = np.stack([example.vector for example in examples]).mean(axis=0)
    if minus:
        total = total - np.float32(_MINUS_WEIGHT) * np.stack([example.vector for example in minus]).mean(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """The best vector of each region that was looked at, best first, and which of them answer.

    Attributes
    ----------
    chosen : list of int
        Places in ``candidates`` that the limits let through, best first.
    known : Recordings
        Which of the regions looked at are one recording.
    neighbours : Neighbours
        The last answer of the index.
    is_all : bool
        Whether the index had no more to propose.
    """

    candidates: Candidates
    compared: Compared
    chosen: list[int]
    known: Recordings
    neighbours: Neighbours
    is_all: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """What stays the same however often the index is asked for one answer."""

    connection: Connection
    space: StoredSpace
    index: VectorIndex
    weights: Mapping[str, float]
    where: Filter | None
    own_sounds: frozenset[int]

    def nearest(self, target: NDArray[np.float32], k: int, diversity: Diversity) -> _Ranking:
        """The ``k`` best within the limits."""
        scaled = target.copy()
        for part in self.space.space.aspects:
            scaled[part.start : part.stop] *= np.float32(self.weights[part.name])
        asked = min(_MAX_PROPOSED, _OVERSAMPLE * (k + len(self.own_sounds)) + 20)
        while True:
            neighbours = self.index.nearest(scaled[None], asked, where=self.where)
            proposed = neighbours.ids[0][neighbours.ids[0] >= 0]
            candidates, compared = self._scored(proposed, target)
            known = self._recordings(candidates) if not diversity.with_copies else Recordings({}, {})
            chosen = _diverse(candidates, known, k, diversity)
            is_all = neighbours.exact and len(proposed) < asked and len(candidates) <= MOST_COMPARED
            # Asked for more only when windows of few regions, or the limits, used up the proposals.
            if len(chosen) >= k or len(proposed) < asked or asked >= _MAX_PROPOSED:
                return _Ranking(candidates, compared, chosen, known, neighbours, is_all)
            asked = min(_MAX_PROPOSED, asked * 4)

    def _recordings(self, candidates: Candidates) -> Recordings:
        """Which of these, best first, are one recording, or one with an example."""
        sound_of = dict(zip(candidates.region_ids.tolist(), candidates.sound_ids.tolist(), strict=True))
        sounds = candidates.take(candidates.is_sound)
        known = HeardSounds.of(
            self.space, sounds.sound_ids.tolist(), sounds.duration_s, sounds.tempo_bpm, sounds.vectors
        )
        return recordings_of(self.connection, sound_of, before=sorted(self.own_sounds), known=known)

    def _scored(self, proposed: NDArray[np.int64], target: NDArray[np.float32]) -> tuple[Candidates, Compared]:
        """The best vector of each proposed region, best first."""
        found = candidates_of(self.connection, self.space, proposed.tolist())
        found = found.take(~np.isin(found.sound_ids, list(self.own_sounds)))
        compared = compare(target, found.vectors, self.weights, self.space.space)
        # At equal scores the whole region speaks for itself.
        best_first = np.lexsort((found.embedding_ids, found.is_window, -compared.score))
        best = best_first[np.unique(found.region_ids[best_first], return_index=True)[1]]
        ranked = best[np.lexsort((found.region_ids[best], found.public_ids[best], -compared.score[best]))]
        return found.take(ranked), compared.take(ranked)


def _diverse(candidates: Candidates, known: Recordings, k: int, diversity: Diversity) -> list[int]:
    """The places of the first ``k`` that are no copies and that the limits let through."""
    chosen: list[int] = []
    per_file: Counter[int] = Counter()
    per_artist: Counter[str] = Counter()
    regions, sounds = candidates.region_ids.tolist(), candidates.sound_ids.tolist()
    for place, (region_id, sound_id, artist) in enumerate(zip(regions, sounds, candidates.artists, strict=True)):
        if len(chosen) == k:
            break
        if known.is_copy(region_id):
            continue
        if diversity.max_per_file is not None and per_file[sound_id] >= diversity.max_per_file:
            continue
        if (
            diversity.max_per_artist is not None
            and artist is not None
            and per_artist[artist] >= diversity.max_per_artist
        ):
            continue
        if diversity.collapse_duplicates and any(
            float(candidates.vectors[place] @ candidates.vectors[other]) > DUPLICATE_COSINE for other in chosen
        ):
            continue
        chosen.append(place)
        per_file[sound_id] += 1
        if artist is not None:
            per_artist[artist] += 1
    return chosen


def _row(
    facts: RegionFacts,
    span_s: tuple[float, float],
    score: float,
    parts: Mapping[str, float | None],
    weights: Mapping[str, float],
    first: RegionFacts | None,
) -> ResultRow:
    return ResultRow.of(
        facts,
        start_s=span_s[0],
        end_s=span_s[1],
        score=score,
        mode=MODE,
        parts=parts,
        reasons=_reasons(parts, weights, first, facts),
    )


def _are_stated(name: str, *facts: RegionFacts) -> bool:
    return all(each.certainty.get(name) is Certainty.STATED for each in facts)


def _reasons(
    parts: Mapping[str, float | None],
    weights: Mapping[str, float],
    first: RegionFacts | None,
    fact: RegionFacts,
) -> list[str]:
    ranked = sorted(
        ((value, name) for name, value in parts.items() if value is not None and weights[name] > 0), reverse=True
    )
    reasons = []
    for value, name in ranked[:2]:
        word = next((word for least, word in _CLOSENESS if value >= least), None)
        if word is not None:
            reasons.append(f"{_ASPECT_WORDS.get(name, name)} {word}")
    if first is None:
        return reasons
    # Only what is stated of both is a reason; that two tracks are mixes is none.
    if fact.sound_class == first.sound_class and _are_stated("sound_class", first, fact):
        reasons.append(f"both {fact.sound_class}")
    elif fact.role == first.role and fact.role != Role.MIX and _are_stated("role", first, fact):
        reasons.append(f"both {fact.role}")
    if first.tempo_bpm and fact.tempo_bpm and abs(pct := stretch_percent(fact.tempo_bpm / first.tempo_bpm)) < _NEAR_PCT:
        tempo = f"{tempo_number(fact.tempo_bpm)} bpm"
        reasons.append(f"same tempo, {tempo}" if abs(pct) < _SAME_PCT else f"tempo near ({tempo}, {pct:+.1f} %)")
    if first.key is not None and fact.key is not None and fact.key in first.key.compatible():
        relation = "same key" if fact.key == first.key else "compatible key"
        reasons.append(f"{relation} ({fact.key.name})")
    return reasons
