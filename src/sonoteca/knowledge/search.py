"""Searching the knowledge base: a question in words, and the entries that have them, with what speaks for each.

A score is the part of the question that an entry answers, 0 to 1: every word counts as much as it is rare in the base
(inverse document frequency), a word in the title more than one in the description, a second time a little
(BM25 without a norm of length, because entries are of one length). So a question of which an entry has one common word scores
low, whatever else the base holds, and what is below ``SHOWN_FROM`` is no answer.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import Field

from sonoteca.catalogue.made.knowledge import StoredAdvice, count_advice, find_advice
from sonoteca.catalogue.made.knowledge_text import (
    KnowledgeField,
    asked_stems,
    is_compound,
    stem_counts,
    stored_stems,
    texts_of,
)
from sonoteca.catalogue.made.knowledge_vectors import stored_vectors
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.knowledge.base import KnowledgeEntry
from sonoteca.knowledge.embed import find_model
from sonoteca.knowledge.starter_base import advice_by_stems

SHOWN_FROM: Final = 0.25
# A cosine below this is of a question about something else (bench/knowledge, the half for tuning).
NEAR_FROM: Final = 0.28
# How deep each order is fused, and the constant of reciprocal ranks.
_DEPTH: Final = 400
_RANKS: Final = 60
Mode: TypeAlias = Literal["full_text", "fused"]
_FIELD_WEIGHTS: Final[Mapping[KnowledgeField, float]] = {
    "title": 3.0, "category": 2.0, "topic": 2.0, "description": 1.0, "parameters": 1.0, "source": 0.5,
}  # fmt: skip
_FIELD_NAMES: Final[Mapping[KnowledgeField, str]] = {
    "title": "title", "category": "category", "topic": "topic", "description": "description",
    "parameters": "numbers", "source": "source",
}  # fmt: skip
# How soon more of the same word counts no more: at this weight a word counts half.
_HALF: Final = 0.6
# A question that more entries have words of is one of common words; whoever came first is looked at.
_MOST_CANDIDATES: Final = 5_000
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


class SearchKnowledgeRequest(Request):
    """What is wanted to be known.

    Attributes
    ----------
    question : str
        In words.
    topic, category : str or None
        Only entries of it; None: all.
    k : int in 1..100
        How many answers.
    """

    question: str = Field(max_length=2_000)
    topic: str | None = None
    category: str | None = None
    k: int = Field(default=5, ge=1, le=100)

    def model_post_init(self, context: Any) -> None:
        if not asked_stems(self.question):
            raise RequestError("The question holds no word.", "Ask in words.", field="question")


@dataclass(frozen=True, slots=True)
class Highlight:
    """A text of an entry that holds words of the question, of a description its sentence; ``marks`` are where, half-open."""

    field: KnowledgeField
    text: str
    marks: tuple[tuple[int, int], ...]

    @property
    def words(self) -> list[str]:
        """The words that are marked, each once."""
        return list(dict.fromkeys(self.text[start:end] for start, end in self.marks))

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "text": self.text, "marks": [list(each) for each in self.marks]}


@dataclass(frozen=True, slots=True)
class KnowledgeRow:
    """An entry that answers: ``score`` 0..1, ``highlights`` where its words stand, ``nearness`` the cosine of its meaning."""

    entry: KnowledgeEntry
    score: float
    highlights: tuple[Highlight, ...]
    nearness: float | None = None

    @property
    def reasons(self) -> list[str]:
        """
        >>> hit = Highlight("title", "Clear a muddy vocal", ((8, 13), (14, 19)))
        >>> KnowledgeRow(None, 1.0, (hit,)).reasons
        ["title: 'muddy', 'vocal'"]
        """
        words = [f"{_FIELD_NAMES[each.field]}: {', '.join(map(repr, each.words))}" for each in self.highlights]
        return words if self.nearness is None else [*words, f"meaning: {self.nearness:.2f}"]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.entry.as_json(),
            "title": self.entry.stored.title,
            "score": self.score,
            "nearness": self.nearness,
            "reasons": self.reasons,
            "highlights": [each.as_json() for each in self.highlights],
        }


@dataclass(frozen=True, slots=True, repr=False)
class KnowledgeAnswer(Rows):
    """Entries, best first; ``mode`` says by what they were found; ``total`` how many are good enough to be shown."""

    request: SearchKnowledgeRequest
    rows: tuple[KnowledgeRow, ...]
    total: int
    mode: Mode = "full_text"
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        query = {"mode": self.mode, **self.request.as_json(), "total": self.total, "notes": list(self.notes)}
        return {"query": query, "results": self.as_rows()}


def search_knowledge(
    library: Library, request: SearchKnowledgeRequest, *, models: Path | None = None
) -> KnowledgeAnswer:
    """Find the entries that answer a question; the starter base is put in when it is first asked for.

    Entries are found by their words and, where the sentence model is on this machine and entries have vectors, by what they mean; both
    orders are fused by reciprocal rank. What has too little of the question is left out, so that a question about something else gets no answer.

    Parameters
    ----------
    models : Path, optional
        Folder of models; None: by words alone.
    """
    stems = asked_stems(request.question)
    found, n_entries = advice_by_stems(library, stems, limit=_MOST_CANDIDATES)
    by_words = {
        advice.public_id: (score, advice) for score, advice in scores(stems, found, n_entries) if score >= SHOWN_FROM
    }
    by_meaning, note = _near(library, request.question, models)
    entries = {each: advice for each, (_, advice) in by_words.items()}
    if missing := [each for each in by_meaning or () if each not in entries]:
        with library.read() as connection:
            entries |= find_advice(connection, missing)
    entries = {
        each: advice
        for each, advice in entries.items()
        if request.topic in (None, advice.topic) and request.category in (None, advice.category)
    }
    worth = {each: score for each, (score, _) in by_words.items() if each in entries}
    if by_meaning is not None:
        near = {each: score for each, score in by_meaning.items() if each in entries}
        worth = fused([ranked(worth), ranked(near)])
    rows = tuple(
        KnowledgeRow(
            KnowledgeEntry(entries[each]),
            round(worth[each], 4),
            highlights(stems, entries[each]),
            None if by_meaning is None or each not in by_meaning else round(by_meaning[each], 3),
        )
        for each in ranked(worth)[: request.k]
    )
    notes = [*([note] if note else []), *([] if rows else ["No entry has enough of the question."])]
    mode: Mode = "full_text" if by_meaning is None else "fused"
    return KnowledgeAnswer(request, rows, len(worth), mode, tuple(notes))


def _near(library: Library, question: str, models: Path | None) -> tuple[dict[str, float] | None, str | None]:
    """Entries near a question in meaning, with their cosine; None where nothing can be compared, and what is to be said."""
    model, note = find_model(library, models)
    if model is None:
        return None, note
    with library.read() as connection:
        ids, vectors = stored_vectors(connection, model.name, model.version, model.n_dimensions)
        n_without = count_advice(connection) - len(ids)
    if not ids:
        return None, "No entry has a vector yet, so only words were compared."
    cosines = vectors @ model.encode([question])[0]
    near = {each: float(cosine) for each, cosine in zip(ids, cosines, strict=True) if cosine >= NEAR_FROM}
    note = f"{n_without} entries have no vector yet and were found by their words only." if n_without else None
    return dict(sorted(near.items(), key=lambda each: (-each[1], each[0]))[:_DEPTH]), note


def ranked(worth: Mapping[str, float]) -> list[str]:
    """Ids, best first; of a tie the lowest, so that every database and every run answers alike."""
    return sorted(worth, key=lambda each: (-worth[each], each))


def fused(orders: Sequence[Sequence[str]]) -> dict[str, float]:
    """Reciprocal rank fusion: what stands high in several orders stands highest; 1 is the first place of all.

    Cormack, Clarke and Buettcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods".

    >>> {each: round(score, 3) for each, score in fused([["a", "b"], ["b"]]).items()}
    {'a': 0.5, 'b': 0.992}
    """
    summed: defaultdict[str, float] = defaultdict(float)
    for order in orders:
        for rank, each in enumerate(order, start=1):
            summed[each] += 1.0 / (_RANKS + rank)
    return {each: total * (_RANKS + 1) / len(orders) for each, total in summed.items()}


def scores(stems: Sequence[str], found: Sequence[StoredAdvice], n_entries: int) -> list[tuple[float, StoredAdvice]]:
    """What part of a question each entry has that has any of it.

    Parameters
    ----------
    stems : sequence of str
        Of the question, each once.
    found : sequence of StoredAdvice
        All entries of the base that have any of them, and possibly others.
    n_entries : int
        Of the whole base.
    """
    counted = [(advice, _weights(stems, stem_counts(texts_of(advice.said)))) for advice in found]
    holding = Counter(stem for _, held in counted for stem in held)
    # That a compound stands nowhere says nothing against those that have its words apart.
    known = [stem for stem in stems if holding[stem] or not is_compound(stem)]
    rarity = {stem: math.log1p((n_entries - holding[stem] + 0.5) / (holding[stem] + 0.5)) for stem in known}
    whole = sum(rarity.values())
    return [
        (sum(rarity[stem] * weight / (weight + _HALF) for stem, weight in held.items()) / whole, advice)
        for advice, held in counted
        if held
    ]


def _weights(stems: Sequence[str], counts: Mapping[KnowledgeField, Counter[str]]) -> dict[str, float]:
    """How much of each stem an entry has, over all its texts."""
    summed = {
        stem: sum(_FIELD_WEIGHTS[field] * counted[stem] for field, counted in counts.items() if stem in counted)
        for stem in stems
    }
    return {stem: weight for stem, weight in summed.items() if weight}


def highlights(stems: Sequence[str], advice: StoredAdvice) -> tuple[Highlight, ...]:
    """The texts of an entry that hold words of the question; of its description the sentence that holds most of them."""
    wanted = frozenset(stems)
    told: list[Highlight] = []
    for field, text in texts_of(advice.said).items():
        pieces = (
            _SENTENCE.split(text) if field == "description" else text.split("; ") if field == "parameters" else [text]
        )
        marked = [Highlight(field, piece, _marks(wanted, piece)) for piece in pieces]
        best = max(marked, key=lambda each: len(each.words))
        if best.marks:
            told.append(best)
    return tuple(told)


def _marks(wanted: frozenset[str], text: str) -> tuple[tuple[int, int], ...]:
    return tuple(match.span() for match in _WORD.finditer(text) if not wanted.isdisjoint(stored_stems(match[0])))
