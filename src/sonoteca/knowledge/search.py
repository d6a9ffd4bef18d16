"""Searching the knowledge base: a question in words, and the entries that have them, with what speaks for each.

A score is the part of the question that an entry answers, 0 to 1: every word counts as much as it is rare in the base
(inverse document frequency), a word in the title more than one in the description, a second time a little
(BM25 without a norm of length, because entries are of one length). So a question of which an entry has one common word scores
low, whatever else the base holds, and what is below ``SHOWN_FROM`` is no answer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field

from sonoteca.catalogue.made.knowledge import StoredAdvice
from sonoteca.catalogue.made.knowledge_text import (
    KnowledgeField,
    asked_stems,
    is_compound,
    stem_counts,
    stored_stems,
    texts_of,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.knowledge.base import KnowledgeEntry
from sonoteca.knowledge.starter_base import advice_by_stems

SHOWN_FROM: Final = 0.25
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
    """An entry that answers: ``score`` 0..1, ``highlights`` where its words stand."""

    entry: KnowledgeEntry
    score: float
    highlights: tuple[Highlight, ...]

    @property
    def reasons(self) -> list[str]:
        """
        >>> hit = Highlight("title", "Clear a muddy vocal", ((8, 13), (14, 19)))
        >>> KnowledgeRow(None, 1.0, (hit,)).reasons
        ["title: 'muddy', 'vocal'"]
        """
        return [f"{_FIELD_NAMES[each.field]}: {', '.join(map(repr, each.words))}" for each in self.highlights]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.entry.as_json(),
            "title": self.entry.stored.title,
            "score": self.score,
            "reasons": self.reasons,
            "highlights": [each.as_json() for each in self.highlights],
        }


@dataclass(frozen=True, slots=True, repr=False)
class KnowledgeAnswer(Rows):
    """Entries, best first; ``mode`` says by what they were found; ``total`` how many are good enough to be shown."""

    request: SearchKnowledgeRequest
    rows: tuple[KnowledgeRow, ...]
    total: int
    mode: Literal["full_text"] = "full_text"
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        query = {"mode": self.mode, **self.request.as_json(), "total": self.total, "notes": list(self.notes)}
        return {"query": query, "results": self.as_rows()}


def search_knowledge(library: Library, request: SearchKnowledgeRequest) -> KnowledgeAnswer:
    """Find the entries that answer a question; the starter base is put in when it is first asked for.

    What has too little of the question is left out, so that a question about something else gets no answer.
    """
    stems = asked_stems(request.question)
    found, n_entries = advice_by_stems(library, stems, limit=_MOST_CANDIDATES)
    scored = [
        (score, advice)
        for score, advice in scores(stems, found, n_entries)
        if score >= SHOWN_FROM and request.topic in (None, advice.topic) and request.category in (None, advice.category)
    ]
    # Of a tie the lowest id, so that every database and every run answers alike.
    scored.sort(key=lambda each: (-each[0], each[1].public_id))
    rows = tuple(
        KnowledgeRow(KnowledgeEntry(advice), round(score, 4), highlights(stems, advice))
        for score, advice in scored[: request.k]
    )
    notes = () if rows else ("No entry has enough of these words.",)
    return KnowledgeAnswer(request, rows, len(scored), notes=notes)


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
