"""A question finds the entries that have its words, whatever stands in it, on both databases alike."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.knowledge.questions import read_questions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue_fixtures import a_database
from sonoteca.catalogue.made.knowledge_text import asked_stems, stem
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.errors import RequestError
from sonoteca.knowledge.base import AddKnowledgeRequest, add_knowledge
from sonoteca.knowledge.entry import Suggestion
from sonoteca.knowledge.search import SHOWN_FROM, KnowledgeAnswer, SearchKnowledgeRequest, search_knowledge
from sonoteca.knowledge.starter_base import starter_advice

ODD = (
    ("Limiter POL-358", "Set it to 20.04 s."),
    ("Who's listening", "Ratios as a:b, at the Caffè Motörhead."),
    ("中国人民 mixing", "Quoted \"words\" and 'single' ones; back\\slash."),
)


def filled(library: Library) -> Library:
    for title, description in ODD:
        suggestion = Suggestion(title=title, description=description)
        add_knowledge(library, AddKnowledgeRequest(topic="odd", category="odd", suggestion=suggestion))
    return library


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with the starter base and three odd entries, which no test changes."""
    if request.param == "sqlite":
        with open_library(tmp_path_factory.mktemp("base") / "a.sonoteca", mode="create") as library:
            yield filled(library)
        return
    admin, server = (request.getfixturevalue(f"postgres_{each}") for each in ("admin", "server"))
    with a_database(admin, server, "blank") as url, open_library(url) as library:
        yield filled(library)


def ask(library: Library, question: str, **asked: object) -> KnowledgeAnswer:
    return search_knowledge(library, SearchKnowledgeRequest(question=question, **asked))


def best(library: Library, question: str) -> str:
    return ask(library, question).rows[0].entry.stored.title


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("vocals sound muddy", "Clear a muddy vocal"),
        ("MUDDY vocál?", "Clear a muddy vocal"),
        ("POL-358", "Limiter POL-358"),
        ("pol358", "Limiter POL-358"),
        ("20.04", "Limiter POL-358"),
        ("who's", "Who's listening"),
        ("a:b", "Who's listening"),
        ("caffe", "Who's listening"),
        ("cafe\u0301 caffè", "Who's listening"),
        ("motorhead", "Who's listening"),
        ("中国人民", "中国人民 mixing"),
        ("back\\slash", "中国人民 mixing"),
    ],
)
def test_words_are_found_as_people_write_them(base: Library, question: str, title: str) -> None:
    assert best(base, question) == title


def test_all_signs_of_ascii_are_asked_without_harm(base: Library) -> None:
    wanted = ask(base, "muddy vocals")
    for sign in string.punctuation:
        for question in (f"muddy{sign} vocals", f"{sign}muddy vocals{sign}", f"muddy {sign * 3} vocals {sign}"):
            if sign not in "_":
                assert ask(base, question).rows == wanted.rows, question
            assert ask(base, f"muddy{sign}vocals").mode == "full_text"


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered_or_refused_for_having_no_word(base: Library, question: str) -> None:
    if not asked_stems(question):
        with pytest.raises(RequestError, match="no word"):
            ask(base, question)
        return
    for row in ask(base, question).rows:
        assert SHOWN_FROM <= row.score <= 1.0
        assert row.reasons


def test_both_databases_rank_alike(base: Library, tmp_path: Path) -> None:
    with open_library(tmp_path / "b.sonoteca", mode="create") as other:
        filled(other)
        for question in ("compressor attack on drums", "how loud for streaming", "kick bass low end", "reverb"):
            told = [(row.entry.stored.title, row.score) for row in ask(base, question, k=20).rows]
            assert told == [(row.entry.stored.title, row.score) for row in ask(other, question, k=20).rows]
            assert told


def test_marks_stand_on_words_of_the_question(base: Library) -> None:
    answer = ask(base, "compressing muddy vocals", k=20)
    assert answer.rows
    for row in answer.rows:
        for each in row.highlights:
            for start, end in each.marks:
                assert stem(each.text[start:end].lower()) in asked_stems("compressing muddy vocals")
    told = answer.as_json()
    assert told["query"]["mode"] == "full_text"
    assert told["results"][0]["reasons"][0].startswith("title: ")


def test_topic_category_and_count_narrow_without_other_scores(base: Library) -> None:
    everywhere = {row.entry.id: row.score for row in ask(base, "vocals sound muddy", k=100).rows}
    some = ask(base, "vocals sound muddy", topic="eq", category="vocals", k=100)
    assert some.rows
    assert all(row.entry.stored.category == "vocals" and everywhere[row.entry.id] == row.score for row in some.rows)
    assert len(ask(base, "kick", k=1).rows) == 1 < ask(base, "kick", k=1).total
    assert ask(base, "kick", topic="no such").rows == ()


def test_a_title_finds_its_entry(base: Library) -> None:
    missed = [each.title for each in starter_advice() if each.title not in [
        row.entry.stored.title for row in ask(base, each.title, k=3).rows
    ]]  # fmt: skip
    assert missed == []


def test_what_is_about_something_else_gets_no_answer(base: Library) -> None:
    answered = [
        each.text
        for each in read_questions("tune")
        if not each.entries and asked_stems(each.text) and ask(base, each.text).rows
    ]
    assert answered == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("compressing", "compressed"),
        ("louder", "loudness"),
        ("tuning", "tune"),
        ("frequencies", "frequency"),
        ("mixes", "mixing"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("bass", "base"), ("tone", "tonic"), ("808", "909"), ("gate", "gain")])
def test_other_words_have_another(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize("question", ["", "  ", "?!", "- -"])
def test_a_question_without_a_word_is_refused(question: str) -> None:
    if not asked_stems(question):
        with pytest.raises(RequestError, match="no word"):
            SearchKnowledgeRequest(question=question)
