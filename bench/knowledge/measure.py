"""Prints how well the knowledge base is searched: ``python -m bench.knowledge.measure MODELS_FOLDER``.

Each question is asked of the starter base by words alone, by vectors alone, and by both fused: the two alone without the
thresholds below which nothing is shown, fused as the search does it. MRR is the mean of 1 / rank of the best right answer, 0 where it is not among those that were found;
top-3 is how often one is among the first three. Of questions that nothing answers it is told how many got no answer as they are asked.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.knowledge.questions import Question, Split, read_questions
from sonoteca import BackfillRequest, SearchKnowledgeRequest, backfill_knowledge, open_library, pull_models
from sonoteca import search_knowledge as search
from sonoteca.catalogue.made.knowledge_text import asked_stems
from sonoteca.catalogue.made.knowledge_vectors import stored_vectors
from sonoteca.catalogue.store.library import Library
from sonoteca.knowledge.embed import held_model
from sonoteca.knowledge.search import NEAR_FROM, SHOWN_FROM, fused, ranked, scores
from sonoteca.knowledge.starter_base import starter_advice

_TOP = 3


def orders_of(library: Library, models: Path, questions: tuple[Question, ...]) -> dict[str, list[list[str]]]:
    """Per way of searching and question, the ids of entries, best first."""
    entries = list(starter_advice())
    model = held_model(library, models)
    with library.read() as connection:
        ids, vectors = stored_vectors(connection, model.name, model.version, model.n_dimensions)
    cosines = model.encode([each.text for each in questions]) @ vectors.T
    orders: dict[str, list[list[str]]] = {"full text": [], "vectors": [], "fused": []}
    for question, row in zip(questions, cosines.tolist(), strict=True):
        by_words: Mapping[str, float] = {
            advice.public_id: score for score, advice in scores(asked_stems(question.text), entries, len(entries))
        }
        near = dict(zip(ids, row, strict=True))
        orders["full text"].append(ranked(by_words))
        orders["vectors"].append(ranked(near))
        worded = {each: score for each, score in by_words.items() if score >= SHOWN_FROM}
        close = {each: cosine for each, cosine in near.items() if cosine >= NEAR_FROM}
        orders["fused"].append(ranked(fused([ranked(worded), ranked(close)])))
    return orders


def quality(orders: list[list[str]], questions: tuple[Question, ...]) -> tuple[float, float]:
    """MRR and top-3 over questions that have an answer.

    >>> from uuid import UUID
    >>> a, b = UUID(int=1), UUID(int=2)
    >>> quality([[str(a), str(b)], []], (Question("x", "tune", frozenset({b})), Question("y", "tune", frozenset({a}))))
    (0.25, 0.5)
    """
    ranks = [
        next(
            (rank for rank, each in enumerate(order, start=1) if each in {str(entry) for entry in question.entries}),
            None,
        )
        for order, question in zip(orders, questions, strict=True)
    ]
    found = [rank for rank in ranks if rank is not None]
    return sum(1.0 / rank for rank in found) / len(ranks), sum(rank <= _TOP for rank in found) / len(ranks)


def unanswered(library: Library, models: Path, questions: tuple[Question, ...]) -> int:
    """How many questions get no answer as they are asked."""
    answers = [search(library, SearchKnowledgeRequest(question=each.text), models=models) for each in questions]
    return sum(not each.rows for each in answers)


def main(models: Path) -> None:
    pull_models(models)
    splits: tuple[Split, ...] = ("tune", "held")
    with tempfile.TemporaryDirectory() as folder, open_library(Path(folder) / "a.sonoteca", mode="create") as library:
        backfill_knowledge(library, BackfillRequest(), models=models)
        print("| half | search | questions | MRR | top-3 |\n|---|---|---|---|---|")
        rest = []
        for split in splits:
            asked = read_questions(split)
            answered = tuple(each for each in asked if each.entries)
            for way, orders in orders_of(library, models, answered).items():
                mrr, top = quality(orders, answered)
                print(f"| {split} | {way} | {len(answered)} | {mrr:.3f} | {top:.3f} |")
            others = tuple(each for each in asked if not each.entries)
            rest.append(
                f"{split}: {unanswered(library, models, others)} of {len(others)} questions about something else got no answer"
            )
            rest.append(f"{split}: {unanswered(library, models, answered)} of {len(answered)} with an answer got none")
        print("\n" + "\n".join(rest))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
