"""What sounds like this: neighbours of examples, aspect by aspect, with the moment that matched.

The index proposes embeddings by the weighted inner product; those proposed are scored
again, aspect by aspect, from their stored vectors, collapsed to one answer per region, and
explained. A filter is handed to the index as ids, so that it narrows before ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.embeddings import Span, StoredSpace, spans, vectors_of_ids
from sonoteca.catalogue.library import Library
from sonoteca.domain.embedding import Space
from sonoteca.errors import RequestError
from sonoteca.index.vector_index import VectorIndex
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts

MODE = "similar"
# Windows of one region crowd the first places: so many embeddings are asked for per answer.
_OVERSAMPLE = 12
_MAX_PROPOSED = 20_000
# Vectors are whitened, so unrelated sounds have cosines around 0; a rejected example pushes half as hard.
_MINUS_WEIGHT = 0.5
# Two regions this alike in every aspect are one sound twice.
DUPLICATE_COSINE = 0.999
_CLOSENESS = ((0.9, "almost the same"), (0.75, "very close"), (0.5, "close"), (0.25, "related"))
_ASPECT_WORDS = {"timbre": "timbre", "rhythm": "rhythm", "harmony": "harmony", "dynamics": "loudness shape"}


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A vector to be near to, or away from; ``region_id`` is None for a file that is not in the library."""

    vector: NDArray[np.float32]
    facts: RegionFacts | None = None


