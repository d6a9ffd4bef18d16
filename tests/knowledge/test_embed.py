"""Vectors are written, read back by another connection and counted; what the database refuses is told; both orders are fused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import knowledge
from sonoteca.errors import ModelUnavailable
from sonoteca.knowledge.base import EditKnowledgeRequest, edit_knowledge, list_knowledge
from sonoteca.knowledge.embed import BackfillRequest, backfill_knowledge, verify_knowledge
from sonoteca.knowledge.models import list_models
from sonoteca.knowledge.search import SearchKnowledgeRequest, fused, ranked, search_knowledge
from sonoteca.knowledge.starter_base import starter_advice
from sonoteca.models.text.pulled import N_DIMENSIONS, NAME, VERSION, model_folder

N = len(starter_advice())
FIRST = starter_advice()[0]


class Letters:
    """Stands in for a sentence model: texts are alike that begin alike, and one word is understood as another."""

    name, version, n_dimensions = NAME, VERSION, N_DIMENSIONS

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), N_DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for at, letter in enumerate(text.replace("swampy singing", "Clear a muddy vocal").lower()[:12]):
                vectors[row, (ord(letter) * 7 + at * 31) % N_DIMENSIONS] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def models(library: Library, tmp_path: Path) -> Path:
    """A folder of models, and the stand-in in the library's hand."""
    folder = model_folder(tmp_path / "models")
    folder.mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).touch()
    library.held["text_model"] = Letters()
    return tmp_path / "models"


def told(library: Library, models: Path, **asked: Any) -> tuple[int, int, int]:
    answer = backfill_knowledge(library, BackfillRequest(**asked), models=models)
    return answer.processed, answer.updated, answer.verified


def test_what_lacks_a_vector_gets_one_and_another_process_agrees(library: Library, models: Path) -> None:
    assert verify_knowledge(library).as_json()["missing"] == N
    dry = backfill_knowledge(library, BackfillRequest(dry_run=True), models=models)
    assert (dry.planned, dry.processed, dry.is_whole) == (N, 0, True)
    assert told(library, models, batch=50) == (N, N, N)
    assert told(library, models) == (0, 0, 0)
    edit_knowledge(library, EditKnowledgeRequest(entry=FIRST.public_id, title="Other words"))
    assert verify_knowledge(library).counts.missing == 1
    assert told(library, models) == (1, 1, 1)
    assert told(library, models, all=True, batch=1000) == (N, N, N)
    with opened_again(library) as other:
        assert verify_knowledge(other).is_whole


def opened_again(library: Library) -> Library:
    if library.path is not None:
        return open_library(library.path, mode="read")
    return open_library(library.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))


def test_what_a_trigger_swallows_is_refused_with_a_reason_and_the_rest_goes_on(library: Library, models: Path) -> None:
    list_knowledge(library)
    with library.write() as connection:
        if library.is_sqlite:
            connection.exec_driver_sql(
                f"CREATE TRIGGER s BEFORE UPDATE ON knowledge WHEN OLD.public_id = '{FIRST.public_id}'"
                " BEGIN SELECT RAISE(IGNORE); END"
            )
        else:
            connection.exec_driver_sql(
                "CREATE FUNCTION s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
            )
            connection.exec_driver_sql(
                f"CREATE TRIGGER s BEFORE UPDATE ON knowledge FOR EACH ROW WHEN (OLD.public_id = '{FIRST.public_id}')"
                " EXECUTE FUNCTION s()"
            )
    answer = backfill_knowledge(library, BackfillRequest(batch=50), models=models)
    assert (answer.processed, answer.updated, answer.verified) == (N, N - 50, N - 50)
    [refused] = answer.refused
    assert FIRST.public_id in refused.message
    assert "row-level security" in refused.message
    assert not answer.as_json()["success"]


def test_damaged_and_foreign_vectors_are_told_and_not_compared(library: Library, models: Path) -> None:
    told(library, models)
    ids = [each.public_id for each in starter_advice()[:3]]
    with library.write() as connection:
        changes: list[dict[str, object]] = [
            {"embedding": b"\0" * 8},
            {"embedding": b"\0" * 4 * N_DIMENSIONS},
            {"embedding_version": "older"},
        ]
        for public_id, changed in zip(ids, changes, strict=True):
            connection.execute(sa.update(knowledge).where(knowledge.c.public_id == public_id).values(changed))
    counts = verify_knowledge(library).counts
    assert (counts.verified, counts.of_others, counts.damaged) == (N - 3, 1, tuple(ids[:2]))
    answer = search_knowledge(library, SearchKnowledgeRequest(question="swampy singing"), models=models)
    assert answer.mode == "fused"
    assert "2 entries have no vector" in answer.notes[0]


def test_an_entry_without_a_word_of_the_question_is_found_by_meaning(library: Library, models: Path) -> None:
    request = SearchKnowledgeRequest(question="swampy singing", k=3)
    assert not any(row.entry.stored.title == "Clear a muddy vocal" for row in search_knowledge(library, request).rows)
    without = search_knowledge(library, request, models=models)
    assert (without.mode, "No entry has a vector" in without.notes[0]) == ("full_text", True)
    told(library, models)
    [best, *_] = search_knowledge(library, request, models=models).rows
    assert best.entry.stored.title == "Clear a muddy vocal"
    assert best.reasons == ["meaning: 1.00"]
    assert search_knowledge(library, request).mode == "full_text"


def test_without_the_model_nothing_is_invented(tmp_path: Path) -> None:
    with open_library(tmp_path / "a.sonoteca", mode="create") as library:
        with pytest.raises(ModelUnavailable, match="not on this machine"):
            backfill_knowledge(library, BackfillRequest(), models=tmp_path)
        answer = search_knowledge(library, SearchKnowledgeRequest(question="muddy vocals"), models=tmp_path)
        assert answer.mode == "full_text"
        with library.read() as connection:
            assert set(connection.execute(sa.select(knowledge.c.embedding)).scalars()) == {None}
    [row] = list_models(tmp_path).rows
    assert not row.is_here


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([["a", "b"], []], ["a", "b"]),
        ([["a"], ["b"]], ["a", "b"]),
        ([["a", "b", "c"], ["c", "b"]], ["c", "b", "a"]),
        ([["b", "a"], ["a", "b"]], ["a", "b"]),
        ([[], []], []),
    ],
)
def test_orders_are_fused_each_once_and_ties_by_id(orders: list[list[str]], expected: list[str]) -> None:
    worth = fused(orders)
    assert ranked(worth) == expected
    assert all(0.0 < score <= 1.0 for score in worth.values())
