"""Vectors for advice: which entries lack one, made in batches, written, read back by another connection, counted.

Of an entry the vector is halfway between that of its title and that of title and description: the title says what it is
about, and many questions ask for what only the description has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sonoteca.catalogue.made.knowledge import StoredAdvice, find_advice
from sonoteca.catalogue.made.knowledge_vectors import (
    VectorCounts,
    count_vectors,
    ids_to_embed,
    put_vectors,
    vectors_compared,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import LibraryBusy, ModelUnavailable, WriteSwallowed
from sonoteca.knowledge.starter_base import put_in_starter_base
from sonoteca.models.text.pulled import N_DIMENSIONS, NAME, VERSION, is_pulled, open_sentence_model
from sonoteca.models.text.sentence_model import SentenceModel
from sonoteca.workers.limits import processors

_HELD = "text_model"


def held_model(library: Library, models: Path) -> SentenceModel:
    """The sentence model, opened once for as long as the library is open; ModelUnavailable says what it lacks."""
    with library.lock(_HELD):
        if _HELD not in library.held:
            library.held[_HELD] = open_sentence_model(models, n_threads=processors())
        model: SentenceModel = library.held[_HELD]
        return model


def entry_vectors(model: SentenceModel, entries: list[StoredAdvice]) -> npt.NDArray[np.float32]:
    """Vectors of entries, of length 1."""
    titles = [each.title for each in entries]
    whole = [f"{each.title}. {each.suggestion['description']}" for each in entries]
    both = model.encode([*titles, *whole]).astype(np.float64)
    summed = both[: len(entries)] + both[len(entries) :]
    unit: npt.NDArray[np.float32] = (summed / np.linalg.norm(summed, axis=1, keepdims=True)).astype(np.float32)
    return unit


class BackfillRequest(Request):
    """Which entries get a vector.

    Attributes
    ----------
    batch : int in 1..1000
        How many are written at once.
    all : bool
        All of them anew; else those that lack one of this model.
    dry_run : bool
        Only say how many these are.
    """

    batch: int = Field(default=50, ge=1, le=1000)
    all: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RefusedBatch:
    """Entries whose vectors the database did not take, and its reason."""

    entries: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class BackfillAnswer:
    """How many entries were to get a vector, were processed, updated, and verified by another connection."""

    request: BackfillRequest
    planned: int
    processed: int = 0
    updated: int = 0
    verified: int = 0
    refused: tuple[RefusedBatch, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.request.dry_run or self.processed == self.updated == self.verified

    def as_json(self) -> dict[str, Any]:
        return {
            "success": self.is_whole,
            "model": NAME,
            "version": VERSION,
            "planned": self.planned,
            "processed": self.processed,
            "updated": self.updated,
            "verified": self.verified,
            "refused": [{"entries": list(each.entries), "message": each.message} for each in self.refused],
        }


def backfill_knowledge(library: Library, request: BackfillRequest, *, models: Path) -> BackfillAnswer:
    """Make the vectors that entries lack and write them in batches, each read back by another connection.

    A batch is written whole or not; whatever kills the program, the next run goes on where this one was.

    Raises
    ------
    ModelUnavailable
        The sentence model is not on this machine, or what runs it is not installed.
    """
    put_in_starter_base(library)
    with library.read() as connection:
        waiting = ids_to_embed(connection, NAME, VERSION, all_of_them=request.all)
    if request.dry_run:
        return BackfillAnswer(request, len(waiting))
    model = held_model(library, models)
    processed = updated = verified = 0
    refused = []
    for first in range(0, len(waiting), request.batch):
        with library.read() as connection:
            entries = list(find_advice(connection, waiting[first : first + request.batch]).values())
        vectors = entry_vectors(model, entries)
        processed += len(entries)
        try:
            written = _written(library, entries, vectors)
        except WriteSwallowed as error:
            refused.append(RefusedBatch(tuple(each.public_id for each in entries), f"{error.message} {error.remedy}"))
            continue
        updated += len(written)
        with library.read() as connection:
            verified += vectors_compared(connection, written, NAME, VERSION).there
    return BackfillAnswer(request, len(waiting), processed, updated, verified, tuple(refused))


def _written(library: Library, entries: list[StoredAdvice], vectors: npt.NDArray[np.float32]) -> dict[str, bytes]:
    """Write a batch; where another writer is at work for long, once more."""
    for is_last in (False, True):
        try:
            with library.write() as connection:
                return put_vectors(connection, entries, vectors, NAME, VERSION)
        except LibraryBusy:
            if is_last:
                raise
    raise AssertionError("the second attempt returns or raises")


@dataclass(frozen=True, slots=True)
class VerifyKnowledgeAnswer:
    """How the entries of a library stand to the sentence model."""

    counts: VectorCounts

    @property
    def is_whole(self) -> bool:
        return self.counts.verified == self.counts.entries

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.is_whole,
            "model": NAME,
            "version": VERSION,
            "entries": self.counts.entries,
            "verified": self.counts.verified,
            "missing": self.counts.missing,
            "of_other_models": self.counts.of_others,
            "damaged": list(self.counts.damaged),
        }


def verify_knowledge(library: Library) -> VerifyKnowledgeAnswer:
    """Read every vector back and say which entries have one of the sentence model; needs no model."""
    put_in_starter_base(library)
    with library.read() as connection:
        return VerifyKnowledgeAnswer(count_vectors(connection, NAME, VERSION, N_DIMENSIONS))


def find_model(library: Library, models: Path | None) -> tuple[SentenceModel | None, str | None]:
    """The sentence model if it is on this machine, and what is to be said where it is and cannot be used."""
    if models is None or not is_pulled(models):
        return None, None
    try:
        return held_model(library, models), None
    except ModelUnavailable as error:
        return None, f"{error.message} {error.remedy}"
