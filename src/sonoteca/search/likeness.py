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

from sonoteca.catalogue.heard.embeddings import Span, StoredSpace, spans, vectors_of_ids
from sonoteca.catalogue.heard.same_recording import MOST_COMPARED, Recordings, recordings_of_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.embedding import Space
from sonoteca.domain.music import stretch_percent
from sonoteca.domain.page import page_of
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.index.filter import Filter
from sonoteca.index.vector_index import Neighbours, VectorIndex
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
    library: Library,
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
        library,
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
    chosen, known, neighbours, is_all = search.nearest(target, offset + k + 1, diversity or Diversity())
    page = page_of(chosen, k, offset, is_all=is_all)
    with library.read() as connection:
        copies = copies_by_region(connection, known, [each.facts.region_id for each in page.rows])
    rows = [
        _row(each, search.weights, examples[0].facts).standing_for(copies[each.facts.region_id]) for each in page.rows
    ]
    ids = tuple(each.facts.region_id for each in page.rows)
    return Likeness(tuple(rows), ids, neighbours.exact, neighbours.notes, page.total, page.next_offset)


def _target(examples: Sequence[Example], minus: Sequence[Example]) -> NDArray[np.float32]:
    total = np.stack([example.vector for example in examples]).mean(axis=0)
    if minus:
        total = total - np.float32(_MINUS_WEIGHT) * np.stack([example.vector for example in minus]).mean(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A region that may answer, by the one of its vectors that is nearest."""

    facts: RegionFacts
    span: Span
    vector: NDArray[np.float32]
    score: float
    parts: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """What stays the same however often the index is asked for one answer."""

    library: Library
    space: StoredSpace
    index: VectorIndex
    weights: Mapping[str, float]
    where: Filter | None
    own_sounds: frozenset[int]

    def nearest(
        self, target: NDArray[np.float32], k: int, diversity: Diversity
    ) -> tuple[list[Candidate], Recordings, Neighbours, bool]:
        """The ``k`` best within the limits, and what is known of them.

        That is: which of those looked at are one recording, the last answer of the index, and whether the index had no
        more to propose.
        """
        scaled = target.copy()
        for part in self.space.space.aspects:
            scaled[part.start : part.stop] *= np.float32(self.weights[part.name])
        asked = min(_MAX_PROPOSED, _OVERSAMPLE * (k + len(self.own_sounds)) + 20)
        while True:
            neighbours = self.index.nearest(scaled[None], asked, where=self.where)
            proposed = neighbours.ids[0][neighbours.ids[0] >= 0]
            candidates = self._scored(proposed, target)
            known = self._recordings(candidates) if not diversity.with_copies else Recordings({}, {})
            distinct = [each for each in candidates if not known.is_copy(each.facts.region_id)]
            chosen = _diverse(distinct, k, diversity)
            is_all = neighbours.exact and len(proposed) < asked and len(candidates) <= MOST_COMPARED
            # Asked for more only when windows of few regions, or the limits, used up the proposals.
            if len(chosen) >= k or len(proposed) < asked or asked >= _MAX_PROPOSED:
                return chosen, known, neighbours, is_all
            asked = min(_MAX_PROPOSED, asked * 4)

    def _recordings(self, candidates: Sequence[Candidate]) -> Recordings:
        """Which of these, best first, are one recording, or one with an example."""
        with self.library.read() as connection:
            region_ids = [each.facts.region_id for each in candidates]
            return recordings_of_regions(connection, region_ids, before=sorted(self.own_sounds))

    def _scored(self, proposed: NDArray[np.int64], target: NDArray[np.float32]) -> list[Candidate]:
        """The best vector of each proposed region, best first."""
        with self.library.read() as connection:
            where = spans(connection, self.space, proposed.tolist())
            vectors = vectors_of_ids(connection, self.space, list(where))
            facts = region_facts(connection, sorted({span.region_id for span in where.values()}))
        best: dict[int, Candidate] = {}
        for embedding_id, span in where.items():
            fact = facts.get(span.region_id)
            if fact is None or fact.sound_id in self.own_sounds:
                continue
            score, parts = compare(target, vectors[embedding_id], self.weights, self.space.space)
            held = best.get(span.region_id)
            # At equal scores the whole region speaks for itself.
            if held is None or (score, not span.is_window) > (held.score, not held.span.is_window):
                best[span.region_id] = Candidate(fact, span, vectors[embedding_id], score, parts)
        return sorted(best.values(), key=lambda each: (-each.score, each.facts.id, each.facts.region_id))


def _diverse(candidates: Sequence[Candidate], k: int, diversity: Diversity) -> list[Candidate]:
    """The first ``k`` that the limits let through."""
    chosen: list[Candidate] = []
    per_file: Counter[int] = Counter()
    per_artist: Counter[str] = Counter()
    for each in candidates:
        if len(chosen) == k:
            break
        artist = each.facts.artist
        if diversity.max_per_file is not None and per_file[each.facts.sound_id] >= diversity.max_per_file:
            continue
        if (
            diversity.max_per_artist is not None
            and artist is not None
            and per_artist[artist] >= diversity.max_per_artist
        ):
            continue
        if diversity.collapse_duplicates and any(
            float(each.vector @ other.vector) > DUPLICATE_COSINE for other in chosen
        ):
            continue
        chosen.append(each)
        per_file[each.facts.sound_id] += 1
        if artist is not None:
            per_artist[artist] += 1
    return chosen


def _row(each: Candidate, weights: Mapping[str, float], first: RegionFacts | None) -> ResultRow:
    return ResultRow.of(
        each.facts,
        start_s=each.span.start_s,
        end_s=each.span.end_s,
        score=each.score,
        mode=MODE,
        parts=each.parts,
        reasons=_reasons(each.parts, weights, first, each.facts),
    )


def compare(
    one: NDArray[np.float32], other: NDArray[np.float32], weights: Mapping[str, float], space: Space
) -> tuple[float, dict[str, float | None]]:
    """Weighted cosine 0..1 of two vectors, and per aspect; an aspect that one of them lacks is None.

    The cosine is that of the vectors scaled per part by the root of its weight; negative is 0.
    """
    parts: dict[str, float | None] = {}
    product = norm_one = norm_other = 0.0
    for part in space.aspects:
        a, b = one[part.start : part.stop], other[part.start : part.stop]
        lengths = float(a @ a), float(b @ b)
        weight = weights[part.name]
        inner = float(a @ b)
        product += weight * inner
        norm_one += weight * lengths[0]
        norm_other += weight * lengths[1]
        has_both = min(lengths) > 1e-6
        parts[part.name] = min(1.0, max(0.0, inner / (lengths[0] * lengths[1]) ** 0.5)) if has_both else None
    if norm_one <= 0.0 or norm_other <= 0.0:
        return 0.0, parts
    return min(1.0, max(0.0, product / (norm_one * norm_other) ** 0.5)), parts


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
        tempo = f"{fact.tempo_bpm:.0f} bpm"
        reasons.append(f"same tempo ({tempo})" if abs(pct) < _SAME_PCT else f"tempo near ({tempo}, {pct:+.1f} %)")
    if first.key is not None and fact.key is not None and fact.key in first.key.compatible():
        relation = "same key" if fact.key == first.key else "compatible key"
        reasons.append(f"{relation} ({fact.key.name})")
    return reasons
