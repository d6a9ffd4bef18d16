"""The knowledge base of a library: the starter base comes once, edits of it stay, and every change can be undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from sonoteca.catalogue.made import knowledge as stored
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import knowledge
from sonoteca.errors import KnowledgeNotFound, QuerySyntaxError, RequestError, WriteSwallowed
from sonoteca.knowledge.base import (
    AddKnowledgeRequest,
    EditKnowledgeRequest,
    KnowledgeEntry,
    ListKnowledgeRequest,
    add_knowledge,
    edit_knowledge,
    list_knowledge,
)
from sonoteca.knowledge.entry import Entry, Suggestion
from sonoteca.knowledge.search import SearchKnowledgeRequest, search_knowledge
from sonoteca.knowledge.starter_base import starter_advice, starter_version
from sonoteca.search.corrections import undo
from sonoteca.upkeep.check import check_library
from sonoteca.upkeep.derived_things import rebuild_summaries

ROOM = Suggestion(title="Tame our room", description="Cut 3 dB at 43 Hz.", parameters={"z": "3 dB", "Q": 1.5})
FIRST = starter_advice()[0]


def added(library: Library, about: str | None = None) -> KnowledgeEntry:
    request = AddKnowledgeRequest(topic="mixing", category="monitoring", suggestion=ROOM, about=about)
    return add_knowledge(library, request).entry


def titles(library: Library, question: str) -> list[str]:
    answer = search_knowledge(library, SearchKnowledgeRequest(question=question))
    return [row.entry.stored.title for row in answer.rows]


def test_the_starter_base_comes_at_first_use_and_once(library: Library) -> None:
    first = list_knowledge(library).rows
    assert [each.id for each in first] == [each.public_id for each in starter_advice()]
    assert [Entry.of(each.stored) for each in first] == [Entry.of(each) for each in starter_advice()]
    assert all(each.is_starter and not each.is_edited for each in first)
    assert list_knowledge(library).rows == first
    assert undo(library).batch is None, "nobody said it, so nobody takes it back"
    assert check_library(library).is_whole


def test_what_is_kept_is_what_was_said_in_its_order(library: Library) -> None:
    entry = added(library, about="kind:loop")
    [row] = list_knowledge(library, ListKnowledgeRequest(category="monitoring", topic="mixing")).rows[-1:]
    assert row == entry
    told = row.as_json()
    assert list(told["suggestion"]["parameters"].items()) == [("z", "3 dB"), ("Q", 1.5)]
    assert (told["about"], told["confidence"], told["conditions"]) == ("kind:loop", None, [])
    assert not row.is_starter
    assert titles(library, "43 Hz room")[0] == "Tame our room"


def test_an_edit_is_found_by_its_new_words_only_and_taken_back(library: Library) -> None:
    entry = added(library)
    edit = EditKnowledgeRequest(entry=entry.id[:13], description="Move the xylophone.", confidence=0.5, source="us")
    changed = edit_knowledge(library, edit)
    assert changed.is_changed
    assert changed.entry.as_json()["suggestion"]["title"] == "Tame our room"
    assert titles(library, "xylophones") == ["Tame our room"]
    assert "Tame our room" not in titles(library, "43")
    assert not edit_knowledge(library, edit).is_changed
    assert edit_knowledge(library, EditKnowledgeRequest(entry=entry.id, source="none")).entry.stored.source is None
    undo(library)
    answer = undo(library)
    assert [(each.field, each.before, each.after) for each in answer.changes] == [
        ("knowledge", "Tame our room", "Tame our room")
    ]
    assert titles(library, "xylophones") == []
    [back] = [each for each in list_knowledge(library).rows if each.id == entry.id]
    assert back == entry
    assert [each.after for each in undo(library).changes] == [None]
    assert entry.id not in {each.id for each in list_knowledge(library).rows}
    assert check_library(library).is_whole


def test_a_newer_program_changes_what_nobody_edited(library: Library) -> None:
    list_knowledge(library)
    edited = edit_knowledge(library, EditKnowledgeRequest(entry=FIRST.public_id, title="Mine")).entry
    assert edited.is_edited
    newer = [replace(each, suggestion={**each.suggestion, "title": "New"}) for each in starter_advice()[:2]]
    with library.write() as connection:
        saved = stored.put_in_shipped(connection, newer, "newer")
    assert saved.changed == (starter_advice()[1].public_id,)
    by_id = {each.id: each.stored.title for each in list_knowledge(library).rows}
    # That of this program was put in again by the question.
    assert by_id[FIRST.public_id] == "Mine"
    assert by_id[starter_advice()[1].public_id] == starter_advice()[1].title
    with library.read() as connection:
        assert stored.shipped_version(connection) == starter_version()


def test_a_person_s_entry_under_a_shipped_id_is_theirs(library: Library) -> None:
    with library.write() as connection:
        theirs = replace(FIRST, suggestion={"title": "Mine", "description": "x", "parameters": {}})
        stored.save_advice(connection, [theirs])
    assert list_knowledge(library).rows[0].stored.title == "Mine"
    assert len(list_knowledge(library).rows) == len(starter_advice())


def test_a_library_that_may_only_be_read_is_answered_with_what_ships(tmp_path: Path) -> None:
    path = tmp_path / "library.sonoteca"
    open_library(path, mode="create").close()
    before = path.read_bytes()
    with open_library(path, mode="read") as library:
        assert len(list_knowledge(library).rows) == len(starter_advice())
        assert titles(library, "vocals sound muddy")[0] == "Clear a muddy vocal"
    assert path.read_bytes() == before


def test_what_cannot_be_is_refused(library: Library) -> None:
    entry = added(library)
    again = AddKnowledgeRequest(topic="a", category="b", suggestion=ROOM, id=entry.id)
    with pytest.raises(RequestError, match="already") as taken:
        add_knowledge(library, again)
    assert taken.value.field == "id"
    with pytest.raises(QuerySyntaxError) as no_query:
        added(library, about="kind:(")
    assert no_query.value.field == "about"
    for name in ("", "zz", "0f8fad5b-d9cb-469f-a165-70867728950e", "' OR 1=1", "\x00"):
        with pytest.raises(KnowledgeNotFound):
            edit_knowledge(library, EditKnowledgeRequest(entry=name, title="x"))
    with pytest.raises(RequestError, match="Nothing to change"):
        EditKnowledgeRequest(entry=entry.id)
    with pytest.raises(RequestError, match="no database keeps"):
        AddKnowledgeRequest(topic="a\x00", category="b", suggestion=ROOM)
    with pytest.raises(RequestError, match=r"suggestion\.parameters\.Q"):
        AddKnowledgeRequest(
            topic="a", category="b", suggestion={"title": "t", "description": "d", "parameters": {"Q": []}}
        )


def test_a_beginning_of_several_ids_names_none(library: Library) -> None:
    for last in "12":
        given = f"0f8fad5b-d9cb-469f-a165-70867728950{last}"
        add_knowledge(library, AddKnowledgeRequest(topic="a", category="b", suggestion=ROOM, id=given))
    with pytest.raises(KnowledgeNotFound, match="Several"):
        edit_knowledge(library, EditKnowledgeRequest(entry="0f8fad5b", title="x"))


def test_what_the_database_does_not_keep_is_named(library: Library) -> None:
    list_knowledge(library)
    with library.write() as connection:
        if library.is_sqlite:
            connection.exec_driver_sql(
                "CREATE TRIGGER swallowed BEFORE UPDATE ON knowledge BEGIN SELECT RAISE(IGNORE); END"
            )
        else:
            connection.exec_driver_sql(
                "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER swallowed BEFORE UPDATE ON knowledge FOR EACH ROW EXECUTE FUNCTION swallow()"
            )
    with pytest.raises(WriteSwallowed, match=FIRST.public_id):
        edit_knowledge(library, EditKnowledgeRequest(entry=FIRST.public_id, title="Mine"))
    with library.read() as connection:
        assert stored.get_advice(connection, FIRST.public_id).title == FIRST.title


def test_words_that_do_not_agree_are_told_and_made_anew(library: Library) -> None:
    list_knowledge(library)
    with library.write() as connection:
        connection.exec_driver_sql("DELETE FROM knowledge_text")
    assert titles(library, "vocals sound muddy") == []
    [finding] = check_library(library).findings
    assert (finding.code, str(len(starter_advice())) in finding.message) == ("knowledge_words", True)
    rebuild_summaries(library)
    assert check_library(library).is_whole
    assert titles(library, "vocals sound muddy")


def test_a_vector_of_other_words_goes_with_them(library: Library) -> None:
    list_knowledge(library)
    of_first = knowledge.c.public_id == FIRST.public_id
    with library.write() as connection:
        connection.execute(sa.update(knowledge).values(embedding=b"\0" * 4, embedding_model="m", embedding_version="1"))
    edit_knowledge(library, EditKnowledgeRequest(entry=FIRST.public_id, title="Mine"))
    with library.read() as connection:
        kept = connection.execute(sa.select(knowledge.c.embedding_model).where(of_first)).scalar_one()
        others = connection.execute(sa.select(knowledge.c.embedding_model).where(~of_first)).scalars()
        assert (kept, set(others)) == (None, {"m"})
