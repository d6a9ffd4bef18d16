"""Questions that measure a search have right answers, and none can be found by a word that it shares with its answer."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from bench.knowledge.questions import Question, read_questions, split_of

from sonoteca.knowledge.entry import Entry
from sonoteca.knowledge.starter_base import starter_entries

ENTRIES = {entry.id: entry for entry in starter_entries()}
QUESTIONS = read_questions()
# Those of English that carry no meaning by themselves; what one does, makes or wants is content.
LIST = """
a about above after again against all also although always am among an and another any anybody anything are aren as
at away be became because been before being below beside besides between beyond both but by can cannot could d did
do does doing don done down during each either else elsewhere ever every everybody everyone everything everywhere
few for from had has have having he her here hers him his how however i if in inside into is isn it its itself just
less ll m many may me might mine more most much must my myself near neither never no nobody nor not nothing now of
off often on once one only onto or other others our ours out outside over own per perhaps quite rather re s same
shall she should since so some somebody someone something sometimes somewhere still such t than that the their
theirs them then there these they this those though through to too toward towards under underneath until up upon us
ve very was we were what whatever when whenever where whether which while who whom whose why will with within
without would yet you your yours yourself
"""
FUNCTION_WORDS = frozenset(LIST.split())


class Stemmer:
    """SQLite's own Porter stemmer, the one that its full-text search uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.execute("CREATE VIRTUAL TABLE told USING fts5(words, tokenize = 'porter unicode61')")
        connection.execute("CREATE VIRTUAL TABLE stems USING fts5vocab(told, row)")

    def stems(self, text: str) -> frozenset[str]:
        """The content words of a text, stemmed; short numbers are none, they stand everywhere."""
        words = [word for word in re.findall(r"\w+", text.lower()) if word not in FUNCTION_WORDS]
        told = " ".join(word for word in words if not (word.isdigit() and len(word) < 3))
        self.connection.execute("DELETE FROM told")
        self.connection.execute("INSERT INTO told VALUES (?)", (told,))
        return frozenset(positive(stem) for (stem,) in self.connection.execute("SELECT term FROM stems"))


def positive(stem: str) -> str:
    """Porter leaves louder and loudest as they are; a reader does not."""
    return re.sub("(er|est)$", "", stem) if len(stem) > 5 else stem


@pytest.fixture(scope="module")
def stemmer() -> Iterator[Stemmer]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield Stemmer(connection)


def text(entry: Entry) -> str:
    """Everything of an entry that a full-text search would look at."""
    told = entry.suggestion
    parameters = (f"{name} {value}" for name, value in told.parameters.items())
    return " ".join((entry.topic, entry.category, told.title, told.description, *parameters))


def answered(question: Question) -> bool:
    return bool(question.entries)


def test_there_are_enough_questions_in_both_halves() -> None:
    n_pairs = sum(len(question.entries) for question in QUESTIONS)
    assert n_pairs >= 130
    for split in ("tune", "held"):
        half = read_questions(split)
        assert sum(map(answered, half)) >= 60
        assert len(half) - sum(map(answered, half)) >= 10
    assert len(read_questions("tune")) + len(read_questions("held")) == len(QUESTIONS)


def test_no_question_is_asked_twice_and_nobody_chose_its_half() -> None:
    assert len({question.text for question in QUESTIONS}) == len(QUESTIONS)
    assert [question.text for question in QUESTIONS if question.split != split_of(question.text)] == []


def test_every_answer_is_an_entry_and_every_topic_is_asked_about() -> None:
    asked = {entry for question in QUESTIONS for entry in question.entries}
    assert asked <= ENTRIES.keys()
    assert {ENTRIES[entry].topic for entry in asked} == {entry.topic for entry in ENTRIES.values()}
    assert len(asked) >= 0.9 * len(ENTRIES)


def test_no_question_shares_a_content_word_with_an_entry_that_answers_it(stemmer: Stemmer) -> None:
    words = {entry.id: stemmer.stems(text(entry)) for entry in ENTRIES.values()}
    shared = [
        (question.text, ENTRIES[entry].suggestion.title, sorted(common))
        for question in QUESTIONS
        for entry in question.entries
        if (common := stemmer.stems(question.text) & words[entry])
    ]
    assert shared == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vocals", "a Vocal"),
        ("louder than", "loud"),
        ("compressing", "compressed"),
        ("tune an 808", "808 kicks"),
    ],
)
def test_a_word_is_known_again_in_another_form(one: str, other: str, stemmer: Stemmer) -> None:
    assert stemmer.stems(one) & stemmer.stems(other)


def test_function_words_and_short_numbers_are_no_content(stemmer: Stemmer) -> None:
    assert stemmer.stems("why is it not 12 of them") == frozenset()