@dataclass(frozen=True, slots=True)
class Diversity:
    """Limits on how many answers may share something; None is no limit."""

    max_per_file: int | None = None
    max_per_artist: int | None = None
    collapse_duplicates: bool = False


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """Result rows, best first; ``exact`` and ``notes`` are those of the index."""

    rows: tuple[ResultRow, ...]
    exact: bool
    notes: tuple[str, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        query = {**self.query, "exact": self.exact, "notes": list(self.notes)}
        return {"query": query, "results": [row.as_json() for row in self.rows]}


def parse_aspects(text: str, space: Space) -> dict[str, float]:
    """``"timbre=1,rhythm=0.5,harmony=0"`` as weights per part; RequestError for a name or number that is none.

    Aspects not named keep weight 1.
    """
    names = [part.name for part in space.parts]
    weights = dict.fromkeys(names, 1.0)
    for item in text.split(","):
        name, _, number = item.strip().partition("=")
        if name not in weights:
            raise RequestError(f"{name!r} is not an aspect.", f"Aspects are {', '.join(names)}.")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = -1.0
        if not 0.0 <= weights[name] < float("inf"):
            raise RequestError(f"{item.strip()!r}: a weight is a number from 0 up.", "Write timbre=1,rhythm=0.5.")
    if not any(weights.values()):
        raise RequestError("All aspects have weight 0.", "Give one of them a weight above 0.")
    return weights


def find_similar(
    library: Library,
    space: StoredSpace,
    index: VectorIndex,
    examples: Sequence[Example],
    *,
    minus: Sequence[Example] = (),
    k: int = 10,
    aspects: Mapping[str, float] | None = None,
    where: NDArray[np.int64] | None = None,
    diversity: Diversity | None = None,
    query: Mapping[str, Any] | None = None,
) -> SimilarAnswer:
    """The ``k`` regions that sound most like the examples.

    Parameters
    ----------
    examples, minus : sequence of Example
        Vectors to be near to (at least one) and to be away from. Their own sounds are not
        among the answers.
    k : int >= 1
    aspects : mapping of str to float >= 0, optional
        Weight per part of the space; 1 where absent.
    where : int64 (n,), optional
        Embedding ids that may answer.
    diversity : Diversity, optional
        Limits per file and artist, near-duplicates collapsed.
    query : mapping, optional
        What to print as the question.

    Returns
    -------
    SimilarAnswer
        Fewer than ``k`` rows only where fewer regions exist.
    """
    if not examples:
        raise RequestError("There is no example to compare with.", "Name at least one sound that could be embedded.")
    diversity = diversity or Diversity()
    weights = {part.name: 1.0 for part in space.space.parts} | dict(aspects or {})
    target = _target(examples, minus)
    scaled = _scaled(target, weights, space.space)
    own_sounds = {example.facts.sound_id for example in (*examples, *minus) if example.facts is not None}
    asked = min(_MAX_PROPOSED, _OVERSAMPLE * (k + len(own_sounds)) + 20)
    while True:
        neighbours = index.nearest(scaled[None], asked, where=where)
        proposed = neighbours.ids[0][neighbours.ids[0] >= 0]
        rows = _ranked(library, space, proposed, target, weights, own_sounds, examples[0].facts, k, diversity)
        # Asked for more only when windows of few regions, or the limits, used up the proposals.
        if len(rows) >= k or len(proposed) < asked or asked >= _MAX_PROPOSED:
            return SimilarAnswer(tuple(rows), neighbours.exact, neighbours.notes, dict(query or {}))
        asked = min(_MAX_PROPOSED, asked * 4)


def _target(examples: Sequence[Example], minus: Sequence[Example]) -> NDArray[np.float32]:
    total = np.mean([example.vector for example in examples], axis=0, dtype=np.float32)
    if minus:
        total = total - np.float32(_MINUS_WEIGHT) * np.mean([example.vector for example in minus], axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


def _scaled(target: NDArray[np.float32], weights: Mapping[str, float], space: Space) -> NDArray[np.float32]:
    scaled = target.copy()
    for part in space.parts:
        scaled[part.start : part.stop] *= np.float32(weights[part.name])
    return scaled


def _ranked(
    library: Library,
    space: StoredSpace,
    proposed: NDArray[np.int64],
    target: NDArray[np.float32],
    weights: Mapping[str, float],
    own_sounds: set[int],
    first: RegionFacts | None,
    k: int,
    diversity: Diversity,
) -> list[ResultRow]:
    with library.read() as connection:
        where = spans(connection, space, proposed.tolist())
        vectors = vectors_of_ids(connection, space, list(where))
        facts = region_facts(connection, sorted({span.region_id for span in where.values()}))
    best: dict[int, tuple[float, Span, dict[str, float | None]]] = {}
    for embedding_id, span in where.items():
        if span.region_id not in facts or facts[span.region_id].sound_id in own_sounds:
            continue
        score, parts = compare(target, vectors[embedding_id], weights, space.space)
        held = best.get(span.region_id)
        # At equal scores the whole region speaks for itself.
        if held is None or (score, not span.is_window) > (held[0], not held[1].is_window):
            best[span.region_id] = (score, span, parts)
    ordered = sorted(best.items(), key=lambda item: (-item[1][0], facts[item[0]].id, item[0]))
    rows: list[ResultRow] = []
    per_file: dict[int, int] = {}
    per_artist: dict[str, int] = {}
    taken: list[NDArray[np.float32]] = []
    for region_id, (score, span, parts) in ordered:
        if len(rows) == k:
            break
        fact = facts[region_id]
        if _is_over(per_file, fact.sound_id, diversity.max_per_file):
            continue
        if fact.artist is not None and _is_over(per_artist, fact.artist, diversity.max_per_artist):
            continue
        vector = vectors[span.embedding_id]
        if diversity.collapse_duplicates and any(float(vector @ other) > DUPLICATE_COSINE for other in taken):
            continue
        taken.append(vector)
        per_file[fact.sound_id] = per_file.get(fact.sound_id, 0) + 1
        if fact.artist is not None:
            per_artist[fact.artist] = per_artist.get(fact.artist, 0) + 1
        rows.append(
            ResultRow.of(
                fact,
                start_s=span.start_s,
                end_s=span.end_s,
                score=score,
                mode=MODE,
                parts=parts,
                reasons=_reasons(parts, weights, first, fact),
            )
        )
    return rows


def _is_over(counts: Mapping[Any, int], key: object, limit: int | None) -> bool:
    return limit is not None and counts.get(key, 0) >= limit


def compare(
    one: NDArray[np.float32], other: NDArray[np.float32], weights: Mapping[str, float], space: Space
) -> tuple[float, dict[str, float | None]]:
    """Weighted cosine 0..1 of two vectors, and per aspect; an aspect that one of them lacks is None.

    The cosine is that of the vectors scaled per part by the root of its weight; negative is 0.
    """
    parts: dict[str, float | None] = {}
    product = norm_one = norm_other = 0.0
    for part in space.parts:
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
    if fact.sound_class is not None and fact.sound_class == first.sound_class:
        reasons.append(f"both {fact.sound_class}")
    elif fact.role is not None and fact.role == first.role:
        reasons.append(f"both {fact.role}")
    if first.tempo_bpm and fact.tempo_bpm and abs(fact.tempo_bpm / first.tempo_bpm - 1.0) < 0.03:
        reasons.append(f"same tempo ({fact.tempo_bpm:.0f} bpm)")
    if first.key is not None and fact.key is not None and fact.key in first.key.compatible():
        relation = "same key" if fact.key == first.key else "compatible key"
        reasons.append(f"{relation} ({fact.key.name})")
    return reasons
